"""The goods shall go somewhere else (B9)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.lifecycle import ask_guards
from ordercenter.core.timeline import changed, record, snapshot
from orders.cleaning import OF_RECEIVER, Finding, look_over, without
from orders.errors import TooLate
from orders.models import Order
from orders.models.orders import BEFORE_PACKING
from orders.receiver import COLUMNS, Receiver

_COMPLAINTS = {
    Finding.PHONE_MISSING: ("phone", _("Enter a phone number.")),
    Finding.PHONE_INVALID: ("phone", _("This phone number can't be dialled.")),
    Finding.ADDRESS_VAGUE: (
        "street",
        _("Enter province, city, district and a street with a house number."),
    ),
}


@transaction.atomic
def change_address(order_id: int, *, seen: int | None, receiver: Receiver, actor: Actor) -> Order:
    """The order goes to `receiver`; warehouse and waybill hear of it by the event.

    Raises `TooLate` once a parcel is packed or labelled, `BadInput` for an address nobody finds.
    """
    actor.require("orders.change_address_order")
    order = Order.objects.locked(order_id, seen=seen)
    if order.state not in BEFORE_PACKING:
        raise TooLate(
            _(
                "The goods are packed already. Unpack the parcel first, "
                "or ask the carrier to redirect it."
            )
        )
    ask_guards(order, "change_address", actor)
    if not receiver.is_masked:
        refuse_useless(receiver)
    before = snapshot(order, COLUMNS)
    for name, value in receiver.as_columns().items():
        setattr(order, name, value)
    changes = changed(before, snapshot(order, COLUMNS))
    if not changes:
        return order
    if not receiver.is_masked:
        order.tags = without(order.tags, OF_RECEIVER)
    order.save(update_fields=[*COLUMNS, "tags", "version"])
    record(order, "order.address_changed", actor=actor, changes=changes)
    return order


def refuse_useless(receiver: Receiver) -> None:
    """Return when a parcel could be sent there; raises `BadInput` beside each field."""
    findings = look_over(receiver, ())
    complaints = {
        field: [str(text)] for finding, (field, text) in _COMPLAINTS.items() if finding in findings
    }
    if complaints:
        raise BadInput(_("This address can't be delivered to."), fields=complaints)
