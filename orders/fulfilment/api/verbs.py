"""What may be asked of a shipment."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.api.shapes import Integer, Nested, Several, Shape, Text
from ordercenter.core.api.verbs import Values, Verb
from ordercenter.core.errors import BadInput
from orders.fulfilment import actions
from orders.fulfilment.actions.pack import HEAVIEST_GRAMS
from orders.fulfilment.models import Carrier

MOST_LINES = 200
MOST_PIECES = 100_000

NOTHING = Shape()
REASON = Shape(Text("reason", 200, required=True))
PACKED = Shape(
    Text("sku", 64, required=True, about="SKU code or barcode."),
    Integer("quantity", 1, MOST_PIECES, required=True),
)


def _pack(pk: int, seen: int, values: Values, actor: Actor) -> object:
    pieces: Counter[str] = Counter()
    for row in values["pieces"] or ():
        pieces[row["sku"]] += row["quantity"]
    return actions.pack_shipment(
        pk,
        seen=seen,
        quantities=pieces if values["pieces"] else None,
        weight_grams=values["weight_grams"],
        actor=actor,
    )


def _set_carrier(pk: int, seen: int, values: Values, actor: Actor) -> object:
    carrier = Carrier.objects.filter(code=values["carrier"], is_active=True).first()
    if carrier is None:
        raise BadInput(fields={"carrier": [str(_("There is no such carrier."))]})
    return actions.set_carrier(
        pk, seen=seen, carrier=carrier.pk, waybill=values["waybill"], actor=actor
    )


VERBS = (
    Verb(
        "release",
        "The warehouse may begin with it",
        NOTHING,
        lambda pk, seen, values, actor: actions.release_shipment(pk, seen=seen, actor=actor),
    ),
    Verb(
        "start_picking",
        "Somebody collects its goods",
        NOTHING,
        lambda pk, seen, values, actor: actions.start_picking(pk, seen=seen, actor=actor),
    ),
    Verb(
        "pack",
        "The parcel is closed with every piece in it",
        Shape(
            Several(
                "pieces",
                Nested("piece", PACKED),
                MOST_LINES,
                about="What was put in; leave it out when it was scanned piece by piece.",
            ),
            Integer("weight_grams", 1, HEAVIEST_GRAMS),
        ),
        _pack,
    ),
    Verb(
        "unpack",
        "The parcel is open again",
        REASON,
        lambda pk, seen, values, actor: actions.unpack_shipment(
            pk, seen=seen, reason=values["reason"], actor=actor
        ),
    ),
    Verb(
        "set_carrier",
        "Say who takes it, under which waybill number",
        Shape(Text("carrier", 40, required=True), Text("waybill", 40)),
        _set_carrier,
    ),
    Verb(
        "print_label",
        "It has its label; the address stays from now on",
        NOTHING,
        lambda pk, seen, values, actor: actions.print_label(pk, seen=seen, actor=actor),
    ),
    Verb(
        "void_label",
        "The label counts for nothing",
        REASON,
        lambda pk, seen, values, actor: actions.void_label(
            pk, seen=seen, reason=values["reason"], actor=actor
        ),
    ),
    Verb(
        "dispatch",
        "It has left the building",
        NOTHING,
        lambda pk, seen, values, actor: actions.dispatch_shipment(pk, seen=seen, actor=actor),
    ),
    Verb(
        "cancel",
        "It will not leave",
        REASON,
        lambda pk, seen, values, actor: actions.cancel_shipment(
            pk, seen=seen, reason=values["reason"], actor=actor
        ),
    ),
)
