"""What may be asked of an order: each verb with its input and the action it calls."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.api.lines import by_line
from ordercenter.core.api.shapes import (
    MOST_MONEY,
    Choice,
    Integer,
    Moment,
    Money,
    Nested,
    Several,
    Shape,
    Text,
)
from ordercenter.core.api.verbs import Values, Verb
from ordercenter.core.errors import BadInput
from orders import actions
from orders.actions import LineRevision
from orders.actions.notes import LONGEST_NOTE
from orders.api.placing import MOST_LINES, MOST_PIECES, RECEIVER, receiver_of
from orders.models import OrderLine, Urgency, UrgentReason

REASON = Text("reason", 200, required=True)
NOTHING = Shape()


def _pay(pk: int, seen: int, values: Values, actor: Actor) -> object:
    return actions.pay_order(
        pk, seen=seen, amount=values["amount"], paid_at=values["paid_at"], actor=actor
    )


def _change_address(pk: int, seen: int, values: Values, actor: Actor) -> object:
    receiver = receiver_of(values["receiver"])
    return actions.change_address(pk, seen=seen, receiver=receiver, actor=actor)


def _revise(pk: int, seen: int, values: Values, actor: Actor) -> object:
    ours = dict(OrderLine.objects.filter(order=pk).values_list("channel_line", "pk"))
    named = by_line(values["lines"], ours, unknown=_("The order has no such line."))
    if sum(row["unit_price"] * row["quantity"] for row in values["lines"]) > MOST_MONEY:
        raise BadInput(fields={"lines": [str(_("The amount is too large."))]})
    revisions = [
        LineRevision(line, row["sku"], row["quantity"], row["unit_price"]) for line, row in named
    ]
    return actions.revise_order(
        pk, seen=seen, revisions=revisions, reason=values["reason"], actor=actor
    )


def _urgency(pk: int, seen: int, values: Values, actor: Actor) -> object:
    urgency, note = Urgency(values["urgency"]), values["note"]
    if urgency == Urgency.NORMAL:
        return actions.set_urgency(pk, seen=seen, urgency=urgency, reason=note, actor=actor)
    missing = {
        name: [str(_("This is required."))] for name in ("wanted_by", "reason") if not values[name]
    }
    if missing:
        raise BadInput(fields=missing)
    return actions.mark_urgent(
        pk,
        seen=seen,
        urgency=urgency,
        wanted_by=values["wanted_by"],
        reason=UrgentReason(values["reason"]),
        note=note,
        actor=actor,
    )


REVISED_LINE = Shape(
    Text("line", 64, required=True),
    Text("sku", 64, required=True),
    Integer("quantity", 1, MOST_PIECES, required=True),
    Money("unit_price", required=True),
)

VERBS = (
    Verb(
        "pay",
        "The buyer has paid",
        Shape(Money("amount", required=True), Moment("paid_at")),
        _pay,
    ),
    Verb(
        "approve",
        "Reviewed, nothing wrong with it",
        NOTHING,
        lambda pk, seen, values, actor: actions.approve_order(pk, seen=seen, actor=actor),
    ),
    Verb(
        "send_back",
        "Something must be looked at again",
        Shape(REASON),
        lambda pk, seen, values, actor: actions.send_back_order(
            pk, seen=seen, reason=values["reason"], actor=actor
        ),
    ),
    Verb(
        "confirm_funds",
        "Finance has found the money",
        NOTHING,
        lambda pk, seen, values, actor: actions.confirm_funds_order(pk, seen=seen, actor=actor),
    ),
    Verb(
        "cancel",
        "Call the order off before its goods leave",
        Shape(REASON),
        lambda pk, seen, values, actor: actions.cancel_order(
            pk, seen=seen, reason=values["reason"], actor=actor
        ),
    ),
    Verb(
        "close",
        "It ended another way after goods had left",
        Shape(REASON),
        lambda pk, seen, values, actor: actions.close_order(
            pk, seen=seen, reason=values["reason"], actor=actor
        ),
    ),
    Verb(
        "complete",
        "The promise is kept",
        NOTHING,
        lambda pk, seen, values, actor: actions.complete_order(pk, seen=seen, actor=actor),
    ),
    Verb(
        "change_address",
        "The goods shall go somewhere else",
        Shape(Nested("receiver", RECEIVER, required=True)),
        _change_address,
    ),
    Verb(
        "revise",
        "Change what was ordered",
        Shape(
            Several("lines", Nested("line", REVISED_LINE), MOST_LINES, required=True),
            REASON,
        ),
        _revise,
    ),
    Verb(
        "allocate",
        "Promise stock to an order that has none",
        NOTHING,
        lambda pk, seen, values, actor: actions.allocate_order(pk, seen=seen, actor=actor),
    ),
    Verb(
        "hold",
        "Stop it until somebody resolves the hold",
        Shape(REASON),
        lambda pk, seen, values, actor: actions.hold_order(
            pk, reason=values["reason"], actor=actor
        ),
    ),
    Verb(
        "note",
        "Write what the next person must know",
        Shape(Text("text", LONGEST_NOTE, required=True)),
        lambda pk, seen, values, actor: actions.add_note(pk, text=values["text"], actor=actor),
    ),
    Verb(
        "urgency",
        "Say how pressing it is",
        Shape(
            Choice("urgency", tuple(Urgency.values), required=True),
            Moment("wanted_by", about="It must leave by then; with every urgency but normal."),
            Choice("reason", tuple(UrgentReason.values), about="With every urgency but normal."),
            Text("note", 200),
        ),
        _urgency,
    ),
)
