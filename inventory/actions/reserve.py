"""Promising stock to order lines: race-proof, for one order or for a batch of them.

All levels that any request may draw from are locked first, in id order, by one statement; so
two callers over the same SKUs queue up and never deadlock. What is checked is what is changed,
and the check constraint `stock_never_oversold` is the last line.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from inventory.errors import OutOfStock, Shortage
from inventory.models import Reservation, Sku
from ordercenter.core import moments


@dataclass(frozen=True, slots=True)
class Demand:
    """One order line that wants pieces of a SKU."""

    line: int
    sku: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Request:
    """The demands of one order. All of them are met from one warehouse, or none.

    `warehouses` are tried in the given order. With `expires_at` the promise is held until then,
    without it is confirmed at once.
    """

    demands: tuple[Demand, ...]
    warehouses: tuple[int, ...]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """What became of a request: the warehouse that promised, or the shortages."""

    warehouse: int | None
    shortages: tuple[Shortage, ...] = ()


@dataclass(slots=True)
class _Level:
    id: int
    free: int


_LOCK = """
SELECT id, sku_id, warehouse_id, on_hand - reserved - held
  FROM inventory_stocklevel
 WHERE sku_id = ANY(%s) AND warehouse_id = ANY(%s)
 ORDER BY id FOR UPDATE
"""
_TAKE = """
WITH taken AS (
  UPDATE inventory_stocklevel s SET reserved = s.reserved + d.quantity
    FROM unnest(%s::bigint[], %s::int[]) AS d(id, quantity) WHERE s.id = d.id
)
INSERT INTO inventory_reservation (line, level_id, quantity, consumed, state, expires_at, made_at)
SELECT line, level_id, quantity, 0, state, expires_at, %s
  FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::text[], %s::timestamptz[])
       AS r(line, level_id, quantity, state, expires_at)
"""


@transaction.atomic(savepoint=False)
def reserve(requests: Sequence[Request]) -> list[Promise]:
    """Promise stock to every request that one of its warehouses can meet in full.

    Earlier requests are served first. A request that can't be met takes nothing; its answer
    lists what is missing in its first warehouse.
    """
    levels = _lock_levels(requests)
    takes: list[tuple[Demand, _Level, datetime | None]] = []
    promises = [_promise(request, levels, takes) for request in requests]
    if takes:
        _write(takes)
    return promises


def reserve_or_refuse(request: Request) -> int:
    """Promise stock to one order; the warehouse that has it. Raises `OutOfStock`."""
    promise = reserve([request])[0]
    if promise.warehouse is None:
        raise OutOfStock(promise.shortages)
    return promise.warehouse


def _lock_levels(requests: Iterable[Request]) -> dict[tuple[int, int], _Level]:
    skus = {demand.sku for request in requests for demand in request.demands}
    warehouses = {warehouse for request in requests for warehouse in request.warehouses}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(skus), list(warehouses)])
        return {(sku, house): _Level(pk, free) for pk, sku, house, free in cursor.fetchall()}


def _promise(
    request: Request,
    levels: dict[tuple[int, int], _Level],
    takes: list[tuple[Demand, _Level, datetime | None]],
) -> Promise:
    wanted: Counter[int] = Counter()
    for demand in request.demands:
        wanted[demand.sku] += demand.quantity
    for warehouse in request.warehouses:
        if not find_shortages(wanted, warehouse, levels):
            for demand in request.demands:
                level = levels[demand.sku, warehouse]
                level.free -= demand.quantity
                takes.append((demand, level, request.expires_at))
            return Promise(warehouse)
    return Promise(None, _shortages(wanted, request.warehouses, levels))


def find_shortages(
    wanted: Counter[int], warehouse: int, levels: dict[tuple[int, int], _Level]
) -> list[tuple[int, int, int]]:
    """The (sku, wanted, available) triples that this warehouse can't meet."""
    found = []
    for sku, quantity in wanted.items():
        level = levels.get((sku, warehouse))
        free = level.free if level else 0
        if free < quantity:
            found.append((sku, quantity, max(free, 0)))
    return found


def _shortages(
    wanted: Counter[int], warehouses: Sequence[int], levels: dict[tuple[int, int], _Level]
) -> tuple[Shortage, ...]:
    if not warehouses:
        missing = [(sku, quantity, 0) for sku, quantity in wanted.items()]
    else:
        missing = find_shortages(wanted, warehouses[0], levels)
    codes = dict(Sku.objects.filter(pk__in=[m[0] for m in missing]).values_list("pk", "code"))
    return tuple(Shortage(codes[sku], quantity, free) for sku, quantity, free in missing)


def _write(takes: Sequence[tuple[Demand, _Level, datetime | None]]) -> None:
    per_level: defaultdict[int, int] = defaultdict(int)
    for demand, level, _ in takes:
        per_level[level.id] += demand.quantity
    state = {True: Reservation.State.CONFIRMED.value, False: Reservation.State.HELD.value}
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            [
                list(per_level),
                list(per_level.values()),
                moments.now(),
                [demand.line for demand, _, _ in takes],
                [level.id for _, level, _ in takes],
                [demand.quantity for demand, _, _ in takes],
                [state[expires_at is None] for _, _, expires_at in takes],
                [expires_at for _, _, expires_at in takes],
            ],
        )
