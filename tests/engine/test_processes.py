"""Looking at processes, from /proc and from ps alike."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ordercenter.engine import processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture(params=["proc", "ps"])
def source(request, monkeypatch):
    """Both ways to look; a machine without /proc has only the second."""
    if request.param == "proc" and not processes.HAS_PROC:
        pytest.skip("this system has no /proc")
    if request.param == "ps" and subprocess.run(["which", "ps"], capture_output=True).returncode:
        pytest.skip("this machine has no ps")
    monkeypatch.setattr(processes, "HAS_PROC", request.param == "proc")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEP, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_a_process_is_seen_with_its_group(source, sleeper):
    seen = processes.look_at(sleeper.pid)

    assert seen is not None
    assert (seen.pid, seen.group, seen.is_zombie) == (sleeper.pid, sleeper.pid, False)
    assert seen.name.startswith("python")


def test_pid_and_start_time_tell_a_process_from_a_later_one(source, sleeper):
    seen = processes.look_at(sleeper.pid)

    assert processes.is_running(sleeper.pid, seen.started)
    assert not processes.is_running(sleeper.pid, "another time")


def test_a_zombie_does_not_run(source):
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert processes.look_at(process.pid).is_zombie
    assert not processes.is_running(process.pid)
    process.wait()
    assert processes.look_at(process.pid) is None


def test_group_members_are_found(source, sleeper):
    assert [seen.pid for seen in processes.group_members(sleeper.pid)] == [sleeper.pid]
    assert processes.group_members(2**22 - 1) == []


def test_a_willing_group_ends_without_being_killed(source, sleeper):
    assert processes.end_groups([sleeper.pid], patience=10) == []

    assert sleeper.wait() == -signal.SIGTERM


def test_an_unwilling_group_is_killed(source):
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    command = [sys.executable, "-c", f"{deaf}; time.sleep(600)"]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"1\n"

    killed = processes.end_groups([process.pid], patience=0.3)

    assert killed == [process.pid]
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()


def test_ending_a_group_that_has_gone_is_no_error(source, sleeper):
    sleeper.kill()
    sleeper.wait()

    assert processes.end_groups([sleeper.pid], patience=1) == []


@pytest.mark.skipif(not processes.HAS_PROC, reason="only /proc tells the environment")
def test_the_environment_at_the_start_is_a_mark():
    process = subprocess.Popen(SLEEP, env={**os.environ, "A_MARK": "yes"})

    assert processes.carries(process.pid, "A_MARK", "yes")
    assert not processes.carries(process.pid, "A_MARK", "no")
    assert not processes.carries(process.pid, "A_MARK", "ye")
    process.kill()
    process.wait()
