"""The supervisor with small real children; most tests run it in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ordercenter.engine import processes
from ordercenter.engine.supervisor import MARK

pytestmark = pytest.mark.processes

PATIENCE = 20.0  # seconds until a test gives up waiting
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
# The whole family of a worker pool: a leader, and a member that outlives it.
FAMILY = """
import subprocess, sys, time
member = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("member", member.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))
print("up", flush=True)
time.sleep(600)
"""


class Hall:
    """A folder with a supervisor process in it, and what can be seen of it from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, children: dict[str, str], setup: str = "") -> subprocess.Popen[str]:
        """Run a supervisor over children given as Python source by name."""
        script = textwrap.dedent(
            """
            import sys, json
            from pathlib import Path
            from ordercenter.engine import supervisor as engine
            from ordercenter.engine.supervisor import Child, Heartbeat, Keeper, Supervisor
            folder, sources = Path(sys.argv[1]), json.loads(sys.argv[2])
            children = [Child(n, [sys.executable, "-c", s], patience=2) for n, s in sources.items()]
            keepers = []
            def on_start(): pass
            {setup}
            head = Supervisor(run_dir=folder / "run", log_dir=folder / "log", say=print)
            with head.in_charge():
                head.run(children, keepers, on_start)
            print("ended in good order")
            """
        ).replace("{setup}", textwrap.dedent(setup))
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", script, str(self.folder), json.dumps(children)],
            stdout=(self.folder / "said").open("a"),
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def log(self, name: str) -> str:
        path = self.folder / "log" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def pid(self, name: str) -> int | None:
        path = self.folder / "run" / f"{name}.pid"
        try:
            return int(json.loads(path.read_text())["pid"])
        except FileNotFoundError:
            return None

    def running_pid(self, name: str) -> int:
        """The pid of a child once it runs and has said its first word."""
        return wait_for(lambda: self.log(name) and self.pid(name))

    def everyone(self) -> list[int]:
        """Every working process that any supervisor of this hall has started."""
        run = str(self.folder / "run")
        return [seen.pid for seen in processes.everyone() if processes.carries(seen.pid, MARK, run)]


def wait_for(look: Callable[[], Any]) -> Any:
    """What `look` sees as soon as that is something."""
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return seen


@pytest.fixture
def hall(tmp_path) -> Iterator[Hall]:
    hall = Hall(tmp_path.resolve())
    yield hall
    for process in hall.processes:
        process.kill()
        process.wait()
    # A family may just be growing: look again until nobody is left.
    while left := hall.everyone():
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_every_child(hall, number):
    head = hall.start({"one": SLEEPER, "family": FAMILY})
    hall.running_pid("one")
    hall.running_pid("family")

    head.send_signal(number)

    assert head.wait(PATIENCE) == 0
    assert "ended in good order" in hall.said()
    assert hall.everyone() == []
    assert not list((hall.folder / "run").glob("*.pid"))


def test_a_killed_child_is_started_again(hall):
    hall.start({"one": SLEEPER, "two": SLEEPER})
    first, bystander = hall.running_pid("one"), hall.running_pid("two")

    os.kill(first, signal.SIGKILL)

    second = wait_for(lambda: (pid := hall.pid("one")) != first and pid)
    assert processes.is_running(second)
    assert hall.pid("two") == bystander
    assert "one was ended by signal SIGKILL" in hall.said()


def test_the_rest_of_a_killed_family_is_gone_before_it_starts_again(hall):
    hall.start({"family": FAMILY})
    leader = hall.running_pid("family")
    member = int(wait_for(lambda: hall.log("family")).split()[1])

    os.kill(leader, signal.SIGKILL)

    wait_for(lambda: (pid := hall.pid("family")) and pid != leader)
    assert not processes.is_running(member)


def test_a_child_that_keeps_dying_is_started_less_and_less_often(hall):
    hall.start({"short": "import time; print(time.time(), flush=True); raise SystemExit(3)"})

    starts = [float(line) for line in wait_for(lambda: four_lines(hall.log("short")))]

    told = [float(seconds) for seconds in re.findall(r"again in ([\d.]+) s", hall.said())][:3]
    assert told == [0.5, 1, 2]
    # A busy machine makes a pause longer, nothing makes it shorter.
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert all(pause >= wanted for pause, wanted in zip(pauses, told, strict=True))
    assert "short ended with status 3" in hall.said()


def four_lines(text: str) -> list[str]:
    lines = text.splitlines()
    return lines[:4] if len(lines) >= 4 else []


def test_last_words_of_a_dead_child_are_shown(hall):
    hall.start({"short": "raise SystemExit('no such table')"})

    wait_for(lambda: "no such table" in hall.said())


def test_a_program_that_does_not_exist_does_not_end_the_supervisor(hall):
    head = hall.start({"one": SLEEPER}, setup='children.append(Child("ghost", ["/no/such/file"]))')

    wait_for(lambda: "ghost cannot be started" in hall.said())

    assert hall.running_pid("one")
    assert head.poll() is None


def test_a_child_that_will_not_stop_is_killed(hall):
    head = hall.start({"stubborn": STUBBORN})
    hall.running_pid("stubborn")

    head.terminate()

    assert head.wait(PATIENCE) == 0
    assert "stubborn did not stop within 2 s and was killed" in hall.said()
    assert hall.everyone() == []


def test_a_second_signal_does_not_wait_for_a_stubborn_child(hall):
    very_patient = "children = [Child(c.name, c.command, patience=600) for c in children]"
    head = hall.start({"stubborn": STUBBORN}, setup=very_patient)
    hall.running_pid("stubborn")

    head.terminate()
    wait_for(lambda: "asked" in hall.log("stubborn"))
    head.terminate()

    assert head.wait(PATIENCE) == 0
    assert hall.everyone() == []


def test_what_a_killed_supervisor_left_is_ended_by_the_next(hall):
    head = hall.start({"one": SLEEPER, "family": FAMILY})
    left = {hall.running_pid("one"), hall.running_pid("family")}
    member = int(wait_for(lambda: hall.log("family")).split()[1])
    head.kill()
    head.wait()
    assert {*left, member} <= set(hall.everyone())

    hall.start({"one": SLEEPER})

    wait_for(lambda: "ending what an earlier run left behind: family, one" in hall.said())
    wait_for(lambda: (pid := hall.pid("one")) and pid not in left)
    assert len(hall.everyone()) == 1


def test_members_of_a_family_whose_leader_died_too_are_ended_by_the_next(hall):
    head = hall.start({"family": FAMILY})
    leader = hall.running_pid("family")
    member = int(wait_for(lambda: hall.log("family")).split()[1])
    head.kill()
    head.wait()
    os.kill(leader, signal.SIGKILL)
    assert processes.is_running(member)

    hall.start({})

    wait_for(lambda: not processes.is_running(member))


def test_a_stranger_with_a_noted_pid_is_left_alone(hall):
    stranger = subprocess.Popen([sys.executable, "-c", SLEEPER], start_new_session=True)
    run = hall.folder / "run"
    run.mkdir()
    note = {"pid": stranger.pid, "started": "another-boot:1"}
    (run / "one.pid").write_text(json.dumps(note))

    hall.start({"one": SLEEPER})

    assert hall.running_pid("one") != stranger.pid
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_second_supervisor_of_the_same_folder_is_refused(hall):
    first = hall.start({"one": SLEEPER})
    kept = hall.running_pid("one")

    second = hall.start({"one": SLEEPER})

    assert second.wait(PATIENCE) != 0
    assert f"already runs here as process {first.pid}" in hall.said()
    assert hall.pid("one") == kept
    assert processes.is_running(kept)


def test_a_child_without_heartbeat_is_ended_and_started_again(hall):
    setup = """
    silent = Heartbeat(age=lambda: None, limit=1.0)
    children = [Child(c.name, c.command, patience=2, heartbeat=silent) for c in children]
    """
    hall.start({"mute": FAMILY}, setup)
    first = hall.running_pid("mute")
    member = int(wait_for(lambda: hall.log("mute")).split()[1])

    wait_for(lambda: (pid := hall.pid("mute")) and pid != first)

    assert "mute gave no sign of life" in hall.said()
    assert not processes.is_running(member)


def test_a_child_that_has_just_started_need_not_have_given_a_sign(hall):
    setup = """
    looks = []
    def age():
        looks.append(1)
        print("looked", len(looks))
        return None if len(looks) % 2 else 9999.0
    beat = Heartbeat(age, limit=600, every=0.1)
    children = [Child(c.name, c.command, heartbeat=beat) for c in children]
    """
    hall.start({"one": SLEEPER}, setup)
    first = hall.running_pid("one")

    wait_for(lambda: "looked 8" in hall.said())

    assert hall.pid("one") == first
    assert "gave no sign" not in hall.said()


def test_a_heartbeat_that_cannot_be_read_ends_nothing(hall):
    setup = """
    def age(): raise OSError("no database")
    children = [Child(c.name, c.command, heartbeat=Heartbeat(age, limit=0.5)) for c in children]
    """
    hall.start({"one": SLEEPER}, setup)
    first = hall.running_pid("one")

    wait_for(lambda: hall.said().count("cannot be read: no database") >= 4)

    assert hall.pid("one") == first


def test_a_keeper_mends_what_is_broken_and_survives_a_failure(hall):
    setup = """
    well = folder / "well"
    tries = []
    def mend():
        tries.append(1)
        if len(tries) == 1: raise RuntimeError("not yet")
        well.touch()
    keepers = [Keeper("the well", well.exists, mend, every=0.1)]
    """
    hall.start({}, setup)

    wait_for(lambda: "the well is back" in hall.said())
    (hall.folder / "well").unlink()
    wait_for(lambda: hall.said().count("the well is back") == 2)

    assert "the well could not be mended: not yet" in hall.said()


def test_a_signal_before_the_children_start_interrupts_the_preparation(hall):
    setup = """
    import time
    class Supervisor(engine.Supervisor):
        def run(self, *args):
            print("preparing")
            time.sleep(600)
    """
    head = hall.start({"one": SLEEPER}, setup)
    wait_for(lambda: "preparing" in hall.said())

    head.terminate()

    assert head.wait(PATIENCE) != 0
    assert "KeyboardInterrupt" in hall.said()


def test_on_start_may_wait_for_the_children(hall):
    setup = """
    import time
    def on_start():
        while not (folder / "log" / "one.log").exists() or \\
                "up" not in (folder / "log" / "one.log").read_text():
            time.sleep(0.05)
        print("ready")
    """
    hall.start({"one": SLEEPER}, setup)

    wait_for(lambda: "ready" in hall.said())


def test_a_long_log_is_set_aside_while_the_child_goes_on_writing(hall):
    chatty = """
import time
while True:
    print("x" * 1000, flush=True)
    time.sleep(0.002)
"""
    hall.start({"chatty": chatty}, setup="engine.LOG_LIMIT = 100_000")

    wait_for(lambda: (hall.folder / "log" / "chatty.log.1").exists())
    pid = hall.pid("chatty")

    wait_for(lambda: 0 < (hall.folder / "log" / "chatty.log").stat().st_size < 100_000)
    assert hall.pid("chatty") == pid
