"""Each process and the database are killed in the middle of a pull and of dispatches.

Afterwards every order of the channel is one of ours, every parcel left once, and all laws hold.
KILL_ORDERS says how many orders are pulled (10000 for the full show).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from integrations.simulators.testing import running_simulator
from ordercenter.engine import processes
from ordercenter.engine.paths import PROJECT_ROOT
from tests.engine.test_up import Installation

pytestmark = pytest.mark.processes

ORDERS = int(os.environ.get("KILL_ORDERS", "1500"))
PATIENCE = 240.0


@pytest.fixture
def installation() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="oc-kill-")).resolve()
    folder.chmod(0o755)
    installation = Installation(folder)
    yield installation
    installation.stop()
    while left := installation.everyone():
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder)


def inside(installation: Installation, *words: str) -> subprocess.Popen[str]:
    """A process of the kill world, on the installation's database."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_URL", "OC_"))}
    clean |= {
        "OC_VAR": str(installation.var),
        "OC_EMBEDDED_AUTOSTART": "0",
        "PYTHONPATH": str(PROJECT_ROOT),
        "DJANGO_SETTINGS_MODULE": "ordercenter.settings",
    }
    return subprocess.Popen(
        [sys.executable, *words], env=clean, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
    )


def do(installation: Installation, *words: str) -> str:
    """Run a verb of the kill world until it succeeds: the database may just be coming back."""
    deadline = time.monotonic() + PATIENCE
    while True:
        process = inside(installation, "-m", "tests.support.kill_world", *words)
        said, _ = process.communicate(timeout=PATIENCE)
        if process.returncode == 0:
            return said
        assert time.monotonic() < deadline, f"{words} failed for too long"
        time.sleep(0.5)


def look(installation: Installation) -> dict[str, int]:
    return json.loads(do(installation, "look"))


def until(installation: Installation, is_so: Callable[[dict[str, int]], bool]) -> dict[str, int]:
    """What is there as soon as `is_so`; pulls that a kill has ended are kicked again."""
    deadline = time.monotonic() + PATIENCE
    while not is_so(found := look(installation)):
        assert time.monotonic() < deadline, found
        do(installation, "kick")
        time.sleep(3)
    return found


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_nothing_is_lost_or_doubled_whoever_is_killed(installation):
    with running_simulator(no_samples=True) as simulator:
        simulator.generate(
            ORDERS, seed=3, paid_share=0.9, shop="demo1", skus=[f"KILL-{n:02d}" for n in range(20)]
        )
        installation.start_and_wait()
        do(installation, "prepare", simulator.base_url)
        do(installation, "kick")
        leaving = inside(installation, "-m", "tests.support.kill_world", "dispatch")

        for victim in ("relay", "cluster", "web"):
            time.sleep(2)
            kill(installation.pid(victim))
        time.sleep(1)
        kill(leaving.pid)
        time.sleep(1)
        do(installation, "kick")
        time.sleep(3)
        kill(installation.postmaster())
        do(installation, "kick")
        time.sleep(2)
        kill(max(member.pid for member in processes.group_members(installation.pid("cluster"))))

        # The supervisor itself dies too; the next start ends what it left and goes on.
        time.sleep(2)
        head = installation.process
        kill(head.pid)
        head.wait()
        installation.start_and_wait()
        do(installation, "dispatch")
        found = until(
            installation,
            lambda seen: seen["pulled"] >= ORDERS and not seen["waiting"] and not seen["pending"],
        )

    assert found["raws"] == found["pulled"] == ORDERS
    assert found["left"] == 30
    assert found["dead"] == 0
    verify = inside(installation, "manage.py", "verify")
    said, _ = verify.communicate(timeout=PATIENCE)
    assert verify.returncode == 0, said
