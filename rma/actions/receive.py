"""Goods have arrived: what is in the parcel is compared with what was agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inventory.models import Movement
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.lifecycle import advance
from orders.actions.work_orders import WorkOrderDraft, open_work_orders
from orders.fulfilment.models import Shipment
from orders.models import Order, WorkOrderKind
from rma.actions.common import lines_of, locked, told_lines
from rma.errors import Mismatch
from rma.models import Return, ReturnLine

# Findings that are told loudly; a missing piece is only noted, it may come in a second parcel.
NOT_IN_RETURN, SURPLUS, OTHER_BATCH, MISSING = "not_in_return", "surplus", "other_batch", "missing"


@dataclass(frozen=True, slots=True)
class Arrived:
    """Pieces that lie on the table. `code` is a SKU code or a barcode."""

    code: str
    quantity: int = 1
    batch: str = ""


@dataclass(slots=True)
class Comparison:
    """What came, beside what was agreed: pieces per return line, and what does not fit."""

    counts: Counter[int] = field(default_factory=Counter)
    batches: dict[int, str] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_loud(self) -> bool:
        return any(finding["kind"] != MISSING for finding in self.findings)


def compare_arrival(rma: Return, arrived: Sequence[Arrived]) -> Comparison:
    """Hold the pieces against the return's lines and the batches that were sent; changes nothing.

    Raises `BadInput` for a quantity below 1.
    """
    return _compare(lines_of(rma), arrived, sent_batches(rma.order_id))


def _compare(
    lines: Sequence[ReturnLine], arrived: Sequence[Arrived], sent: dict[int, set[str]]
) -> Comparison:
    found = Comparison()
    for item in arrived:
        if item.quantity < 1:
            raise BadInput(_("The quantity must be at least 1."), fields={"quantity": [item.code]})
        _place(item, lines, sent, found)
    for line in lines:
        missing = line.authorised - line.received - found.counts[line.pk]
        if missing > 0:
            found.findings.append(
                _finding(MISSING, line.sku.code, missing, _("%(sku)s: %(quantity)d missing."))
            )
    return found


def _place(
    item: Arrived, lines: Sequence[ReturnLine], sent: dict[int, set[str]], found: Comparison
) -> None:
    fitting = [line for line in lines if item.code in (line.sku.code, line.sku.barcode)]
    if not fitting:
        text = _("%(sku)s does not belong into this return: %(quantity)d found.")
        found.findings.append(_finding(NOT_IN_RETURN, item.code[:64], item.quantity, text))
        return
    left = item.quantity
    for line in fitting:
        room = line.authorised - line.received - found.counts[line.pk]
        take = min(left, max(room, 0))
        found.counts[line.pk] += take
        left -= take
        if item.batch:
            found.batches[line.pk] = item.batch[:40]
    sku = fitting[0].sku
    if left:
        text = _("%(sku)s: %(quantity)d more than agreed.")
        found.findings.append(_finding(SURPLUS, sku.code, left, text))
    known = sent.get(sku.pk, set())
    if item.batch and known and item.batch not in known:
        text = _("%(sku)s: batch %(batch)s was not sent to this customer (sent: %(sent)s).")
        batches = {"batch": item.batch[:40], "sent": "、".join(sorted(known))}
        found.findings.append(_finding(OTHER_BATCH, sku.code, item.quantity, text, **batches))


def _finding(kind: str, sku: str, quantity: int, text: Any, **more: str) -> dict[str, Any]:
    values = {"sku": sku, "quantity": quantity, **more}
    return {"kind": kind, **values, "says": str(text) % values}


def sent_batches(order_id: int) -> dict[int, set[str]]:
    """The batches that the order's parcels took along, by SKU; empty where none are kept."""
    numbers = Shipment.objects.filter(order=order_id, left_warehouse_at__isnull=False)
    rows = Movement.objects.filter(
        document__in=numbers.values("number"),
        reason=Movement.Reason.DISPATCHED,
        batch__isnull=False,
    ).values_list("level__sku", "batch__code")
    found: dict[int, set[str]] = {}
    for sku, code in rows:
        found.setdefault(sku, set()).add(code)
    return found


@transaction.atomic
def receive_return(
    return_id: int,
    *,
    seen: int | None,
    arrived: Sequence[Arrived],
    actor: Actor,
    accept: bool = False,
    note: str = "",
) -> Return:
    """The pieces that fit are received; they wait for inspection and are not in stock yet.

    What does not fit raises `Mismatch` with all findings. With `accept` the rest is received all
    the same, the findings stay on the return, and a work order tells customer service. A second
    parcel is added to the first.
    """
    actor.require("rma.receive_return")
    if not arrived:
        raise BadInput(_("Scan what is in the parcel."), fields={"arrived": ["empty"]})
    order, rma = locked(return_id, seen=seen)
    lines = lines_of(rma)
    found = _compare(lines, arrived, sent_batches(rma.order_id))
    if found.is_loud and not accept:
        raise Mismatch(found.findings)
    if not any(found.counts.values()):
        raise BadInput(
            _("Nothing of this fits the return. Note it as a parcel without RMA."),
            fields={"arrived": ["none"]},
        )
    for line in lines:
        line.received += found.counts[line.pk]
        line.batch_code = found.batches.get(line.pk, line.batch_code)
    rma.received_at = rma.received_at or moments.now()
    rma.findings = _all_findings(rma, found)
    advance(
        rma,
        "receive",
        actor=actor,
        fields=["received_at", "findings"],
        data={
            "number": rma.number,
            "lines": told_lines(lines),
            "findings": found.findings,
            "note": note.strip()[:300],
        },
    )
    ReturnLine.objects.bulk_update(lines, ["received", "batch_code"])
    if found.is_loud:
        _ask_service(order, rma, found.findings, actor)
    return rma


def _all_findings(rma: Return, found: Comparison) -> list[dict[str, Any]]:
    """Loud findings of earlier parcels stay; what is missing is what is missing now."""
    earlier = [finding for finding in rma.findings if finding["kind"] != MISSING]
    return [*earlier, *found.findings]


def _ask_service(
    order: Order, rma: Return, findings: Iterable[dict[str, Any]], actor: Actor
) -> None:
    open_work_orders(
        [
            WorkOrderDraft(
                order=order,
                kind=WorkOrderKind.RETURN,
                title=_("%(number)s: other goods came back than agreed. Talk to the customer.")
                % {"number": rma.number},
                detail={"return": rma.number, "findings": list(findings)},
                owner_role="cs",
            )
        ],
        actor=actor,
    )
