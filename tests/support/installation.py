"""A whole installation as a person starts it with `manage.py up`, in a folder of its own."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ordercenter.engine import fleet, processes
from ordercenter.engine.paths import PROJECT_ROOT
from ordercenter.engine.supervisor import MARK

PATIENCE = 90.0  # seconds until what does not come is a failure
READY = "/admin/"  # stands in the line that says where to go


class Installation:
    """A var folder, a port, and what can be seen of the processes from outside."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.port = fleet.free_port("127.0.0.1", random.randrange(26000, 32000))
        self.process: subprocess.Popen[bytes] | None = None
        self._words = var / f"said-{self.port}"

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """`manage.py up` with a clean environment; `said` tells what it says."""
        own = {"PORT": str(self.port), "LANG": "C.UTF-8", **environment}
        self.process = subprocess.Popen(
            [sys.executable, str(PROJECT_ROOT / "manage.py"), "up", *words],
            env=self.environment() | own,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=self._words.open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self.process

    def start_and_wait(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """The same, until it says where to go."""
        process = self.start(*words, **environment)
        wait_for(lambda: READY in self.said() or process.poll() is not None, self.said)
        assert process.poll() is None, self.said()
        return process

    def environment(self) -> dict[str, str]:
        """What a program of this installation finds: nothing of the test's own database."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_URL", "OC_"))}
        return clean | {
            "OC_VAR": str(self.var),
            "DJANGO_SETTINGS_MODULE": "ordercenter.settings",
        }

    def said(self) -> str:
        """What the last start has told the person at the terminal."""
        return self._words.read_text()

    def get(self, path: str) -> int | None:
        """The status that an address answers with, None when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def pid(self, name: str) -> int | None:
        """The pid of a child, None between two lives of it."""
        try:
            note = (self.var / "run" / f"{name}.pid").read_text()
        except FileNotFoundError:
            return None
        return int(json.loads(note)["pid"])

    def postmaster(self) -> int | None:
        """The pid that the database has noted, None between two lives of it."""
        try:
            noted = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        return int(noted[0]) if noted else None

    @property
    def data(self) -> Path:
        """Where the database keeps its files."""
        return self.var / "postgres" / "data"

    def everyone(self) -> list[int]:
        """Every process of this installation that works, the database included."""
        mark = str(self.var / "run")
        children = [s.pid for s in processes.everyone() if processes.carries(s.pid, MARK, mark)]
        return [*children, *processes.working_in(self.data)]

    def stop(self) -> None:
        """End it in good order, if it is still there."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)


@contextmanager
def new_installation() -> Iterator[Installation]:
    """One that has never been started; none of it is left afterwards."""
    # The database's account has to come in, which it may not where pytest keeps its folders.
    folder = Path(tempfile.mkdtemp(prefix="oc-up-")).resolve()
    folder.chmod(0o755)
    installation = Installation(folder)
    try:
        yield installation
        installation.stop()
    finally:
        # A family may just be growing: look again until nobody is left.
        while left := installation.everyone():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder)


def wait_for(look: Callable[[], Any], explain: Callable[[], object] = str) -> Any:
    """What `look` sees as soon as that is something."""
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited in vain: {explain()}"
        time.sleep(0.1)
    return seen
