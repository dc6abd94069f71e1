"""The numbers on the first page and the orders behind them, on 10,000 and on 1,000,000 orders."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from scripts.bench import world
from scripts.bench.history import LARGE, SMALL, grow_to
from scripts.bench.load import Client
from scripts.bench.pages import GROWTH_MOST, growth, make_admin, p95, sign_in
from scripts.bench.processes import web
from scripts.bench.report import Report, percentile

TIMES = 60
BOARD_MOST = 300
BEHIND_MOST = 1000
SPANS = {"30 days": 30, "a year": 365}

# The same sums, written by hand: what the board reads of the daily numbers.
_FLOOR = """
SELECT d.fact, d.label, s.channel, sum(d.count), sum(d.amount), sum(d.minutes)
  FROM insight_dailynumber d JOIN orders_shop s ON s.id = d.shop_id
 WHERE d.day > current_date - %(days)s GROUP BY 1, 2, 3
"""
_FLOOR_DAYS = """
SELECT day, label, sum(count) FROM insight_dailynumber
 WHERE day > current_date - %(days)s AND fact = 'outbound' GROUP BY 1, 2
"""
# The plain way: the same two questions to the orders themselves.
_PLAIN = """
SELECT count(*), count(*) FILTER (WHERE dispatched_at <= least(ship_by, wanted_by)),
       avg(dispatched_at - placed_at), sum(total)
  FROM orders_order WHERE dispatched_at > now() - %(days)s * interval '1 day'
"""

Figures = dict[str, float]


def run(report: Report, postmaster: int) -> None:
    """The same pages at both sizes; growth is large over small."""
    report.title(f"numbers: the first page on {SMALL:,} and {LARGE:,} orders")
    report.line("inserted", f"{grow_to(1, SMALL):.0f} s")
    import django

    django.setup()
    make_admin()
    small = _ask_all(report)
    if LARGE > SMALL:
        report.line("inserted", f"{grow_to(SMALL + 1, LARGE):.0f} s")
    ground = world.violations()
    large = _ask_all(report) if LARGE > SMALL else small
    for name, most in large.items():
        if not name.startswith(("board", "behind")):
            report.line(f"{name}: p95", f"{most:,.2f} ms")
            continue
        is_board = name.startswith("board")
        report.aim(f"{name}: p95", most, BOARD_MOST if is_board else BEHIND_MOST, "ms")
        times = growth(most, small[name])
        if is_board:
            report.aim(f"{name}: growth from {small[name]:.1f} ms", times, GROWTH_MOST, "×")
        else:
            report.line(f"{name}: growth from {small[name]:.1f} ms", f"{times:.2f} ×")
    # The numbers' own law holds whatever the ground is.
    ground.pop("insight.kept_is_counted", None)
    world.check_laws(report, ground)


def _ask_all(report: Report) -> Figures:
    _count_anew(report)
    figures: Figures = {}
    with web() as (port, _process):
        client = Client(port)
        cookie = {"Cookie": sign_in(port)}
        for name, days in SPANS.items():
            figures[f"board, {name}"] = p95(client, [f"/admin/?span={days}"], cookie)
            figures[f"  floor: its sums by hand, {name}"] = _timed(_FLOOR, days)
            figures[f"  floor: its days by hand, {name}"] = _timed(_FLOOR_DAYS, days)
            figures[f"  for comparison: from the orders, {name}"] = _timed(_PLAIN, days, times=3)
        for name, path in _behind().items():
            figures[f"behind: {name}"] = p95(client, [path], cookie)
        client.close()
    return figures


def _count_anew(report: Report) -> None:
    """All days by the set-based rebuild, then the timeline's reading as the schedule does it."""
    from orders.insight.keeping import keep, rebuild

    report.line("all days counted anew", f"{_seconds(rebuild):.2f} s")
    keep()
    keep()
    report.line("timeline read with nothing new", f"{1000 * _seconds(keep):.1f} ms")
    with world.connect() as link:
        link.autocommit = True
        link.execute("VACUUM ANALYZE insight_dailynumber")


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _timed(sql: str, days: int, times: int = TIMES) -> float:
    """Milliseconds within which 95 of 100 answers came, over a link that stays open."""
    with world.connect() as link:
        seconds = [
            _seconds(lambda: link.execute(sql, {"days": days}).fetchall()) for _ in range(times)
        ]
    return 1000 * percentile(seconds, 0.95)


def _behind() -> dict[str, str]:
    """Lists behind numbers: few rows among many, many rows, all rows of a year."""
    from ordercenter.core import moments
    from orders.insight.keeping import business_day

    today = business_day(moments.now())
    one = today - timedelta(days=3)
    month, year = today - timedelta(days=29), today - timedelta(days=364)
    base = "/admin/orders/order/?tab=all&behind="
    return {
        "late, 30 days": f"{base}outbound~late~{month}~{today}~",
        "left, one day": f"{base}outbound~~{one}~{one}~",
        "left, a year": f"{base}outbound~~{year}~{today}~",
        "without a promise (none), a year": f"{base}outbound~no_promise~{year}~{today}~",
        "cancelled, a year": f"{base}ended~cancelled~{year}~{today}~",
        "overdue of a role": f"{base}overdue~role~cs",
    }
