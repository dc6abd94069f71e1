"""One box, one view: everything about a customer (K2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch, QuerySet

from ordercenter.core.actor import Actor
from ordercenter.core.adminkit.story import Line, merged_story, who_name
from orders.care.actions.inquiries import ARRIVED_OR_OVER
from orders.care.models import Inquiry
from orders.fulfilment.models import Shipment
from orders.fulfilment.words import word as parcel_word
from orders.masking import mask_any, mask_name, mask_phone, masked
from orders.models import Customer, Order, WorkOrder, WorkOrderState
from orders.receiver import Receiver, tidy_text
from orders.search import search_orders
from orders.words import Reader, word
from rma.models import Return

MOST_FOUND = 50
MOST_ORDERS = 50
MOST_EVENTS = 50
MOST_NOTES = 3
SEE_RECEIVER = "orders.see_receiver_order"


@dataclass(frozen=True, slots=True)
class Card:
    """One order of the customer, with what belongs to it."""

    order: Order
    receiver: Receiver
    state: str
    customer_reads: str
    parcels: Sequence[tuple[Shipment, str]]
    returns: Sequence[Return]
    work: Sequence[WorkOrder]
    inquiry: Inquiry | None
    notes: Sequence[tuple[str, str]]

    @property
    def can_note(self) -> bool:
        """True while somebody may ask where it is."""
        return self.order.state not in ARRIVED_OR_OVER


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several customers that the words mean. `pick` opens them."""

    name: str
    phone: str
    number: str
    pick: str


@dataclass(frozen=True, slots=True)
class Story:
    """What the desk shows: nothing found, several customers to choose from, or one of them."""

    asked: str
    choices: Sequence[Choice] = ()
    name: str = ""
    phone: str = ""
    customer: Customer | None = None
    cards: Sequence[Card] = ()
    events: Sequence[tuple[str, Line]] = field(default_factory=tuple)

    @property
    def is_found(self) -> bool:
        return bool(self.cards)


def story_of(asked: str, *, actor: Actor, pick: str = "") -> Story:
    """The whole story of the customer whom a phone, number, waybill or name means.

    `pick` (`c` and a customer's or `o` and an order's id) chooses among several. The number of
    statements is the same for one order and for fifty.
    """
    clear = actor.may(SEE_RECEIVER)
    found = _found(asked)
    if pick:
        found = [order for order in found if _pick(order) == pick]
    people = {_pick(order): order for order in reversed(found)}
    if len(people) > 1:
        return Story(asked, choices=[_choice(key, people[key], clear) for key in people][::-1])
    if not found:
        return Story(asked)
    return _whole(asked, found[0], clear)


def _found(asked: str) -> list[Order]:
    """By waybill or parcel number first: nothing else looks like one that we know."""
    text = tidy_text(asked)[:64]
    if not text:
        return []
    related = ("customer", "shop")
    code = "".join(text.split()).upper()
    parcels = Shipment.objects.filter(waybill=code).values_list("order", flat=True)
    orders = list(Order.objects.filter(pk__in=parcels[:20]).select_related(*related))
    return orders or list(search_orders(text).select_related(*related)[:MOST_FOUND])


def _pick(order: Order) -> str:
    return f"c{order.customer_id}" if order.customer_id else f"o{order.pk}"


def _choice(pick: str, order: Order, clear: bool) -> Choice:
    receiver = order.receiver if clear else masked(order.receiver)
    return Choice(receiver.name, receiver.phone, order.number, pick)


def _whole(asked: str, order: Order, clear: bool) -> Story:
    rows = Order.objects.filter(pk=order.pk)
    if order.customer_id:
        rows = Order.objects.filter(customer=order.customer_id)
    orders = list(
        rows.select_related("shop")
        .prefetch_related(
            "lines",
            "notes",
            Prefetch("shipments", Shipment.objects.select_related("carrier").order_by("pk")),
            Prefetch("returns", Return.objects.order_by("-pk")),
            Prefetch("work_orders", _open_work(), to_attr="open_work"),
            Prefetch(
                "inquiries", Inquiry.objects.filter(answered_at__isnull=True), to_attr="asking"
            ),
        )
        .order_by("-placed_at", "-pk")[:MOST_ORDERS]
    )
    mask: Callable[[str], str] | None = None if clear else mask_any
    numbers = {one.stream: one.number for one in orders}
    events = merged_story(list(numbers), limit=MOST_EVENTS, mask=mask)
    name, phone = _person(order, clear)
    return Story(
        asked,
        name=name,
        phone=phone,
        customer=order.customer,
        cards=[_card(one, clear) for one in orders],
        events=[(numbers[stream], line) for stream, line in events],
    )


def _open_work() -> QuerySet[WorkOrder]:
    states = (WorkOrderState.OPEN, WorkOrderState.CLAIMED)
    return WorkOrder.objects.filter(state__in=states).order_by("pk")


def _person(order: Order, clear: bool) -> tuple[str, str]:
    person = order.customer
    name = (person.name if person else "") or order.receiver_name or order.buyer_name
    phone = (person.phone if person else "") or order.receiver_phone
    return (name, phone) if clear else (mask_name(name), mask_phone(phone))


def _card(order: Any, clear: bool) -> Card:
    return Card(
        order=order,
        receiver=order.receiver if clear else masked(order.receiver),
        state=word(order.state),
        customer_reads=word(order.state, Reader.CUSTOMER),
        parcels=[(parcel, parcel_word(parcel.state)) for parcel in order.shipments.all()],
        returns=list(order.returns.all()),
        work=order.open_work,
        inquiry=next(iter(order.asking), None),
        notes=[(note.text, who_name(note.author)) for note in list(order.notes.all())[:MOST_NOTES]],
    )
