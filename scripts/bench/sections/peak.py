"""Five times a 27,000-order day, with a pull, the relay and the escalation at work."""

from __future__ import annotations

import random
import subprocess
import sys

from integrations.simulators.testing import running_simulator
from scripts.bench import world
from scripts.bench.load import Outcome, open_loop
from scripts.bench.processes import ROOT, running, web
from scripts.bench.report import Report, percentile
from scripts.bench.requests import make_key, order_body, post_order
from scripts.bench.shop import PULL, check_pulled, connect_shop

STEADY = (8.0, 300.0)
BURST = (30.0, 60.0)
PULLED = 10_000


def run(report: Report, postmaster: int) -> None:
    """Open loop: requests leave on time whether or not earlier ones were answered."""
    report.title("peak: 8 orders/s for 5 minutes, 30/s for one, while everything else runs")
    token, codes = make_key(), world.hot_codes()
    draw = random.Random(5)
    manage = [sys.executable, str(ROOT / "manage.py")]
    with running_simulator(no_samples=True) as simulator:
        simulator.generate(PULLED, seed=12, paid_share=1.0, shop="demo1", skus=codes)
        connect_shop(simulator.base_url)
        with (
            web() as (port, _process),
            running([*manage, "relay"]),
            running([*manage, "qcluster"]),
            running(PULL) as pull,
        ):
            for name, (rate, seconds), most in (
                ("steady", STEADY, 100),
                ("burst", BURST, 200),
            ):

                def make(number: int, name: str = name) -> bytes:
                    external = f"{name}-{number}"
                    return post_order(token, external, order_body(external, draw.sample(codes, 3)))

                outcome = open_loop(port, make, per_second=rate, seconds=seconds)
                _tell(report, f"{name}, {rate:g}/s", outcome, most)
            _wait(pull)
    check_pulled(report, PULLED)
    world.check_laws(report)


def _tell(report: Report, name: str, outcome: Outcome, most: float) -> None:
    p50 = 1000 * percentile(outcome.seconds, 0.5)
    report.line(f"{name}: p50", f"{p50:.1f} ms", f"{sum(outcome.statuses.values())} orders")
    report.aim(f"{name}: p95", 1000 * percentile(outcome.seconds, 0.95), most, "ms")
    errors = sum(n for status, n in outcome.statuses.items() if status != 201)
    report.aim(f"{name}: errors", errors + sum(outcome.trouble.values()), 0, "answers")


def _wait(pull: subprocess.Popen[bytes]) -> None:
    if pull.wait(timeout=300) != 0:
        raise RuntimeError("the pull failed, see bench.log")
