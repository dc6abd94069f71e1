"""500 pieces, 1,000 orders: exactly 500 sold, also while a web worker is killed."""

from __future__ import annotations

import os
import signal
import threading
import time

import psutil

from scripts.bench import world
from scripts.bench.database import connect
from scripts.bench.load import closed_loop
from scripts.bench.processes import web
from scripts.bench.report import Report
from scripts.bench.requests import make_key, order_body, post_order

PIECES = 500
ORDERS = 1000


def run(report: Report, postmaster: int) -> None:
    """Once in peace, once with a worker killed in the middle; repeats carry their key."""
    report.title("scarce: 500 pieces fought for by 1,000 orders of 8 clients")
    token = make_key()
    for label, is_killed in (("in peace", False), ("a web worker killed meanwhile", True)):
        sku = f"SCARCE-{int(is_killed)}"
        _stock(sku)
        with web() as (port, process):
            if is_killed:
                arguments = (process.pid, sku)
                threading.Thread(target=_kill_a_worker, args=arguments, daemon=True).start()

            def make(client: int, number: int, sku: str = sku) -> bytes:
                external = f"{sku}-{client}-{number}"
                return post_order(token, external, order_body(external, [sku], (1,)))

            outcome = closed_loop(port, make, requests=ORDERS, retry_broken=True)
        sold, stored = _sold(sku)
        report.line(label, f"{sold} sold", f"{dict(outcome.statuses)} {dict(outcome.trouble)}")
        report.aim(f"{label}: distance from exactly 500", abs(sold - PIECES), 0, "pieces")
        report.aim(f"{label}: orders stored beyond the pieces", abs(stored - PIECES), 0, "orders")
        if is_killed and not outcome.trouble:
            report.missed.append("the killed worker was not noticed by any client: kill it later")
    world.check_laws(report)


def _kill_a_worker(root: int, sku: str) -> None:
    """Once a fifth is sold, kill the worker that serves the most clients."""
    while _sold(sku)[0] < PIECES / 5:
        time.sleep(0.02)
    worker = max(psutil.Process(root).children(), key=_clients)
    os.kill(worker.pid, signal.SIGKILL)


def _clients(worker: psutil.Process) -> int:
    links = worker.net_connections(kind="tcp")
    return sum(link.status == psutil.CONN_ESTABLISHED for link in links)


def _stock(sku: str) -> None:
    with connect() as link:
        link.execute(
            """
            WITH k AS (INSERT INTO inventory_sku (code, name, barcode, category, brand, spec, unit,
                         weight_grams, temperature, price, is_active)
                       VALUES (%(sku)s, '限量', '', '', '', '', '件', 1, 'ambient', 10, true)
                       RETURNING id),
                 l AS (INSERT INTO inventory_stocklevel (sku_id, warehouse_id, on_hand, reserved,
                         held, defective, safety)
                       SELECT k.id, w.id, %(pieces)s, 0, 0, 0, 0 FROM k, inventory_warehouse w
                       RETURNING id),
                 p AS (INSERT INTO inventory_placement (level_id, quantity)
                       SELECT id, %(pieces)s FROM l)
            INSERT INTO inventory_movement (level_id, quantity, defective, reason, document, note,
                                            actor_label, at)
            SELECT id, %(pieces)s, 0, 'received', 'opening', '', 'bench', now() FROM l
            """,
            {"sku": sku, "pieces": PIECES},
        )


def _sold(sku: str) -> tuple[int, int]:
    with connect() as link:
        row = link.execute(
            """
            SELECT (SELECT sum(reserved) FROM inventory_stocklevel s
                      JOIN inventory_sku k ON k.id = s.sku_id WHERE k.code = %(sku)s),
                   (SELECT count(DISTINCT order_id) FROM orders_orderline WHERE sku_code = %(sku)s)
            """,
            {"sku": sku},
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
