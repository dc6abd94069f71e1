"""Returns as JSON: only what their version covers, and their refunds."""

from __future__ import annotations

from typing import Any

from orders.api.answers import a_list, a_page, an_object, moment, money
from orders.models import PaymentMethod
from rma.models import RefundState, Return, ReturnKind, ReturnReason, ReturnState

_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE_TEXT: dict[str, Any] = {"type": "string", "nullable": True}
_NUMBER: dict[str, Any] = {"type": "integer"}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT: dict[str, Any] = {**_MOMENT, "nullable": True}
_MONEY: dict[str, Any] = {**_TEXT, "example": "128.00"}


def return_as_json(rma: Return) -> dict[str, Any]:
    """The return with lines, checks and refunds."""
    return {
        "number": rma.number,
        "order": rma.order.number,
        "version": rma.version,
        "state": str(rma.state),
        "state_since": moment(rma.state_since),
        "kind": str(rma.kind),
        "reason": str(rma.reason),
        "note": rma.note,
        "decision": rma.decision,
        "refund_amount": money(rma.refund_amount),
        "warehouse": rma.warehouse.code if rma.warehouse else None,
        "carrier": rma.carrier.code if rma.carrier else None,
        "tracking_number": rma.tracking_number or None,
        "replacement_order": rma.replacement.number if rma.replacement else None,
        "requested_at": moment(rma.requested_at),
        "authorised_at": moment(rma.authorised_at),
        "posted_at": moment(rma.posted_at),
        "received_at": moment(rma.received_at),
        "inspected_at": moment(rma.inspected_at),
        "settled_at": moment(rma.settled_at),
        "checks": [{key: check[key] for key in ("code", "ok", "says")} for check in rma.checks],
        "lines": [
            {
                "line": line.order_line.channel_line,
                "sku": line.sku.code,
                "requested": line.requested,
                "authorised": line.authorised,
                "received": line.received,
                "good": line.ok,
                "defective": line.defective,
                "settled": line.settled,
            }
            for line in rma.lines.all()
        ],
        "refunds": [
            {
                "number": refund.number,
                "method": str(refund.method),
                "amount": money(refund.amount),
                "state": str(refund.state),
                "done_at": moment(refund.done_at),
            }
            for refund in rma.refunds.all()
        ],
    }


COMPONENTS: dict[str, Any] = {
    "ReturnCheck": an_object(code=_TEXT, ok={"type": "boolean"}, says=_TEXT),
    "ReturnLine": an_object(
        line=_TEXT,
        sku=_TEXT,
        requested=_NUMBER,
        authorised=_NUMBER,
        received=_NUMBER,
        good=_NUMBER,
        defective=_NUMBER,
        settled=_NUMBER,
    ),
    "ReturnRefund": an_object(
        number=_TEXT,
        method={**_TEXT, "enum": PaymentMethod.values},
        amount=_MONEY,
        state={**_TEXT, "enum": RefundState.values},
        done_at=_MAYBE_MOMENT,
    ),
    "Return": an_object(
        number={**_TEXT, "example": "RMA261122000001"},
        order=_TEXT,
        version=_NUMBER,
        state={**_TEXT, "enum": ReturnState.values},
        state_since=_MOMENT,
        kind={**_TEXT, "enum": ReturnKind.values},
        reason={**_TEXT, "enum": ReturnReason.values},
        note=_TEXT,
        decision=_TEXT,
        refund_amount=_MONEY,
        warehouse=_MAYBE_TEXT,
        carrier=_MAYBE_TEXT,
        tracking_number=_MAYBE_TEXT,
        replacement_order=_MAYBE_TEXT,
        requested_at=_MOMENT,
        authorised_at=_MAYBE_MOMENT,
        posted_at=_MAYBE_MOMENT,
        received_at=_MAYBE_MOMENT,
        inspected_at=_MAYBE_MOMENT,
        settled_at=_MAYBE_MOMENT,
        checks=a_list("ReturnCheck"),
        lines=a_list("ReturnLine"),
        refunds=a_list("ReturnRefund"),
    ),
    "ReturnPage": a_page("Return"),
}
