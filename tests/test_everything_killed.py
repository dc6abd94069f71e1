"""Each process and the database are killed in the middle of a pull and of dispatches.

Afterwards every order of the channel is one of ours, every parcel left once, and all laws hold.
KILL_ORDERS says how many orders are pulled (10000 for the full show).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psycopg
import pytest

from integrations.simulators.testing import running_simulator
from ordercenter.engine import postgres, processes
from ordercenter.engine.paths import PROJECT_ROOT
from tests.support.installation import Installation, new_installation, wait_for

pytestmark = pytest.mark.processes

ORDERS = int(os.environ.get("KILL_ORDERS", "1500"))
PARCELS = 30
# Slow enough that the middle of both is seen, however busy the machine is.
CALLS_PER_SECOND = "150"
SECONDS_BETWEEN_PARCELS = "0.2"
PATIENCE = 240.0
KICK_AGAIN_SECONDS = 20.0
# What the test looks at while it kills; a look of its own does not start a program each time.
PULLED = "SELECT count(*) FROM integrations_rawmessage"
LEFT = "SELECT count(*) FROM fulfilment_shipment WHERE left_warehouse_at IS NOT NULL"


@pytest.fixture
def installation() -> Iterator[Installation]:
    with new_installation() as installation:
        yield installation


@pytest.fixture
def ask(installation, monkeypatch) -> Callable[[str], int]:
    """The number that a query finds in the installation's database; 0 while that is down."""
    monkeypatch.setenv("OC_VAR", str(installation.var))

    def ask(query: str) -> int:
        try:
            with psycopg.connect(postgres.known().url, connect_timeout=5) as connection:
                row = connection.execute(query).fetchone()
        except psycopg.OperationalError:
            return 0
        assert row is not None
        return int(row[0])

    return ask


def inside(installation: Installation, *words: str) -> subprocess.Popen[str]:
    """A program on the installation's database."""
    own = {"OC_EMBEDDED_AUTOSTART": "0", "PYTHONPATH": str(PROJECT_ROOT)}
    return subprocess.Popen(
        [sys.executable, *words],
        env=installation.environment() | own,
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def do(installation: Installation, *words: str) -> str:
    """Run a verb of the kill world until it succeeds: the database may just be coming back."""
    deadline = time.monotonic() + PATIENCE
    while True:
        process = inside(installation, "-m", "tests.support.kill_world", *words)
        said, _ = process.communicate(timeout=2 * PATIENCE)
        if process.returncode == 0:
            return said
        assert time.monotonic() < deadline, f"{words} failed for too long"
        time.sleep(0.5)


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_nothing_is_lost_or_doubled_whoever_is_killed(installation, ask):
    def in_the_middle(query: str, share: float, of: int) -> None:
        """Wait until so much is done; it is not all yet. Lost pulls are kicked again."""
        kicked_at, deadline = time.monotonic(), time.monotonic() + PATIENCE
        while ask(query) < share * of:
            assert time.monotonic() < deadline, f"{ask(query)} of {of}"
            if time.monotonic() - kicked_at > KICK_AGAIN_SECONDS:
                do(installation, "kick")
                kicked_at = time.monotonic()
            time.sleep(0.05)
        assert ask(query) < of

    def victim(name: str) -> int:
        return int(wait_for(lambda: installation.pid(name), installation.said))

    with running_simulator(no_samples=True) as simulator:
        simulator.generate(
            ORDERS, seed=3, paid_share=0.9, shop="demo1", skus=[f"KILL-{n:02d}" for n in range(20)]
        )
        installation.start_and_wait()
        do(installation, "prepare", simulator.base_url, str(PARCELS), CALLS_PER_SECOND)
        leaving = inside(
            installation, "-m", "tests.support.kill_world", "dispatch", SECONDS_BETWEEN_PARCELS
        )
        do(installation, "kick")

        in_the_middle(LEFT, 0.1, PARCELS)
        kill(victim("relay"))
        kill(leaving.pid)
        in_the_middle(PULLED, 0.1, ORDERS)
        kill(victim("cluster"))
        kill(victim("web"))
        do(installation, "kick")
        in_the_middle(PULLED, 0.3, ORDERS)
        kill(wait_for(installation.postmaster))
        do(installation, "kick")
        in_the_middle(PULLED, 0.5, ORDERS)
        workers = wait_for(lambda: processes.group_members(victim("cluster")))
        kill(max(worker.pid for worker in workers))

        # The supervisor itself dies too; the next start ends what it left and goes on.
        in_the_middle(PULLED, 0.5, ORDERS)
        head = installation.process
        kill(head.pid)
        head.wait()
        installation.start_and_wait()
        found = json.loads(do(installation, "finish", str(ORDERS), str(PATIENCE)))

    assert found["raws"] == found["pulled"] == ORDERS
    assert found["left"] == PARCELS
    assert (found["waiting"], found["pending"], found["dead"]) == (0, 0, 0)
    verify = inside(installation, "manage.py", "verify")
    said, _ = verify.communicate(timeout=PATIENCE)
    assert verify.returncode == 0, said
