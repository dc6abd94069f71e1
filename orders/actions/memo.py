"""What the seller writes down for themselves."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.timeline import record
from orders.models import Order

LONGEST_MEMO = 1000


@transaction.atomic
def set_memo(order_id: int, *, seen: int | None, text: str, actor: Actor) -> Order:
    """The order has this seller's memo; an empty one removes it. Raises `BadInput` for too much."""
    actor.require("orders.note_order")
    check_memo(text)
    order = Order.objects.locked(order_id, seen=seen)
    if text == order.seller_memo:
        return order
    changes = {"seller_memo": [order.seller_memo, text]}
    order.seller_memo = text
    order.save(update_fields=["seller_memo", "version"])
    record(order, "order.memo_set", actor=actor, changes=changes)
    return order


def check_memo(text: str) -> None:
    """Return for a memo that an order can hold; raises `BadInput` otherwise."""
    if len(text) > LONGEST_MEMO or "\x00" in text:
        raise BadInput(
            _("A memo has at most %(most)d characters.") % {"most": LONGEST_MEMO},
            fields={"seller_memo": ["length"]},
        )
