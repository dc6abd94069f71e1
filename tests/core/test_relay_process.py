"""Real relay processes that are killed in the middle of their work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from ordercenter.core.models import Delivery
from ordercenter.core.outbox import send_again
from ordercenter.engine.paths import PROJECT_ROOT
from tests.support import relay_app
from tests.support.stories import Story, let_leases_end

pytestmark = pytest.mark.processes

SECONDS = 30.0
Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def handlers() -> Iterator[None]:
    """Events of this process are delivered to the handlers of the relay's process."""
    relay_app.register()
    yield
    relay_app.unregister()


@pytest.fixture
def start_relay(committed_db: None, handlers: None, tmp_path: Path) -> Iterator[Start]:
    """Starts `manage.py relay` on the test's database; all are gone after the test."""
    processes: list[subprocess.Popen[bytes]] = []
    database = connection.settings_dict
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.support.relay_settings",
        "DATABASE_URL": "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database),
        "RELAY_TEST_FOLDER": str(tmp_path),
    }

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "relay"]
        process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {SECONDS:g} s: {what}")
        time.sleep(0.05)


def notes(folder: Path) -> list[str]:
    path = folder / "notes"
    return path.read_text().splitlines() if path.exists() else []


def test_a_relay_killed_while_it_handles_loses_nothing(start_relay: Start, tmp_path: Path) -> None:
    story = Story(1)
    story.tell(relay_app.SLOW, times=2)
    killed = start_relay()
    wait_until(lambda: notes(tmp_path) == ["begun 1"], "the first relay begins")

    killed.send_signal(signal.SIGKILL)
    killed.wait()
    after_kill = list(Delivery.objects.order_by("pk").values_list("state", "attempts"))
    let_leases_end()
    (tmp_path / "go").touch()
    start_relay()
    wait_until(lambda: notes(tmp_path)[-1:] == ["done 2"], "the second relay does all")
    wait_until(lambda: not Delivery.objects.exclude(state="done").exists(), "all rows are done")

    assert after_kill == [("pending", 1), ("pending", 0)]
    assert notes(tmp_path) == ["begun 1", "begun 1", "done 1", "begun 2", "done 2"]
    assert list(Delivery.objects.order_by("pk").values_list("attempts", flat=True)) == [2, 1]


def test_two_relay_processes_make_each_effect_once(start_relay: Start, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    for number in range(1, 21):
        Story(number).tell(relay_app.SLOW, times=2)

    start_relay()
    start_relay()
    wait_until(lambda: not Delivery.objects.exclude(state="done").exists(), "all rows are done")

    assert sorted(notes(tmp_path)) == sorted(["begun 1", "done 1", "begun 2", "done 2"] * 20)


def test_a_handler_that_kills_its_process_ends_as_a_dead_letter(
    start_relay: Start, tmp_path: Path
) -> None:
    Story(1).tell(relay_app.DEADLY)
    Story(2).tell(relay_app.SLOW)
    (tmp_path / "go").touch()

    for _ in range(relay_app.DEADLY_ATTEMPTS):
        assert start_relay().wait(timeout=SECONDS) == -signal.SIGKILL
        let_leases_end()
    survivor = start_relay()
    letter = Delivery.objects.filter(handler="test.deadly")
    wait_until(lambda: letter.get().state == "dead", "the dead letter")
    wait_until(lambda: "done 1" in notes(tmp_path), "the other story goes on")

    assert survivor.poll() is None
    assert "death of its relay" in letter.get().last_error
    assert letter.get().attempts == relay_app.DEADLY_ATTEMPTS + 1
    assert send_again([letter.get().pk]) == 1


def test_a_relay_ends_quietly_when_it_is_told_to(start_relay: Start, tmp_path: Path) -> None:
    Story(1).tell(relay_app.SLOW)
    relay = start_relay()
    wait_until(lambda: notes(tmp_path) == ["begun 1"], "the relay begins")

    relay.send_signal(signal.SIGTERM)
    (tmp_path / "go").touch()

    assert relay.wait(timeout=SECONDS) == 0
    assert Delivery.objects.get().state == "done"
