"""Returns as JSON: only what their version covers, and their refunds."""

from __future__ import annotations

from typing import Any

from ordercenter.core.api.parts import (
    FLAG,
    MAYBE_MOMENT,
    MAYBE_TEXT,
    MOMENT,
    MONEY,
    NUMBER,
    TEXT,
    a_list,
    a_page,
    an_object,
    moment,
    money,
)
from orders.models import PaymentMethod
from rma.models import RefundState, Return, ReturnKind, ReturnReason, ReturnState


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
    "ReturnCheck": an_object(code=TEXT, ok=FLAG, says=TEXT),
    "ReturnLine": an_object(
        line=TEXT,
        sku=TEXT,
        requested=NUMBER,
        authorised=NUMBER,
        received=NUMBER,
        good=NUMBER,
        defective=NUMBER,
        settled=NUMBER,
    ),
    "ReturnRefund": an_object(
        number=TEXT,
        method={**TEXT, "enum": PaymentMethod.values},
        amount=MONEY,
        state={**TEXT, "enum": RefundState.values},
        done_at=MAYBE_MOMENT,
    ),
    "Return": an_object(
        number={**TEXT, "example": "RMA261122000001"},
        order=TEXT,
        version=NUMBER,
        state={**TEXT, "enum": ReturnState.values},
        state_since=MOMENT,
        kind={**TEXT, "enum": ReturnKind.values},
        reason={**TEXT, "enum": ReturnReason.values},
        note=TEXT,
        decision=TEXT,
        refund_amount=MONEY,
        warehouse=MAYBE_TEXT,
        carrier=MAYBE_TEXT,
        tracking_number=MAYBE_TEXT,
        replacement_order=MAYBE_TEXT,
        requested_at=MOMENT,
        authorised_at=MAYBE_MOMENT,
        posted_at=MAYBE_MOMENT,
        received_at=MAYBE_MOMENT,
        inspected_at=MAYBE_MOMENT,
        settled_at=MAYBE_MOMENT,
        checks=a_list("ReturnCheck"),
        lines=a_list("ReturnLine"),
        refunds=a_list("ReturnRefund"),
    ),
    "ReturnPage": a_page("Return"),
}
