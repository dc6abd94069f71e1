"""What the benchmark sells. Inserted by SQL: it is the ground, not what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scripts.bench.database import connect as connect
from scripts.bench.report import Report

if TYPE_CHECKING:
    from ordercenter.core.models.guards import LawRun

SKUS = 120_000
HOT = 50
PIECES = 1_000_000

_CATALOGUE = """
INSERT INTO inventory_warehouse (code, name, province, city, address, contact, phone, rank,
                                 is_active)
VALUES ('BW', '测试仓', '浙江省', '杭州市', '萧山区 1 号', '', '', 1, true);
INSERT INTO inventory_sku (code, name, barcode, category, brand, spec, unit, weight_grams,
                           temperature, price, is_active)
SELECT 'B' || lpad(n::text, 6, '0'), '配件 ' || n, '69' || lpad(n::text, 11, '0'), '汽配', '', '',
       '件', 500, 'ambient', 10 + n % 500, true
  FROM generate_series(1, {skus}) n;
INSERT INTO inventory_stocklevel (sku_id, warehouse_id, on_hand, reserved, held, defective, safety)
SELECT k.id, w.id, {pieces}, 0, 0, 0, 0 FROM inventory_sku k, inventory_warehouse w;
INSERT INTO inventory_placement (level_id, quantity)
SELECT id, on_hand FROM inventory_stocklevel;
INSERT INTO inventory_movement (level_id, quantity, defective, reason, document, note,
                                actor_label, at)
SELECT id, on_hand, 0, 'received', 'opening', '', 'bench', now() FROM inventory_stocklevel;
INSERT INTO orders_shop (code, name, channel, hold_minutes, ship_within_hours, is_active)
VALUES ('bench', '压测店', 'api', 30, 48, true);
"""


def build_catalogue() -> None:
    """120,000 SKUs in one warehouse with plenty of stock, and one shop."""
    with connect() as connection:
        connection.execute(_CATALOGUE.format(skus=SKUS, pieces=PIECES))
    with connect() as connection:
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def hot_codes() -> list[str]:
    """The SKUs everybody wants."""
    return [f"B{n:06d}" for n in range(1, HOT + 1)]


# No relay runs in some sections.
IGNORED = ("outbox.drained", "clocks.told_in_time")


def violations() -> dict[str, int]:
    """How many rows break which law now: of a ground that other than our code has written."""
    return {run.law: run.violations for run in _verify() if run.violations}


def check_laws(report: Report, ground: Mapping[str, int] | None = None) -> None:
    """Conservation: no law is broken but by the rows of the ground, and those as before."""
    broken = [
        f"{run.law} ×{run.violations}: {run.first}"
        for run in _verify()
        if run.violations != (ground or {}).get(run.law, 0)
    ]
    report.aim("laws broken (conservation)", len(broken), 0, "laws")
    report.missed.extend(broken)


def _verify() -> list[LawRun]:
    import django

    django.setup()
    from ordercenter.core import invariants

    return [run for run in invariants.verify() if run.law not in IGNORED]


def count_orders(prefix: str) -> int:
    """How many orders carry numbers of the channel that begin like this."""
    with connect() as link:
        row = link.execute(
            "SELECT count(*) FROM orders_order WHERE external_number LIKE %s", [f"{prefix}%"]
        ).fetchone()
    assert row is not None
    return int(row[0])
