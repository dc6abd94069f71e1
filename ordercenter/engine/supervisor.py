"""One process that keeps the others running and leaves none behind.

Each child gets a session of its own, so Ctrl-C in the terminal reaches only the supervisor and
a child's whole family can be ended through its process group. What runs is noted in files with
pid and start time: a supervisor that was killed leaves children behind, and the next one ends
them before it starts its own. Knows nothing of Django or of what the children do.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from ordercenter.engine import processes

TICK_SECONDS = 0.2
FIRST_PAUSE = 0.5  # seconds before a dead child is started again; doubles each time
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0  # a child that lived this long starts with the first pause again
HEARTBEAT_EVERY = 15.0
LOG_LIMIT = 50_000_000  # bytes; one older piece is kept
LAST_WORDS = 5  # lines of a dead child's log that are shown
MARK = "OC_SUPERVISED_BY"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


class AlreadyRunning(RuntimeError):
    """Another supervisor looks after the same folder."""


@dataclass(frozen=True)
class Heartbeat:
    """A sign of life that a child gives by its work, not only by existing.

    `age` returns seconds since the last sign, or None when there was none yet. When it raises,
    nothing is known and nothing is done.
    """

    age: Callable[[], float | None]
    limit: float = 180.0
    every: float = HEARTBEAT_EVERY


@dataclass(frozen=True)
class Child:
    """A program to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    patience: float = 15.0  # seconds it gets to stop by itself
    heartbeat: Heartbeat | None = None
    inherited: tuple[int, ...] = ()  # open file descriptors that it gets, such as a socket


@dataclass(frozen=True)
class Keeper:
    """Something that is no child but has to be mended when it breaks, such as the database."""

    name: str
    is_well: Callable[[], bool]
    mend: Callable[[], object]
    every: float = 0.5


class Supervisor:
    """Keeps children and keepers going until a signal or `request_stop` ends it.

    `with supervisor.in_charge(): supervisor.run(children, keepers)`. Inside `in_charge` no other
    supervisor works on the same run folder and no leftover of an earlier one is alive; after it
    nothing that was started here is.
    """

    def __init__(self, *, run_dir: Path, log_dir: Path, say: Say) -> None:
        run_dir.mkdir(parents=True, exist_ok=True)
        log_dir.mkdir(parents=True, exist_ok=True)
        self.say = say
        self._folders = _Folders(run_dir.resolve(), log_dir.resolve())
        self._families: list[_Family] = []
        self._watching = False
        # A plain flag: a signal handler must not touch locks that its own thread may hold.
        self._stopping = False
        self._watch_is_over = threading.Event()

    @contextmanager
    def in_charge(self) -> Iterator[None]:
        """Claim the run folder, end what an earlier supervisor left, stop everything at exit.

        Until `run` begins, a stop signal raises KeyboardInterrupt in the caller's code.
        """
        with self._folders.claimed(), self._stop_signals():
            self._end_leftovers()
            try:
                yield
            finally:
                self._end_families()

    def run(
        self,
        children: Sequence[Child],
        keepers: Sequence[Keeper] = (),
        on_start: Callable[[], None] | None = None,
    ) -> None:
        """Start everything and look after it until asked to stop; every child has ended then.

        `on_start` runs beside it in a thread of its own, so it may wait for the children.
        """
        self._families = [_Family(child, self._folders, self.say) for child in children]
        self._watching = True
        beside = [threading.Thread(target=self._keep, args=(k,), daemon=True) for k in keepers]
        beside += [
            threading.Thread(target=self._listen, args=(family, heartbeat), daemon=True)
            for family in self._families
            if (heartbeat := family.child.heartbeat)
        ]
        if on_start is not None:
            threading.Thread(target=on_start, daemon=True).start()
        for thread in beside:
            thread.start()
        while not self._stopping:
            for family in self._families:
                family.look_after()
            time.sleep(TICK_SECONDS)
        self._watch_is_over.set()
        self._end_families()
        for thread in beside:
            thread.join(timeout=10)

    def request_stop(self) -> None:
        """Let `run` end soon."""
        self._stopping = True

    @property
    def is_stopping(self) -> bool:
        """Whether the end has been asked for."""
        return self._stopping

    @contextmanager
    def _stop_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._on_signal) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first signal stops in good order, a second one kills at once."""
        if self._stopping:
            for family in self._families:
                family.kill()
        self._stopping = True
        if not self._watching:
            raise KeyboardInterrupt

    def _end_leftovers(self) -> None:
        """End the process groups that an earlier supervisor of this folder did not end."""
        leftovers = self._folders.leftovers()
        if leftovers:
            self.say(f"ending what an earlier run left behind: {', '.join(leftovers)}")
            processes.end_groups(leftovers.values(), patience=5.0)
        self._folders.forget_all()

    def _end_families(self) -> None:
        """Ask all children at once; kill those that need longer than their patience."""
        self._watching = True  # from here on a further signal kills instead of raising
        alive = [family for family in self._families if family.process is not None]
        patience = max((family.child.patience for family in alive), default=0.0)
        groups = {family.process.pid: family.child.name for family in alive if family.process}
        for group in processes.end_groups(groups, patience=patience):
            self.say(f"{groups[group]} did not stop within {patience:g} s and was killed")
        for family in alive:
            family.forget()

    def _keep(self, keeper: Keeper) -> None:
        """Look at one keeper's charge again and again, and mend it when it is broken."""
        while not self._watch_is_over.wait(keeper.every):
            try:
                if not keeper.is_well() and not self._stopping:
                    self.say(f"{keeper.name} is down; starting it again")
                    keeper.mend()
                    self.say(f"{keeper.name} is back")
            except Exception as error:  # whatever it is, the watch goes on
                self.say(f"{keeper.name} could not be mended: {error}")
                self._watch_is_over.wait(1.0)

    def _listen(self, family: "_Family", heartbeat: Heartbeat) -> None:
        """Ask for one child's sign of life; the main loop draws the conclusion."""
        pause = min(heartbeat.every, heartbeat.limit / 2)
        while not self._watch_is_over.wait(pause):
            try:
                family.is_silent = family.has_missed(heartbeat)
            except Exception as error:
                family.is_silent = False
                self.say(f"the heartbeat of {family.child.name} cannot be read: {error}")


class _Family:
    """One child, whatever it started itself, and its next life."""

    def __init__(self, child: Child, folders: "_Folders", say: Say) -> None:
        self.child = child
        self.folders = folders
        self.say = say
        self.process: subprocess.Popen[bytes] | None = None
        self.is_silent = False
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._pause = FIRST_PAUSE

    def look_after(self) -> None:
        """Start what is not running when its pause is over; bury what has died."""
        self.folders.shorten_log(self.child.name)
        if self.process is None:
            if time.monotonic() >= self._start_again_at:
                self._start()
        elif (status := self.process.poll()) is not None:
            self._bury(_how_it_ended(status))
        elif self.is_silent:
            self._bury("gave no sign of life for too long")

    def has_missed(self, heartbeat: Heartbeat) -> bool:
        """Whether the last sign of life and the start are both longer ago than allowed."""
        process, started_at = self.process, self._started_at
        age = heartbeat.age()
        is_old = age is None or age > heartbeat.limit
        has_had_time = process is not None and time.monotonic() - started_at > heartbeat.limit
        return is_old and has_had_time and process is self.process

    def kill(self) -> None:
        """End the whole family without asking."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def forget(self) -> None:
        """Reap the ended child and remove its note."""
        assert self.process is not None
        self.process.wait()
        self.process = None
        self.folders.forget(self.child.name)

    def _start(self) -> None:
        self.is_silent = False
        self._started_at = time.monotonic()
        environment = {**os.environ, **self.child.environment, MARK: str(self.folders.run)}
        with self.folders.log_of(self.child.name).open("ab") as log:
            try:
                self.process = subprocess.Popen(
                    self.child.command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=self.child.inherited,
                )
            except OSError as error:
                self._plan_next_life(f"cannot be started: {error}")
                return
        self.folders.note(self.child.name, self.process.pid)

    def _bury(self, cause: str) -> None:
        """End the rest of the family, so that the next life does not meet the old one."""
        assert self.process is not None
        processes.end_groups([self.process.pid], patience=2.0)
        self.forget()
        self._plan_next_life(f"{cause}{self.folders.last_words(self.child.name)}")

    def _plan_next_life(self, cause: str) -> None:
        if time.monotonic() - self._started_at > STEADY_SECONDS:
            self._pause = FIRST_PAUSE
        self.say(f"{self.child.name} {cause}\n    It starts again in {self._pause:g} s.")
        self._start_again_at = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)


@dataclass(frozen=True)
class _Folders:
    """Where the notes on running processes and the logs are."""

    run: Path
    log: Path

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the run folder; the claim ends with the process, however that ends."""
        with (self.run / "supervisor.lock").open("a+") as lock:
            _lock_or_refuse(lock)
            lock.seek(0)
            lock.truncate()
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            yield

    def note(self, name: str, pid: int) -> None:
        seen = processes.look_at(pid)
        fresh = self.run / f"{name}.pid.new"
        fresh.write_text(json.dumps({"pid": pid, "started": seen.started if seen else ""}))
        fresh.rename(self.run / f"{name}.pid")

    def forget(self, name: str) -> None:
        (self.run / f"{name}.pid").unlink(missing_ok=True)

    def forget_all(self) -> None:
        for path in self.run.glob("*.pid"):
            path.unlink()

    def leftovers(self) -> dict[str, int]:
        """Noted process groups that still work and are surely ours: name to group."""
        found = {}
        for path in sorted(self.run.glob("*.pid")):
            note = json.loads(path.read_text())
            if self._is_ours(note["pid"], note["started"]):
                found[path.stem] = int(note["pid"])
        return found

    def _is_ours(self, group: int, started: str) -> bool:
        """The leader is the one we noted, or a member left by a dead leader bears our mark."""
        if processes.is_running(group, started):
            return True
        members = processes.group_members(group)
        return any(processes.carries(member.pid, MARK, str(self.run)) for member in members)

    def log_of(self, name: str) -> Path:
        return self.log / f"{name}.log"

    def last_words(self, name: str) -> str:
        path = self.log_of(name)
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 4000))
            lines = log.read().decode(errors="replace").splitlines()[-LAST_WORDS:]
        return "".join(f"\n    | {line[:300]}" for line in lines)

    def shorten_log(self, name: str) -> None:
        """Set a long log aside; the child goes on writing to the emptied file."""
        path = self.log_of(name)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)


def _lock_or_refuse(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise AlreadyRunning(
            f"Order Center already runs here as process {lock.read().strip()}. Stop that one first."
        ) from None


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"was ended by signal {signal.Signals(-status).name}"
    return f"ended with status {status}"
