"""Starting what is measured, and reading how much CPU and memory it used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(command: Sequence[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process group that is ended with the block; its words go to var/bench/bench.log."""
    log = Path(os.environ["OC_VAR"]) / "bench.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            end_group(process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """The group is gone afterwards."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            continue


@contextmanager
def web(
    application: str = "ordercenter.wsgi:application", **environment: str
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A web server as `manage.py up` runs it: 2 workers, 4 threads each; yields its port."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", application,
        "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4",
        "--worker-class", "gthread", "--keep-alive", "75", "--log-level", "warning",
    ]  # fmt: skip
    with running(command, **environment) as process:
        wait_for_port(port, process)
        yield port, process


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Return when somebody listens; raises when the process ends before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the process ended with {process.returncode}, see bench.log")
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("nobody listened in time, see bench.log")


def cpu_seconds(*roots: int) -> float:
    """User and system seconds of these processes and all their living children."""
    total = 0.0
    for root in roots:
        try:
            family = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        for member in family:
            try:
                times = member.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
    return total


def largest_child_mib(root: int) -> float:
    """Resident memory of the largest child, in MiB."""
    children = psutil.Process(root).children(recursive=True)
    return max((child.memory_info().rss for child in children), default=0) / 2**20
