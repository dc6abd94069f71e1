"""Looking at other processes: who runs, since when, and in which group.

Linux answers from /proc; elsewhere `ps` is asked. No third-party package is needed.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()
PS_COLUMNS = "pid=,pgid=,stat=,lstart=,comm="
LSTART_WORDS = 5  # "Sun Nov 22 06:18:00 2026"


@dataclass(frozen=True)
class ProcessView:
    """What was true of one process at the moment of looking."""

    pid: int
    group: int
    name: str
    state: str
    started: str

    @property
    def is_zombie(self) -> bool:
        """It has ended and only waits for its parent to notice."""
        return self.state.startswith("Z")


def look_at(pid: int) -> ProcessView | None:
    """The process with this pid, or None when there is none."""
    if HAS_PROC:
        return _from_proc(pid)
    lines = _ask_ps("-p", str(pid))
    return _from_ps(lines[0]) if lines else None


def is_running(pid: int, started: str | None = None) -> bool:
    """Whether the process works: it exists, is no zombie and, if asked, began at `started`.

    A pid alone is reused by the system sooner or later; pid and start time together are not.
    """
    seen = look_at(pid)
    if seen is None or seen.is_zombie:
        return False
    return started is None or seen.started == started


def group_members(group: int) -> list[ProcessView]:
    """Every working process of a process group."""
    return [seen for seen in everyone() if seen.group == group and not seen.is_zombie]


def everyone() -> list[ProcessView]:
    """Every process that can be seen, zombies too."""
    if HAS_PROC:
        pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
        return [seen for pid in pids if (seen := _from_proc(pid))]
    return [_from_ps(line) for line in _ask_ps("-A")]


def working_in(folder: Path) -> list[int]:
    """The pids whose current folder is `folder`; empty where the system does not tell."""
    if not HAS_PROC:
        return []
    return [seen.pid for seen in everyone() if not seen.is_zombie and _cwd(seen.pid) == folder]


def carries(pid: int, variable: str, value: str) -> bool:
    """Whether a process was started with this environment variable; False where it is not told."""
    try:
        environment = (PROC / str(pid) / "environ").read_bytes()
    except OSError:  # gone meanwhile, not ours to look at, or no /proc
        return False
    return f"{variable}={value}".encode() in environment.split(b"\0")


def end_groups(groups: Iterable[int], *, patience: float) -> list[int]:
    """Ask the groups to stop, wait up to `patience` seconds, then kill what is left.

    The leader is asked, for it knows how to stop its members; a group without one is asked as a
    whole. Afterwards no working process is left. Returns the groups that had to be killed.
    """
    waiting = set(groups)
    for group in waiting:
        _ask_to_stop(group)
    stubborn = _wait_until_empty(waiting, patience)
    for group in stubborn:
        _signal_group(group, signal.SIGKILL)
    if left := _wait_until_empty(stubborn, 10):
        raise RuntimeError(f"process groups {sorted(left)} survived SIGKILL")
    return sorted(stubborn)


def _ask_to_stop(group: int) -> None:
    leader = look_at(group)
    if leader is None or leader.is_zombie or leader.group != group:
        _signal_group(group, signal.SIGTERM)
        return
    with suppress(ProcessLookupError):
        os.kill(group, signal.SIGTERM)


def _signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a whole group; a group that has already gone is no error."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _wait_until_empty(groups: set[int], patience: float) -> set[int]:
    """The groups that still have working processes when the patience is over."""
    deadline = time.monotonic() + patience
    while True:
        alive = {seen.group for seen in everyone() if not seen.is_zombie}
        left = groups & alive
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


def _from_proc(pid: int) -> ProcessView | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    # "pid (name with spaces) state ppid pgrp …": the name may itself hold brackets.
    head, _, tail = text.rpartition(")")
    fields = tail.split()
    return ProcessView(
        pid=pid,
        group=int(fields[2]),
        name=head.partition("(")[2],
        state=fields[0],
        started=f"{_boot_id()}:{fields[19]}",
    )


def _boot_id() -> str:
    """Start times count from boot, so the boot has to be part of them."""
    path = PROC / "sys" / "kernel" / "random" / "boot_id"
    return path.read_text().strip() if path.exists() else "boot"


def _cwd(pid: int) -> Path | None:
    try:
        return Path(os.readlink(PROC / str(pid) / "cwd"))
    except OSError:  # gone meanwhile, or not ours to look at
        return None


def _ask_ps(*which: str) -> list[str]:
    command = ["ps", "-o", PS_COLUMNS, *which]
    answer = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    return [line for line in answer.stdout.splitlines() if line.strip()]


def _from_ps(line: str) -> ProcessView:
    pid, group, state, *rest = line.split()
    return ProcessView(
        pid=int(pid),
        group=int(group),
        name=Path(" ".join(rest[LSTART_WORDS:])).name,
        state=state,
        started=" ".join(rest[:LSTART_WORDS]),
    )
