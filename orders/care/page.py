"""What the customer sees of their order: facts in their words, and what they can still do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse
from ordercenter.core import moments
from ordercenter.core.models import Event
from orders.care.actions.inquiries import ARRIVED_OR_OVER
from orders.care.estimate import Estimate, estimate_for
from orders.care.models import Inquiry
from orders.care.tickets import order_ticket, photo_ticket
from orders.fulfilment.models import Shipment, ShipmentState, TrackingPoint
from orders.fulfilment.words import word as parcel_word
from orders.masking import masked
from orders.models import Attachment, Order, OrderLine, OrderState, WorkOrder, WorkOrderKind
from orders.models.orders import BEFORE_PACKING
from orders.receiver import Receiver
from orders.words import Reader, word
from rma.models import Refund, RefundState, Return, ReturnState
from rma.models.returns import BEFORE_ARRIVAL
from rma.selectors import Step as ReturnStep
from rma.selectors import steps_of

MOST_EVENTS = 30
MOST_PHOTOS = 9
MOST_RETURNS = 5
# What a customer is told of; everything else stays in the house.
STORY: dict[str, str | Promise] = {
    "order.placed": _("Ordered"),
    "order.paid": _("Paid"),
    "order.released_to_warehouse": _("The warehouse prepares your goods"),
    "order.packed": _("Your goods are packed"),
    "order.dispatched": _("Your goods have left the warehouse"),
    "order.in_transit": _("The carrier has your goods"),
    "order.delivered": _("Delivered"),
    "order.completed": _("Completed"),
    "order.cancelled": _("Cancelled"),
    "order.address_changed": _("The address was changed"),
    "order.urged": _("You asked us to hurry"),
    "inquiry.asked": _("You asked where it is"),
    "inquiry.answered": _("We told you where it is"),
    "return.requested": _("You asked for a return"),
}
ROAD: tuple[tuple[str | Promise, tuple[OrderState, ...]], ...] = (
    (_("Ordered"), (OrderState.PENDING_PAYMENT, OrderState.PENDING_REVIEW)),
    (_("Prepared"), (OrderState.PENDING_FINANCE, OrderState.PREPARING, OrderState.PACKED)),
    (_("On its way"), (OrderState.DISPATCHED, OrderState.IN_TRANSIT)),
    (_("Delivered"), (OrderState.DELIVERED, OrderState.COMPLETED)),
)


@dataclass(frozen=True, slots=True)
class Step:
    title: str | Promise
    mark: str


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the customer's story."""

    what: str | Promise
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    shipment: Shipment
    state: str
    points: Sequence[TrackingPoint]


@dataclass(frozen=True, slots=True)
class Undoing:
    """A return as its customer follows it: steps, where to send the goods, the money."""

    rma: Return
    steps: Sequence[ReturnStep]
    refunds: Sequence[Refund]

    @property
    def send_to(self) -> Warehouse | None:
        """Where the goods go as long as they have not arrived."""
        is_due = self.rma.has_parcel and self.rma.state in BEFORE_ARRIVAL
        return self.rma.warehouse if is_due else None

    @property
    def can_post(self) -> bool:
        return self.send_to is not None and self.rma.state == ReturnState.AUTHORISED


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the customer's page; the ticket goes along with each step."""

    order: Order
    ticket: str
    state: str
    road: Sequence[Step]
    estimate: Estimate
    lines: Sequence[OrderLine]
    parcels: Sequence[Parcel]
    photos: Sequence[str]
    story: Sequence[Told]
    returns: Sequence[Undoing]
    receiver: Receiver
    was_urged: bool
    inquiry: Inquiry | None

    @property
    def can_change_address(self) -> bool:
        """False for receivers that the channel keeps: they are changed there."""
        hidden = self.order.receiver_is_masked or self.order.receiver_token
        printed = any(p.shipment.label_printed_at for p in self.parcels)
        return self.order.state in BEFORE_PACKING and not hidden and not printed

    @property
    def can_ask(self) -> bool:
        return self.order.state not in (OrderState.PENDING_PAYMENT, *ARRIVED_OR_OVER)

    @property
    def can_return(self) -> bool:
        return self.order.state in (OrderState.DELIVERED, OrderState.COMPLETED)


def page_of(order_id: int) -> Page:
    """The customer's page; a fixed number of statements."""
    order = Order.objects.select_related("shop").get(pk=order_id)
    shipments = list(
        order.shipments.exclude(state=ShipmentState.CANCELLED)
        .select_related("carrier")
        .prefetch_related(Prefetch("points", TrackingPoint.objects.order_by("-at", "-pk")))
        .order_by("pk")
    )
    open_work = WorkOrder.objects.filter(
        order=order, kind=WorkOrderKind.URGED, state__in=["open", "claimed"]
    )
    return Page(
        order=order,
        ticket=order_ticket(order.pk),
        state=word(order.state, Reader.CUSTOMER),
        road=_road(order),
        estimate=estimate_for(order, shipments),
        lines=list(order.lines.order_by("pk")),
        parcels=[
            Parcel(s, parcel_word(s.state, Reader.CUSTOMER), list(s.points.all()))
            for s in shipments
        ],
        photos=[photo_ticket(photo.pk) for photo in photos_of(order)[:MOST_PHOTOS]],
        story=_story(order),
        returns=_returns(order),
        receiver=masked(order.receiver),
        was_urged=open_work.exists(),
        inquiry=Inquiry.objects.filter(order=order, answered_at__isnull=True).first(),
    )


def _returns(order: Order) -> list[Undoing]:
    back = Refund.objects.filter(state=RefundState.SUCCEEDED).order_by("pk")
    rows = (
        Return.objects.filter(order=order)
        .select_related("warehouse")
        .prefetch_related(Prefetch("refunds", back, to_attr="paid_back"))
        .order_by("-pk")[:MOST_RETURNS]
    )
    return [Undoing(rma, steps_of(rma), rma.paid_back) for rma in rows]


def photos_of(order: Order) -> QuerySet[Attachment]:
    """Photos from before the goods left; later ones (returns, damage) are the house's own."""
    until = order.dispatched_at or moments.now()
    return Attachment.objects.filter(order=order, kind=Attachment.Kind.PHOTO, at__lte=until)


def _road(order: Order) -> list[Step]:
    here = next((n for n, (_t, states) in enumerate(ROAD) if order.state in states), None)
    if here is None:
        return []
    marks = ("done", "now", "ahead")
    return [Step(title, marks[(n >= here) + (n > here)]) for n, (title, _states) in enumerate(ROAD)]


def _story(order: Order) -> list[Told]:
    events = Event.objects.filter(stream=order.stream, kind__in=list(STORY)).order_by("-sequence")
    return [Told(STORY[e.kind], e.at, _text(e)) for e in events[:MOST_EVENTS]]


def _text(event: Event) -> str:
    if event.kind != "inquiry.answered":
        return ""
    parts = dict.fromkeys(str(event.data.get(name) or "") for name in ("place", "reason"))
    if expected := parse_datetime(str(event.data.get("expected_at") or "")):
        by = f"{expected.astimezone(moments.SHANGHAI):%m-%d %H:%M}"
        parts[str(_("expected %(by)s") % {"by": by})] = None
    return " · ".join(part for part in parts if part)
