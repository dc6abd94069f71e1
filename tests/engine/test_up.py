"""`manage.py up` as a person starts it: a whole installation in a folder of its own."""

import os
import signal
import socket
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from ordercenter.engine import processes
from tests.support.installation import PATIENCE, Installation, new_installation, wait_for

pytestmark = pytest.mark.processes

CHILDREN = ("web", "relay", "cluster")


@pytest.fixture(scope="module")
def only_one() -> Iterator[Installation]:
    """The installation of all tests here, so that few of them have to wait for a start."""
    with new_installation() as installation:
        yield installation


@pytest.fixture
def stopped(only_one: Installation) -> Installation:
    """The installation, ended in good order."""
    only_one.stop()
    return only_one


@pytest.fixture
def running(only_one: Installation) -> Installation:
    """The installation with all its processes; started only if the last test has ended it."""
    if only_one.process is None or only_one.process.poll() is not None:
        only_one.start_and_wait()
    wait_for(lambda: only_one.get("/readyz") == 200, only_one.said)
    return only_one


def test_first_start_serves_pages_and_a_stop_leaves_nothing(stopped):
    head = stopped.start_and_wait()

    assert stopped.get("/healthz") == 200
    assert stopped.get("/readyz") == 200
    assert stopped.get("/admin/login/") == 200
    assert f"http://127.0.0.1:{stopped.port}/admin/" in stopped.said()

    head.send_signal(signal.SIGINT)

    assert head.wait(PATIENCE) == 0
    assert stopped.everyone() == []
    assert stopped.get("/healthz") is None


def test_a_taken_port_is_named_and_refused(stopped):
    with socket.create_server(("127.0.0.1", stopped.port)):
        head = stopped.start()

        assert head.wait(PATIENCE) == 1

    assert str(stopped.port) in stopped.said()
    assert "PORT=" in stopped.said()
    assert stopped.everyone() == []


def test_the_demo_evades_a_taken_port_and_can_be_stopped_while_it_prepares(stopped):
    with socket.create_server(("127.0.0.1", stopped.port)):
        head = stopped.start("--demo")
        wait_for(lambda: str(stopped.port) in stopped.said())
        assert head.poll() is None

        head.terminate()

        assert head.wait(PATIENCE) == 0
    assert stopped.everyone() == []


def test_second_start_has_nothing_to_prepare(stopped):
    stopped.start_and_wait()

    assert len(stopped.said().splitlines()) == 2


def test_killed_processes_come_back(running):
    first = {name: wait_for(lambda n=name: running.pid(n)) for name in CHILDREN}

    for pid in first.values():
        os.kill(pid, signal.SIGKILL)

    for name, pid in first.items():
        again = another_than(pid, lambda n=name: running.pid(n))
        assert processes.is_running(again)
        assert f"{name} was ended by signal SIGKILL" in running.said()
    wait_for(lambda: running.get("/readyz") == 200)


def another_than(first: int, look: Callable[[], int | None]) -> int:
    """The pid of the next life."""
    return wait_for(lambda: (pid := look()) and pid != first and pid)


def test_visitors_wait_while_the_web_server_is_replaced(running):
    first = wait_for(lambda: running.pid("web"))
    os.killpg(first, signal.SIGKILL)

    # All of it was killed a moment ago: the answer can only come from its successor.
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/healthz", timeout=60) as a:
        assert a.status == 200

    assert running.pid("web") != first


def test_a_killed_database_comes_back(running):
    first = running.postmaster()

    os.kill(first, signal.SIGKILL)

    # Its children may serve for another moment: only the next one's answer counts.
    assert processes.is_running(another_than(first, running.postmaster))
    wait_for(lambda: running.get("/readyz") == 200)


def test_what_a_killed_supervisor_left_is_replaced_by_the_next_start(running):
    head = running.process
    left = set(running.everyone())
    old_web = running.pid("web")
    head.kill()
    head.wait()
    assert processes.is_running(old_web)

    running.start_and_wait()

    assert running.get("/readyz") == 200
    assert not processes.is_running(old_web)
    database = set(processes.working_in(running.data))
    assert (left & set(running.everyone())) <= database


def test_a_second_start_beside_the_first_is_refused(running):
    second = Installation(running.var)

    head = second.start()

    assert head.wait(PATIENCE) == 1
    assert str(running.process.pid) in second.said()
    assert running.get("/readyz") == 200
