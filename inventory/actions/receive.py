"""Goods come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from inventory.models import Batch, Bin, Movement, Sku, StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.timeline import Entry, changed, record_all, snapshot

_PLACE = """
INSERT INTO inventory_placement (level_id, bin_id, batch_id, quantity)
SELECT level, bin, batch, sum(quantity)
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::int[]) AS p(level, bin, batch, quantity)
 GROUP BY level, bin, batch ORDER BY level
ON CONFLICT (level_id, bin_id, batch_id)
DO UPDATE SET quantity = inventory_placement.quantity + excluded.quantity
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One row of a delivery note. Bin and batch are made when they are new.

    `defective` pieces come on top of the quantity; they are laid apart and can't be sold.
    `unit_cost` is what a piece was bought for (CNY), None where the note doesn't say.
    """

    sku: int
    warehouse: int
    quantity: int
    bin_code: str = ""
    batch_code: str = ""
    expires_on: date | None = None
    defective: int = 0
    unit_cost: Decimal | None = None


def receive_stock(
    *,
    sku: int,
    warehouse: int,
    quantity: int,
    document: str,
    actor: Actor,
    bin_code: str = "",
    batch_code: str = "",
    expires_on: date | None = None,
    unit_cost: Decimal | None = None,
    reason: Movement.Reason = Movement.Reason.RECEIVED,
) -> StockLevel:
    """Receive one row; see `receive_goods`."""
    receipt = Receipt(
        sku, warehouse, quantity, bin_code, batch_code, expires_on, unit_cost=unit_cost
    )
    return receive_goods([receipt], document=document, actor=actor, reason=reason)[0]


@transaction.atomic
def receive_goods(
    receipts: Sequence[Receipt],
    *,
    document: str,
    actor: Actor,
    reason: Movement.Reason = Movement.Reason.RECEIVED,
) -> list[StockLevel]:
    """All rows of the delivery note lie in their warehouses and can be promised.

    Ledger and timeline say so; the number of statements does not depend on the number of rows.
    Answers the level of each row. Raises `BadInput` for a quantity below 1, without a document,
    and for a cost that is negative or of goods that were not bought.
    """
    actor.require("inventory.receive_stock")
    if any(_is_senseless(receipt) for receipt in receipts):
        raise BadInput(_("The quantity must be at least 1."), fields={"quantity": ["min"]})
    if not document.strip():
        raise BadInput(_("Name the document the goods came with."), fields={"document": ["empty"]})
    _require_costs_of_purchases(receipts, reason)
    lock_batches({receipt.sku for receipt in receipts if receipt.batch_code})
    levels = _locked_levels(receipts)
    bins, batches = _bins(receipts), _batches(receipts)
    movements, entries = [], []
    for receipt in receipts:
        level = levels[receipt.sku, receipt.warehouse]
        batch = batches.get((receipt.sku, receipt.batch_code))
        before = snapshot(level, ("on_hand", "defective"))
        level.on_hand += receipt.quantity
        level.defective += receipt.defective
        if batch is not None and batch.quality == Batch.Quality.HOLD:
            level.held += receipt.quantity
        movements.append(
            Movement(
                level=level,
                bin=bins.get((receipt.warehouse, receipt.bin_code)),
                batch=batch,
                quantity=receipt.quantity,
                defective=receipt.defective,
                reason=reason,
                unit_cost=receipt.unit_cost,
                document=document,
                actor_label=actor.label,
                at=moments.now(),
            )
        )
        entries.append(_entry(level, receipt, document, before))
    StockLevel.objects.bulk_update(
        levels.values(), ["on_hand", "held", "defective"], batch_size=500
    )
    put_away([(m.level_id, m.bin_id, m.batch_id, m.quantity) for m in movements if m.quantity])
    Movement.objects.bulk_create(movements)
    record_all(entries, actor=actor)
    return [levels[receipt.sku, receipt.warehouse] for receipt in receipts]


def _is_senseless(receipt: Receipt) -> bool:
    return min(receipt.quantity, receipt.defective) < 0 or not receipt.quantity + receipt.defective


def _require_costs_of_purchases(receipts: Sequence[Receipt], reason: Movement.Reason) -> None:
    costs = [receipt.unit_cost for receipt in receipts if receipt.unit_cost is not None]
    if costs and (min(costs) < 0 or reason != Movement.Reason.RECEIVED):
        raise BadInput(
            _("Only bought goods have a purchase cost, and it can't be negative."),
            fields={"unit_cost": ["min"]},
        )


def _entry(level: StockLevel, receipt: Receipt, document: str, before: Mapping[str, int]) -> Entry:
    return Entry(
        stream=level.stream,
        subject_kind=StockLevel.KIND,
        subject_id=level.pk,
        kind="stock.received",
        data={
            "quantity": receipt.quantity,
            "defective": receipt.defective,
            "document": document,
            "batch": receipt.batch_code,
            "bin": receipt.bin_code,
        },
        changes=changed(before, snapshot(level, before)),
    )


def locked_level(sku: int, warehouse: int) -> StockLevel:
    """The level, made when missing, locked until the transaction ends."""
    return _locked_levels([Receipt(sku, warehouse, 1)])[sku, warehouse]


def _locked_levels(receipts: Sequence[Receipt]) -> dict[tuple[int, int], StockLevel]:
    pairs = sorted({(receipt.sku, receipt.warehouse) for receipt in receipts})
    StockLevel.objects.bulk_create(
        (StockLevel(sku_id=sku, warehouse_id=warehouse) for sku, warehouse in pairs),
        ignore_conflicts=True,
    )
    rows = (
        StockLevel.objects.select_for_update()
        .filter(
            sku__in={sku for sku, _warehouse in pairs},
            warehouse__in={warehouse for _sku, warehouse in pairs},
        )
        .order_by("pk")
    )
    wanted = set(pairs)
    found = {(row.sku_id, row.warehouse_id): row for row in rows}
    return {pair: row for pair, row in found.items() if pair in wanted}


def lock_batches(skus: Collection[int]) -> None:
    """Whoever brings in or judges batches of these SKUs does it alone until the transaction ends.

    Comes before the levels: a batch that is put on hold may lie in a level that is being made.
    """
    if skus:
        rows = Sku.objects.select_for_update(no_key=True).filter(pk__in=skus).order_by("pk")
        list(rows.values_list("pk"))


def put_away(pieces: Sequence[tuple[int, int | None, int | None, int]]) -> None:
    """Add (level, bin, batch, quantity) to the bins; the caller holds the levels' locks."""
    if not pieces:
        return
    columns = [list(column) for column in zip(*pieces, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, columns)


def _batches(receipts: Sequence[Receipt]) -> dict[tuple[int, str], Batch]:
    """The named batches, made when new, locked: nobody changes their quality meanwhile."""
    named = {(r.sku, r.batch_code): r for r in receipts if r.batch_code}
    if not named:
        return {}
    Batch.objects.bulk_create(
        (
            Batch(sku_id=sku, code=code, inbound_at=moments.now(), expires_on=receipt.expires_on)
            for (sku, code), receipt in sorted(named.items(), key=lambda item: item[0])
        ),
        ignore_conflicts=True,
    )
    rows = (
        Batch.objects.select_for_update()
        .filter(sku__in={sku for sku, _ in named}, code__in={code for _, code in named})
        .order_by("pk")
    )
    return {(row.sku_id, row.code): row for row in rows}


def _bins(receipts: Sequence[Receipt]) -> dict[tuple[int, str], Bin]:
    named: defaultdict[int, set[str]] = defaultdict(set)
    for receipt in receipts:
        if receipt.bin_code:
            named[receipt.warehouse].add(receipt.bin_code)
    if not named:
        return {}
    Bin.objects.bulk_create(
        (
            Bin(warehouse_id=warehouse, code=code)
            for warehouse, codes in sorted(named.items())
            for code in sorted(codes)
        ),
        ignore_conflicts=True,
    )
    codes = {code for group in named.values() for code in group}
    rows = Bin.objects.filter(warehouse__in=named, code__in=codes)
    return {(row.warehouse_id, row.code): row for row in rows}
