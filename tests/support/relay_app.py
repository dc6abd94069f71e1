"""An application for relay processes of tests: handlers that wait, and one that kills.

They write down what they do in the folder RELAY_TEST_FOLDER.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from django.apps import AppConfig

SLOW, DEADLY = "test.slow", "test.deadly"
DEADLY_ATTEMPTS = 2


class RelayTestConfig(AppConfig):
    name = "tests.support"
    label = "relay_tests"

    def ready(self) -> None:
        register()


def register() -> None:
    """Let the handlers hear of events that are written from now on."""
    # Imported here: the outbox needs models, and an application is named before there are any.
    from ordercenter.core import outbox

    outbox.handles(SLOW, name="test.slow")(_wait_for_the_word)
    outbox.handles(DEADLY, name="test.deadly", max_attempts=DEADLY_ATTEMPTS)(_kill_this_process)


def unregister() -> None:
    """The handlers are as if they had never been."""
    from ordercenter.core import outbox

    for name in ("test.slow", "test.deadly"):
        outbox.unregister(name)


def _wait_for_the_word(event: Any) -> None:
    folder = Path(os.environ["RELAY_TEST_FOLDER"])
    note(folder, f"begun {event.sequence}")
    while not (folder / "go").exists():
        time.sleep(0.02)
    note(folder, f"done {event.sequence}")


def _kill_this_process(event: Any) -> None:
    note(Path(os.environ["RELAY_TEST_FOLDER"]), f"begun {event.sequence}")
    os.kill(os.getpid(), signal.SIGKILL)


def note(folder: Path, line: str) -> None:
    """Add a line to what happened."""
    with (folder / "notes").open("a") as notes:
        notes.write(f"{line}\n")
