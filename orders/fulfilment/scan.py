"""What the scan page shows: today's parcels, one parcel's card, and what changed meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Sum, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.adminkit.story import who_name
from ordercenter.core.models import Event
from orders.fulfilment.actions.common import lines_of
from orders.fulfilment.events import WORDS
from orders.fulfilment.models import Carrier, Shipment, ShipmentLine, ShipmentState
from orders.models import Order, OrderNote, Urgency, WorkOrder, WorkOrderState

MOST_PER_AREA = 60
_PICKING = (ShipmentState.RELEASED, ShipmentState.PICKING)
_URGENCY_FIRST = Case(
    *[
        When(order__urgency=urgency, then=Value(rank))
        for rank, urgency in enumerate((Urgency.RED, Urgency.ORANGE, Urgency.YELLOW))
    ],
    default=Value(9),
    output_field=IntegerField(),
)


@dataclass(frozen=True, slots=True)
class Area:
    """A place in the warehouse with the parcels that wait there."""

    key: str
    title: str | Promise
    shipments: Sequence[Shipment]


def areas(actor: Actor) -> list[Area]:
    """The parcels that are in the house, by the place where they wait, most pressing first."""
    places: list[tuple[str, str | Promise, Q]] = [
        ("pack", _("Packing area"), Q(state__in=_PICKING)),
        ("label", _("Labelling area"), Q(state=ShipmentState.PACKED, label_printed_at=None)),
        (
            "pickup",
            _("Waiting for pickup"),
            Q(state=ShipmentState.PACKED, label_printed_at__isnull=False),
        ),
    ]
    if actor.may("fulfilment.release_shipment"):
        places.insert(0, ("release", _("To be released"), Q(state=ShipmentState.PLANNED)))
    return [Area(key, title, list(_waiting(where))) for key, title, where in places]


def _waiting(where: Q) -> QuerySet[Shipment]:
    return (
        Shipment.objects.filter(where)
        .exclude(order__state__in=["cancelled", "closed"])
        .select_related("order", "warehouse", "carrier")
        .annotate(
            pressing=_URGENCY_FIRST,
            pieces=Sum("lines__quantity"),
            checked=Sum("lines__packed"),
            has_notes=Exists(OrderNote.objects.filter(order=OuterRef("order"))),
        )
        .order_by("pressing", "order__ship_by", "pk")[:MOST_PER_AREA]
    )


def find(code: str) -> list[Shipment]:
    """The parcels that a shipment number, a waybill or an order number means; live ones first."""
    wanted = "".join(code.split()).upper()
    if not wanted:
        return []
    known = Shipment.objects.select_related("order")
    found = known.filter(Q(number=wanted) | Q(waybill=wanted))
    if not found:
        orders = Order.objects.filter(Q(number=wanted) | Q(external_number=code.strip()))[:20]
        found = known.filter(order__in=list(orders.values_list("pk", flat=True)))
    return sorted(found, key=lambda shipment: (not shipment.is_live, shipment.pk))


@dataclass(frozen=True, slots=True)
class Word:
    """Something to be read before work begins, and where it comes from."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """One parcel as the packer sees it. `seen` and `after` go along with every step."""

    shipment: Shipment
    lines: Sequence[ShipmentLine]
    words: Sequence[Word]
    fingerprint: str
    is_read: bool
    blocking: Sequence[WorkOrder]
    siblings: Sequence[Shipment]
    carriers: Sequence[Carrier]
    seen: int
    after: int

    @property
    def is_open(self) -> bool:
        """True while pieces can be scanned."""
        return self.shipment.state in _PICKING

    @property
    def is_complete(self) -> bool:
        return all(line.packed >= line.quantity for line in self.lines)


def card_of(shipment: Shipment, read: str) -> Card:
    """The card; items are shown once `read` is the fingerprint of all present notes."""
    order = shipment.order
    words = words_of(order)
    fingerprint = _fingerprint(words)
    return Card(
        shipment=shipment,
        lines=lines_of(shipment),
        words=words,
        fingerprint=fingerprint,
        is_read=not words or read == fingerprint,
        blocking=_blocking(order),
        siblings=[
            other for other in order.shipments.order_by("pk") if other.is_live and other != shipment
        ],
        carriers=list(Carrier.objects.filter(is_active=True)),
        seen=shipment.version,
        after=_last_sequence(shipment.stream),
    )


def words_of(order: Order) -> list[Word]:
    """Everything a packer must know before touching the goods: urgency, notes, messages."""
    words = []
    if order.urgency != Urgency.NORMAL:
        words.append(Word(str(_("Urgency")), str(order.get_urgency_display())))
    words += [
        Word(str(_("Note by %(author)s") % {"author": who_name(n.author)}), n.text)
        for n in order.notes.all()
    ]
    if order.buyer_message:
        words.append(Word(str(_("The buyer says")), order.buyer_message))
    if order.seller_memo:
        words.append(Word(str(_("Shop's memo")), order.seller_memo))
    return words


def _fingerprint(words: Sequence[Word]) -> str:
    """Changes when a word is added or changed, so that nobody packs past a new note."""
    text = "\x1f".join(word.text for word in words)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _blocking(order: Order) -> list[WorkOrder]:
    rows = WorkOrder.objects.filter(
        order=order, state__in=[WorkOrderState.OPEN, WorkOrderState.CLAIMED]
    )
    return list(rows.filter(Q(blocks__contains=["pack"]) | Q(blocks__contains=["dispatch"])))


def _last_sequence(stream: str) -> int:
    last = Event.objects.filter(stream=stream).order_by("-sequence").first()
    return last.sequence if last else 0


def what_changed(shipment: Shipment, after: int) -> str:
    """What others did to this parcel after that event of its story: who did what."""
    events = Event.objects.filter(
        stream=shipment.stream,
        sequence__gt=after,
        subject_kind=Shipment.KIND,
        subject_id=shipment.pk,
    ).order_by("sequence")
    told = [f"{who_name(e.actor_label)}: {WORDS.get(e.kind, e.kind)}" for e in events[:5]]
    return "；".join(told)
