"""What may be asked of a return."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.api.lines import by_line
from ordercenter.core.api.shapes import Flag, Integer, Money, Nested, Several, Shape, Text
from ordercenter.core.api.verbs import Values, Verb
from ordercenter.core.errors import BadInput
from orders.fulfilment.models import Carrier
from rma import actions
from rma.actions import Arrived, Inspected
from rma.models import ReturnLine

MOST_LINES = 200
MOST_PIECES = 100_000

REASON = Shape(Text("reason", 200, required=True))
AGREED = Shape(Text("line", 64, required=True), Integer("quantity", 0, MOST_PIECES, required=True))
ARRIVED = Shape(
    Text("sku", 64, required=True, about="SKU code or barcode."),
    Integer("quantity", 1, MOST_PIECES, required=True),
    Text("batch", 40),
)
INSPECTED = Shape(
    Text("line", 64, required=True),
    Integer("good", 0, MOST_PIECES, required=True),
    Integer("defective", 0, MOST_PIECES, required=True),
    Text("bin", 20),
    Text("note", 300),
)


def _named(pk: int, rows: Sequence[Values]) -> list[tuple[ReturnLine, Values]]:
    """The lines of the return that these rows name, each beside its row. Raises `BadInput`."""
    lines = ReturnLine.objects.filter(rma=pk).select_related("order_line")
    known = {line.order_line.channel_line: line for line in lines}
    return by_line(rows, known, unknown=_("The return has no such line."))


def _authorise(pk: int, seen: int, values: Values, actor: Actor) -> object:
    named = _named(pk, values["lines"] or ())
    agreed = {line.order_line_id: row["quantity"] for line, row in named}
    return actions.authorise_return(
        pk,
        seen=seen,
        quantities=agreed if values["lines"] else None,
        amount=values["amount"],
        note=values["note"],
        actor=actor,
    )


def _post(pk: int, seen: int, values: Values, actor: Actor) -> object:
    carrier = None
    if values["carrier"]:
        carrier = Carrier.objects.filter(code=values["carrier"], is_active=True).first()
        if carrier is None:
            raise BadInput(fields={"carrier": [str(_("There is no such carrier."))]})
    return actions.post_return(
        pk,
        seen=seen,
        tracking_number=values["tracking_number"],
        carrier=carrier.pk if carrier else None,
        actor=actor,
    )


def _receive(pk: int, seen: int, values: Values, actor: Actor) -> object:
    return actions.receive_return(
        pk,
        seen=seen,
        arrived=[Arrived(row["sku"], row["quantity"], row["batch"]) for row in values["pieces"]],
        accept=values["accept"],
        note=values["note"],
        actor=actor,
    )


def _inspect(pk: int, seen: int, values: Values, actor: Actor) -> object:
    results = [
        Inspected(line.pk, row["good"], row["defective"], bin=row["bin"], note=row["note"])
        for line, row in _named(pk, values["lines"])
    ]
    return actions.inspect_return(pk, seen=seen, results=results, actor=actor)


VERBS = (
    Verb(
        "authorise",
        "We agree to it",
        Shape(
            Several(
                "lines",
                Nested("line", AGREED),
                MOST_LINES,
                about="Pieces we agree to; all that was asked for when you leave it out.",
            ),
            Money("amount", about="What is paid back; what the pieces are worth without it."),
            Text("note", 300),
        ),
        _authorise,
    ),
    Verb(
        "refuse",
        "We don't agree",
        REASON,
        lambda pk, seen, values, actor: actions.refuse_return(
            pk, seen=seen, reason=values["reason"], actor=actor
        ),
    ),
    Verb(
        "post",
        "The customer has given the goods to a carrier",
        Shape(Text("tracking_number", 40, required=True), Text("carrier", 40)),
        _post,
    ),
    Verb(
        "receive",
        "The goods have arrived",
        Shape(
            Several("pieces", Nested("piece", ARRIVED), MOST_LINES, required=True),
            Flag("accept", about="Receive what fits although something does not."),
            Text("note", 300),
        ),
        _receive,
    ),
    Verb(
        "inspect",
        "Every piece was looked at",
        Shape(Several("lines", Nested("line", INSPECTED), MOST_LINES, required=True)),
        _inspect,
    ),
    Verb(
        "settle",
        "Money goes back, or new goods go out",
        Shape(Money("amount"), Text("note", 300)),
        lambda pk, seen, values, actor: actions.settle_return(
            pk, seen=seen, amount=values["amount"], note=values["note"], actor=actor
        ),
    ),
    Verb(
        "close",
        "It ends without money or new goods",
        REASON,
        lambda pk, seen, values, actor: actions.close_return(
            pk, seen=seen, reason=values["reason"], actor=actor
        ),
    ),
)
