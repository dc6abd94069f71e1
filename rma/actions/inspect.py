"""Somebody looks at every piece and decides: good again, or defective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inventory.actions import Receipt, receive_goods
from inventory.models import Movement
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.lifecycle import advance
from rma.actions.common import lines_of, locked, told_lines
from rma.actions.receive import sent_batches
from rma.actions.settle import settle_by_rule
from rma.models import Return, ReturnLine


@dataclass(frozen=True, slots=True)
class Inspected:
    """What became of one return line's pieces. The batch is kept where it is known."""

    line: int
    ok: int
    defective: int
    bin: str = ""
    note: str = ""


@transaction.atomic
def inspect_return(
    return_id: int, *, seen: int | None, results: Sequence[Inspected], actor: Actor
) -> Return:
    """Good pieces can be sold again, defective ones lie apart; the ledger names the RMA number.

    Where the rules agree the customer's money or new goods are on their way afterwards. Raises
    `BadInput` unless every received piece is decided.
    """
    actor.require("rma.inspect_return")
    order, rma = locked(return_id, seen=seen)
    lines = lines_of(rma)
    bins = _decide(lines, results)
    rma.inspected_at = moments.now()
    advance(
        rma,
        "inspect",
        actor=actor,
        fields=["inspected_at"],
        data={"number": rma.number, "lines": told_lines(lines)},
    )
    ReturnLine.objects.bulk_update(lines, ["ok", "defective", "note"])
    _put_into_stock(rma, lines, bins, actor)
    settle_by_rule(order, rma, lines)
    return rma


def _decide(lines: Sequence[ReturnLine], results: Sequence[Inspected]) -> dict[int, str]:
    """Write the results onto the lines; the bin of each line's good pieces."""
    given = {result.line: result for result in results}
    unknown = set(given) - {line.pk for line in lines}
    wrong = []
    for line in lines:
        result = given.get(line.pk, Inspected(line.pk, 0, 0))
        if min(result.ok, result.defective) < 0 or (result.ok + result.defective != line.received):
            wrong.append(f"{line.sku.code} {result.ok}+{result.defective}/{line.received}")
        line.ok, line.defective, line.note = result.ok, result.defective, result.note.strip()[:300]
    if wrong or unknown:
        raise BadInput(
            _("Decide on every piece that came: %(list)s.") % {"list": "、".join(wrong)},
            fields={"results": wrong or ["unknown line"]},
        )
    return {result.line: result.bin for result in results}


def _put_into_stock(
    rma: Return, lines: Sequence[ReturnLine], bins: dict[int, str], actor: Actor
) -> None:
    if rma.warehouse_id is None:
        raise BadInput(
            _("Say which warehouse the goods are in first."), fields={"warehouse": ["empty"]}
        )
    sent = sent_batches(rma.order_id)
    receive_goods(
        [
            Receipt(
                sku=line.sku_id,
                warehouse=rma.warehouse_id,
                quantity=line.ok,
                defective=line.defective,
                bin_code=bins.get(line.pk, ""),
                batch_code=_batch(line, sent),
            )
            for line in lines
            if line.inspected
        ],
        document=rma.number,
        actor=actor,
        reason=Movement.Reason.RETURNED,
    )


def _batch(line: ReturnLine, sent: dict[int, set[str]]) -> str:
    """The batch that was read from the goods, else the only one that was sent."""
    known = sent.get(line.sku_id, set())
    return line.batch_code or (next(iter(known)) if len(known) == 1 else "")
