"""Pulling 10,000 orders from the simulator: raw kept → mapped → checked → reserved."""

from __future__ import annotations

import json
import os
import subprocess
import time

from integrations.simulators.testing import running_simulator
from scripts.bench import floors, world
from scripts.bench.processes import ROOT
from scripts.bench.report import Report
from scripts.bench.shop import PULL, check_pulled, connect_shop

ORDERS = 10_000
BATCH = 50


def run(report: Report, postmaster: int) -> None:
    """`manage.py pull` as a person starts it; its start is part of the time."""
    report.title(f"pull: {ORDERS:,} orders from the Taobao simulator")
    body = json.dumps({"trade": "x" * 2500})
    floor = floors.place_in_batches(ORDERS, BATCH, body)
    with running_simulator(no_samples=True) as simulator:
        simulator.generate(ORDERS, seed=11, paid_share=1.0, shop="demo1", skus=world.hot_codes())
        connect_shop(simulator.base_url)
        begun = time.perf_counter()
        subprocess.run(PULL, cwd=ROOT, env=os.environ.copy(), check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - begun
    rate = ORDERS / seconds
    report.line("floor: raw and rows by plain SQL, batches of 50", f"{floor:,.0f} orders/s")
    report.line("ours", f"{rate:,.0f} orders/s", f"{seconds:.1f} s in all")
    report.aim_at_least("ours, share of the floor", 100 * rate / floor, 15, "%")
    check_pulled(report, ORDERS)
    world.check_laws(report)
