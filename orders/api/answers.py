"""Orders and their stories as JSON. Amounts are strings with two decimals, moments are UTC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from ordercenter.core.actor import Actor
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
    text,
)
from ordercenter.core.models import Event
from orders.masking import mask_any, mask_name, masked
from orders.models import Order, OrderKind, OrderState, PaymentState, Urgency
from orders.receiver import Receiver

SEE_RECEIVER = "orders.see_receiver_order"

# Fields of an event's before and after that tell who somebody is or where they live.
_PERSONAL = frozenset({"buyer_name", "receiver_name", "receiver_phone", "receiver_street"})


class Line(Protocol):
    """A line that was stored, or the draft of one."""

    @property
    def channel_line(self) -> str: ...
    @property
    def sku_code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def unit_price(self) -> Decimal: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def is_gift(self) -> bool: ...
    @property
    def refund_open(self) -> bool: ...


def order_as_json(
    order: Order, lines: Iterable[Line], *, shop: str, main_order: str | None, actor: Actor
) -> dict[str, Any]:
    """The order as this actor may see it: only what its version covers."""
    sees_all = actor.may(SEE_RECEIVER)
    return {
        "number": order.number,
        "shop": shop,
        "external_number": order.external_number,
        "version": order.version,
        "state": str(order.state),
        "state_since": moment(order.state_since),
        "kind": str(order.kind),
        "main_order": main_order,
        "urgency": str(order.urgency),
        "tags": list(order.tags),
        "currency": order.currency,
        "goods_amount": money(order.goods_amount),
        "freight": money(order.freight),
        "discount": money(order.discount),
        "total": money(order.total),
        "paid_amount": money(order.paid_amount),
        "payment_state": str(order.payment_state),
        "refund_open": order.refund_open,
        "placed_at": moment(order.placed_at),
        "paid_at": moment(order.paid_at),
        "ship_by": moment(order.ship_by),
        "dispatched_at": moment(order.dispatched_at),
        "delivered_at": moment(order.delivered_at),
        "buyer_name": order.buyer_name if sees_all else mask_name(order.buyer_name),
        "buyer_message": order.buyer_message,
        "seller_memo": order.seller_memo,
        "referrer_code": order.referrer_code,
        "receiver": receiver_as_json(order.receiver, sees_all=sees_all),
        "lines": [_line(line) for line in lines],
    }


def receiver_as_json(receiver: Receiver, *, sees_all: bool) -> dict[str, Any]:
    """The receiver, with stars for who may not see it."""
    shown = receiver if sees_all else masked(receiver)
    return {
        "name": shown.name,
        "phone": shown.phone,
        "province": shown.province,
        "city": shown.city,
        "district": shown.district,
        "street": shown.street,
        "is_masked": shown.is_masked,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "line": line.channel_line,
        "sku": line.sku_code,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price": money(line.unit_price),
        "amount": money(line.amount),
        "is_gift": line.is_gift,
        "refund_open": line.refund_open,
    }


def event_as_json(event: Event, actor: Actor) -> dict[str, Any]:
    """What happened, as this actor may see it: partners don't learn the names of our staff."""
    is_insider = actor.kind != "partner"
    is_named = is_insider or event.actor_kind != "person"
    return {
        "sequence": event.sequence,
        "kind": event.kind,
        "subject": event.subject_kind,
        "from_state": event.from_state or None,
        "to_state": event.to_state or None,
        "at": moment(event.at),
        "actor": {"kind": event.actor_kind, "label": event.actor_label if is_named else ""},
        "door": event.door,
        "data": event.data,
        "changes": _changes(event.changes, sees_all=actor.may(SEE_RECEIVER)),
    }


def _changes(changes: Mapping[str, Any], *, sees_all: bool) -> dict[str, Any]:
    if sees_all:
        return dict(changes)
    return {
        name: [mask_any(str(value)) for value in values] if name in _PERSONAL else values
        for name, values in changes.items()
    }


COMPONENTS: dict[str, Any] = {
    "Receiver": an_object(
        name=TEXT,
        phone=TEXT,
        province=TEXT,
        city=TEXT,
        district=TEXT,
        street=TEXT,
        is_masked=FLAG,
    ),
    "OrderLine": an_object(
        line=text(description="The number of the line in your system."),
        sku=TEXT,
        title=TEXT,
        quantity=NUMBER,
        unit_price=MONEY,
        amount=MONEY,
        is_gift=FLAG,
        refund_open=FLAG,
    ),
    "Order": an_object(
        number=text(example="OC2611220000001"),
        shop=TEXT,
        external_number=TEXT,
        version=NUMBER,
        state=text(enum=OrderState.values),
        state_since=MOMENT,
        kind=text(enum=OrderKind.values),
        main_order=MAYBE_TEXT,
        urgency=text(enum=Urgency.values),
        tags={"type": "array", "items": TEXT},
        currency=TEXT,
        goods_amount=MONEY,
        freight=MONEY,
        discount=MONEY,
        total=MONEY,
        paid_amount=MONEY,
        payment_state=text(enum=PaymentState.values),
        refund_open=FLAG,
        placed_at=MOMENT,
        paid_at=MAYBE_MOMENT,
        ship_by=MAYBE_MOMENT,
        dispatched_at=MAYBE_MOMENT,
        delivered_at=MAYBE_MOMENT,
        buyer_name=TEXT,
        buyer_message=TEXT,
        seller_memo=TEXT,
        referrer_code=TEXT,
        receiver={"$ref": "#/components/schemas/Receiver"},
        lines=a_list("OrderLine"),
    ),
    "OrderPage": a_page("Order"),
    "Event": an_object(
        sequence=NUMBER,
        kind=text(example="order.paid"),
        subject=TEXT,
        from_state=MAYBE_TEXT,
        to_state=MAYBE_TEXT,
        at=MOMENT,
        actor=an_object(kind=TEXT, label=TEXT),
        door=TEXT,
        data={"type": "object", "additionalProperties": True},
        changes={
            "type": "object",
            "additionalProperties": {"type": "array", "items": {}},
            "description": "For each field: before, after.",
        },
    ),
    "Timeline": an_object(
        results=a_list("Event"),
        last={"type": "integer", "description": "Ask `after` this the next time."},
        has_more=FLAG,
    ),
}
