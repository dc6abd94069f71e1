"""`manage.py up` as a person starts it: a whole installation in a folder of its own."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ordercenter.engine import fleet, processes
from ordercenter.engine.paths import PROJECT_ROOT
from ordercenter.engine.supervisor import MARK

pytestmark = pytest.mark.processes

PATIENCE = 90.0
CHILDREN = ("web", "relay", "cluster")
READY = "/admin/"  # stands in the line that says where to go


class Installation:
    """A var folder, a port, and what can be seen of the processes from outside."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.port = fleet.free_port("127.0.0.1", random.randrange(26000, 32000))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """`manage.py up` with a clean environment; what it says goes to the file `said`."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_URL", "OC_"))}
        clean |= {"OC_VAR": str(self.var), "PORT": str(self.port), **environment}
        clean |= {"DJANGO_SETTINGS_MODULE": "ordercenter.settings", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, str(PROJECT_ROOT / "manage.py"), "up", *words],
            env=clean,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=(self.var / "said").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self.process

    def start_and_wait(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        process = self.start(*words, **environment)
        wait_for(lambda: READY in self.said() or process.poll() is not None, self.said)
        assert process.poll() is None, self.said()
        return process

    def said(self) -> str:
        return (self.var / "said").read_text()

    def get(self, path: str) -> int | None:
        """The status that an address answers with, None when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def pid(self, name: str) -> int:
        return int(json.loads((self.var / "run" / f"{name}.pid").read_text())["pid"])

    def postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    @property
    def data(self) -> Path:
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


def wait_for(look: Callable[[], Any], explain: Callable[[], str] = str) -> Any:
    """What `look` sees as soon as that is something."""
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited in vain: {explain()}"
        time.sleep(0.1)
    return seen


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A var folder that the database's account can enter; migrated by the first start."""
    folder = Path(tempfile.mkdtemp(prefix="oc-up-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def installation(place) -> Iterator[Installation]:
    installation = Installation(place)
    yield installation
    installation.stop()
    # A family may just be growing: look again until nobody is left.
    while left := installation.everyone():
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_first_start_serves_pages_and_a_stop_leaves_nothing(installation):
    head = installation.start_and_wait()

    assert installation.get("/healthz") == 200
    assert installation.get("/readyz") == 200
    assert installation.get("/admin/login/") == 200
    assert f"http://127.0.0.1:{installation.port}/admin/" in installation.said()

    head.send_signal(signal.SIGINT)

    assert head.wait(PATIENCE) == 0
    assert installation.everyone() == []
    assert installation.get("/healthz") is None


def test_second_start_has_nothing_to_prepare(installation):
    begun = time.monotonic()
    installation.start_and_wait()
    seconds = time.monotonic() - begun

    assert len(installation.said().splitlines()) == 2
    assert seconds < 30


def test_killed_processes_come_back(installation):
    installation.start_and_wait()
    first = {name: wait_for(lambda n=name: installation.pid(n)) for name in CHILDREN}

    for pid in first.values():
        os.kill(pid, signal.SIGKILL)

    for name, pid in first.items():
        assert processes.is_running(wait_for(lambda n=name, p=pid: child_after(installation, n, p)))
        assert f"{name} was ended by signal SIGKILL" in installation.said()
    wait_for(lambda: installation.get("/readyz") == 200)


def test_visitors_wait_while_the_web_server_is_replaced(installation):
    installation.start_and_wait()
    first = installation.pid("web")
    os.killpg(first, signal.SIGKILL)

    # All of it was killed a moment ago: the answer can only come from its successor.
    with urllib.request.urlopen(f"http://127.0.0.1:{installation.port}/healthz", timeout=60) as a:
        assert a.status == 200

    assert installation.pid("web") != first


def child_after(installation: Installation, name: str, first: int) -> int | None:
    try:
        pid = installation.pid(name)
    except FileNotFoundError:  # between two lives
        return None
    return pid if pid != first else None


def test_a_killed_database_comes_back(installation):
    installation.start_and_wait()
    first = installation.postmaster()

    os.kill(first, signal.SIGKILL)

    wait_for(lambda: processes.is_running(first) is False)
    wait_for(lambda: installation.get("/readyz") == 200)
    assert installation.postmaster() != first


def test_what_a_killed_supervisor_left_is_replaced_by_the_next_start(installation):
    head = installation.start_and_wait()
    left = set(installation.everyone())
    old_web = installation.pid("web")
    head.kill()
    head.wait()
    assert processes.is_running(old_web)

    installation.start_and_wait()

    assert installation.get("/readyz") == 200
    assert not processes.is_running(old_web)
    database = set(processes.working_in(installation.data))
    assert (left & set(installation.everyone())) <= database


def test_a_taken_port_is_named_and_refused(installation):
    with socket.create_server(("127.0.0.1", installation.port)):
        head = installation.start()

        assert head.wait(PATIENCE) == 1

    assert str(installation.port) in installation.said()
    assert "PORT=" in installation.said()
    assert installation.everyone() == []


def test_the_demo_evades_a_taken_port_and_can_be_stopped_while_it_prepares(installation):
    with socket.create_server(("127.0.0.1", installation.port)):
        head = installation.start("--demo")
        wait_for(lambda: str(installation.port) in installation.said())
        assert head.poll() is None

        head.terminate()

        assert head.wait(PATIENCE) == 0
    assert installation.everyone() == []


def test_a_second_start_beside_the_first_is_refused(installation, place):
    installation.start_and_wait()
    second = Installation(place)
    said_before = installation.said()

    head = second.start()

    assert head.wait(PATIENCE) == 1
    assert str(installation.process.pid) in second.said()
    assert installation.get("/readyz") == 200
    assert READY in said_before
