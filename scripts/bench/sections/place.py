"""Placing a 3-line order over HTTP: 8 clients, 50 hot SKUs of 120,000."""

from __future__ import annotations

import time
from collections.abc import Callable

from scripts.bench import floors, world
from scripts.bench.load import Outcome, closed_loop
from scripts.bench.processes import cpu_seconds, largest_child_mib, web
from scripts.bench.report import Report, percentile
from scripts.bench.requests import RandomOrders, make_key

SECONDS = 12.0
CLIENTS = 8
ROUNDS = 2


def run(report: Report, postmaster: int) -> None:
    """Floor, yardstick and ours in turn, twice; the better round of each counts."""
    report.title("place: a 3-line order over HTTP, 8 clients, 50 hot SKUs of 120,000")
    token = make_key()
    codes = world.hot_codes()
    floor, smallest, ours = 0.0, Measured(), Measured()
    for number in range(ROUNDS):
        floor = max(floor, floors.place_one_by_one(CLIENTS, SECONDS, number))
        smallest.keep_better(
            _measure(
                "scripts.bench.smallest:application",
                RandomOrders(token, codes, f"small{number}"),
                postmaster,
            )
        )
        ours.keep_better(
            _measure(
                "ordercenter.wsgi:application",
                RandomOrders(token, codes, f"ours{number}"),
                postmaster,
            )
        )
    report.line("floor: plain SQL, stock last", f"{floor:,.0f} orders/s")
    report.line(
        "yardstick: smallest DRF + ORM view",
        f"{smallest.rate:,.0f} orders/s",
        f"{smallest.rate / floor:.0%} of the floor, {smallest.cpu_ms:.2f} ms CPU/order",
    )
    report.line(
        "ours",
        f"{ours.rate:,.0f} orders/s",
        f"p50 {ours.p50:.1f} ms, p95 {ours.p95:.1f} ms, {ours.cpu_ms:.2f} ms CPU/order",
    )
    report.aim_at_least("ours, share of the floor", 100 * ours.rate / floor, 15, "%")
    report.aim("CPU per order, times the yardstick's", ours.cpu_ms / smallest.cpu_ms, 2, "×")
    report.aim("largest web worker", ours.worker_mib, 150, "MiB")
    for name, measured in (("yardstick", smallest), ("ours", ours)):
        if measured.bad:
            report.missed.append(f"{name}: answers other than 201: {measured.bad}")
    # The yardstick writes no timeline: exactly its orders lack one.
    expected = {"orders.begin_on_the_timeline": world.count_orders("small")}
    world.check_laws(report, expected)


class Measured:
    """The figures of one application."""

    rate = cpu_ms = p50 = p95 = worker_mib = 0.0
    bad = ""

    def keep_better(self, other: Measured) -> None:
        """Take over the other's figures when it was faster; memory is the larger of both."""
        memory, bad = max(self.worker_mib, other.worker_mib), self.bad or other.bad
        if other.rate > self.rate:
            self.__dict__.update(other.__dict__)
        self.worker_mib, self.bad = memory, bad


def _measure(application: str, make: Callable[[int, int], bytes], postmaster: int) -> Measured:
    measured = Measured()
    with web(application) as (port, process):
        closed_loop(port, lambda client, n: make(client, 10**6 + n), clients=CLIENTS, seconds=2)
        before = cpu_seconds(process.pid, postmaster)
        outcome: Outcome = closed_loop(port, make, clients=CLIENTS, seconds=SECONDS)
        used = cpu_seconds(process.pid, postmaster) - before
        measured.worker_mib = largest_child_mib(process.pid)
        time.sleep(0.5)
    placed = outcome.statuses[201]
    measured.rate = outcome.per_second
    measured.cpu_ms = 1000 * used / max(placed, 1)
    measured.p50 = 1000 * percentile(outcome.seconds, 0.5)
    measured.p95 = 1000 * percentile(outcome.seconds, 0.95)
    if set(outcome.statuses) - {201} or outcome.trouble:
        measured.bad = f"{dict(outcome.statuses)} {dict(outcome.trouble)}"
    return measured
