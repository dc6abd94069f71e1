"""The outbox: commit → handler at 50 events/s, and how fast a backlog drains."""

from __future__ import annotations

import sys
import time

from scripts.bench import world
from scripts.bench.database import connect
from scripts.bench.processes import running
from scripts.bench.report import Report, percentile

RATE = 50
SECONDS = 15
BACKLOG = 20_000

WRITE = """
WITH e AS (
  INSERT INTO core_event (stream, sequence, subject_kind, subject_id, kind, from_state, to_state,
    data, changes, actor_kind, actor_label, door, device, request_id, at)
  SELECT 'bench:' || n, 1, 'bench', n, 'bench.ping', '', '', '{}', '{}', 'system', 'bench',
         'command', '', '', now()
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
  RETURNING id, stream)
INSERT INTO core_delivery (event_id, handler, lane, stream, state, attempts, last_error)
SELECT id, 'bench.echo', 'local', stream, 'pending', 0, '' FROM e
"""


def run(report: Report, postmaster: int) -> None:
    """A relay process of ours with one handler that stores the moment it was called."""
    report.title("outbox: commit → handler")
    with connect() as link:
        link.execute("DELETE FROM core_delivery")
        link.execute(
            "CREATE TABLE bench_echo (n bigint PRIMARY KEY, sent timestamptz, heard timestamptz,"
            " times int NOT NULL DEFAULT 0)"
        )
    with running([sys.executable, "-m", "scripts.bench.echo_relay"]):
        _wait_for(1, first=-1)
        waits = _steady()
        report.line("p50 at 50 events/s", f"{1000 * percentile(waits, 0.5):.1f} ms")
        report.aim("p95 at 50 events/s", 1000 * percentile(waits, 0.95), 50, "ms")
    with connect() as link:
        link.execute(WRITE, {"first": 10**6, "last": 10**6 + BACKLOG - 1})
    with running([sys.executable, "-m", "scripts.bench.echo_relay"]):
        _wait_until_drained()
    with connect() as link:
        rate = link.execute(
            "SELECT count(*) / extract(epoch FROM max(heard) - min(heard)) FROM bench_echo"
            " WHERE n >= 1000000"
        ).fetchone()
        row = link.execute(
            "SELECT count(*) FILTER (WHERE times = 1), count(*) FILTER (WHERE times > 1)"
            "  FROM bench_echo"
        ).fetchone()
    report.aim_at_least("drain of a backlog", float((rate or [0])[0]), 1500, "events/s")
    expected = BACKLOG + RATE * SECONDS + 1
    once, often = row or (0, 0)
    report.aim("events not heard", expected - once - often, 0, "events")
    report.aim("events heard more than once", often, 0, "events")
    world.check_laws(report)


def _steady() -> list[float]:
    with connect() as link:
        link.autocommit = True
        begun = time.perf_counter()
        for number in range(1, RATE * SECONDS + 1):
            time.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
            sent = time.time()
            link.execute(WRITE, {"first": number, "last": number})
            link.execute(
                "INSERT INTO bench_echo (n, sent) VALUES (%s, to_timestamp(%s))"
                " ON CONFLICT (n) DO UPDATE SET sent = excluded.sent",
                [number, sent],
            )
    _wait_for(RATE * SECONDS, first=1)
    with connect() as link:
        rows = link.execute(
            "SELECT extract(epoch FROM heard - sent) FROM bench_echo WHERE n BETWEEN 1 AND %s",
            [RATE * SECONDS],
        ).fetchall()
    return [float(row[0]) for row in rows]


def _wait_for(number: int, first: int) -> None:
    """Write a first event when asked to, and return when `number` have been heard."""
    if first < 0:
        with connect() as link:
            link.execute(WRITE, {"first": 0, "last": 0})
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connect() as link:
            row = link.execute(
                "SELECT count(*) FROM bench_echo WHERE heard IS NOT NULL AND n >= %s",
                [max(first, 0)],
            ).fetchone()
        if row and row[0] >= number:
            return
        time.sleep(0.2)
    raise RuntimeError("the relay has not answered, see bench.log")


def _wait_until_drained() -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with connect() as link:
            row = link.execute(
                "SELECT count(*) FROM core_delivery WHERE state = 'pending'"
            ).fetchone()
        if row == (0,):
            return
        time.sleep(0.1)
    raise RuntimeError("the backlog did not drain")
