"""The order card: five dimensions of one order on one page (K2), and its timeline.

Rooms above add sections of their own (parcels, what the channel knows) with `add_section`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from inventory.models import Reservation
from ordercenter.core import moments
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.counts import as_badge, capped_count
from ordercenter.core.adminkit.story import Line, name_values, story, who_name
from ordercenter.core.models import Escalation, Event, Timer
from ordercenter.core.visitors import may
from orders.admin.dialogs import SEE_RECEIVER
from orders.cleaning import Finding
from orders.masking import mask_any, mask_name, masked
from orders.models import Order, OrderLine, OrderState, WorkOrder
from orders.receiver import Receiver
from orders.words import Reader, word


class Dimension(StrEnum):
    CUSTOMER = "customer"
    GOODS = "goods"
    PROCESS = "process"
    COLLABORATION = "collaboration"
    RISK = "risk"


Build = Callable[[Order, HttpRequest], dict[str, Any] | None]

_sections: dict[Dimension, list[tuple[str, Build]]] = {dimension: [] for dimension in Dimension}

# The road an order goes when nothing goes wrong.
ROAD = (
    OrderState.PENDING_PAYMENT,
    OrderState.PENDING_REVIEW,
    OrderState.PENDING_FINANCE,
    OrderState.PREPARING,
    OrderState.PACKED,
    OrderState.DISPATCHED,
    OrderState.IN_TRANSIT,
    OrderState.DELIVERED,
    OrderState.COMPLETED,
)
FINDINGS: dict[str, str | Promise] = {
    Finding.NO_LINES: _("nothing ordered"),
    Finding.PHONE_MISSING: _("phone missing"),
    Finding.PHONE_INVALID: _("phone invalid"),
    Finding.ADDRESS_VAGUE: _("vague address"),
    Finding.UNKNOWN_SKU: _("unknown SKU"),
    Finding.QUANTITY_UNUSUAL: _("unusual quantity"),
}
name_values("tags", ((str(finding), word) for finding, word in FINDINGS.items()))


def add_section(dimension: Dimension, template: str, build: Build) -> None:
    """Show more on every card: `build` answers the template's context, None for nothing."""
    _sections[dimension].append((template, build))


def tag_name(tag: str) -> str:
    """A tag in words; tags that people or rules gave are words already."""
    return str(FINDINGS.get(tag, tag))


@dataclass(frozen=True, slots=True)
class Step:
    """One stop on the road of an order."""

    name: str
    mark: str  # done, now, ahead


@dataclass(frozen=True, slots=True)
class CardLine:
    """An order line with the stock that is promised to it."""

    line: OrderLine
    promises: list[Reservation]

    @property
    def promised(self) -> int:
        return sum(promise.quantity for promise in self.promises)


@dataclass(frozen=True, slots=True)
class Risk:
    """Something to be careful about; `tone` as of a badge."""

    text: str
    tone: str


@dataclass(slots=True)
class Card:
    """Everything the page shows. Personal data is masked already where it has to be."""

    order: Order
    may_see: bool
    receiver: Receiver
    buyer: str
    steps: list[Step]
    lines: list[CardLine]
    clock: Timer | None
    work: list[WorkOrder]
    notes: list[Any]
    files: list[Any]
    earlier: list[Order]
    earlier_count: str
    gifts: list[Order]
    risks: list[Risk]
    story: list[Line]
    finance_word: str
    warehouse_word: str
    customer_word: str
    sections: dict[str, list[SafeString]] = field(default_factory=dict)

    @property
    def brought_in_by(self) -> str:
        """Who entered the order, a machine by its name."""
        return who_name(self.order.brought_in_label)

    @property
    def clock_badge(self) -> SafeString:
        """How the running clock stands."""
        if self.clock is None:
            return looks.clock(None)
        return looks.clock(self.clock.due_at, self.clock.paused_at is not None)


def build_card(order: Order, request: HttpRequest) -> Card:
    """Read the card's parts; a fixed number of queries, however many lines or events."""
    may_see = may(request, SEE_RECEIVER)
    work = list(order.work_orders.select_related("assignee").order_by("-pk"))
    clock = Timer.objects.filter(
        subject_kind=Order.KIND, subject_id=order.pk, stopped_at__isnull=True
    ).first()
    earlier = _earlier(order)
    return Card(
        order=order,
        may_see=may_see,
        receiver=order.receiver if may_see else masked(order.receiver),
        buyer=order.buyer_name if may_see else mask_name(order.buyer_name),
        steps=_steps(order),
        lines=_lines(order),
        clock=clock,
        work=work,
        notes=list(order.notes.all()[:50]),
        files=list(order.attachments.all()[:50]),
        earlier=list(earlier[:5]),
        earlier_count=as_badge(capped_count(earlier)) or "0",
        gifts=list(order.gifts.all()[:20]),
        risks=_risks(order, work, clock),
        story=story(order.stream, mask=None if may_see else mask_any),
        finance_word=word(order.state, Reader.FINANCE),
        warehouse_word=word(order.state, Reader.WAREHOUSE),
        customer_word=word(order.state, Reader.CUSTOMER),
        sections={str(d): _render(d, order, request) for d in Dimension},
    )


def _render(dimension: Dimension, order: Order, request: HttpRequest) -> list[SafeString]:
    built = [(template, build(order, request)) for template, build in _sections[dimension]]
    return [
        render_to_string(template, {"order": order, **context}, request)
        for template, context in built
        if context is not None
    ]


def _steps(order: Order) -> list[Step]:
    if order.state not in ROAD:
        return [Step(OrderState(order.state).label, "now")]
    here = ROAD.index(OrderState(order.state))
    return [
        Step(str(state.label), "done" if place < here else "now" if place == here else "ahead")
        for place, state in enumerate(ROAD)
    ]


def _lines(order: Order) -> list[CardLine]:
    lines = list(order.lines.select_related("sku").order_by("pk"))
    promises: dict[int, list[Reservation]] = {line.pk: [] for line in lines}
    rows = Reservation.objects.filter(line__in=promises).exclude(state=Reservation.State.RELEASED)
    for promise in rows.select_related("level__warehouse").order_by("pk"):
        promises[promise.line].append(promise)
    return [CardLine(line, promises[line.pk]) for line in lines]


def _earlier(order: Order) -> Any:
    if order.customer_id is None:
        return Order.objects.none()
    return Order.objects.filter(customer=order.customer_id).exclude(pk=order.pk).order_by("-pk")


def _risks(order: Order, work: Sequence[WorkOrder], clock: Timer | None) -> list[Risk]:
    risks = [Risk(tag_name(tag), "orange") for tag in order.tags]
    blocking = [item for item in work if item.is_open and item.blocks]
    risks += [
        Risk(str(_("Stopped: %(title)s") % {"title": item.title}), "red") for item in blocking
    ]
    if order.refund_open:
        risks.append(Risk(str(_("The buyer asked for a refund")), "red"))
    if order.receiver_is_masked:
        risks.append(Risk(str(_("The channel hides the receiver")), "gray"))
    if clock is not None and clock.paused_at is None and clock.due_at < moments.now():
        told = Escalation.objects.filter(timer=clock).order_by("-level").first()
        level = told.get_level_display() if told else _("nobody told yet")
        risks.append(Risk(str(_("Overdue, told: %(level)s") % {"level": level}), "red"))
    moved = Event.objects.filter(stream=order.stream, kind="order.address_changed").count()
    if moved:
        risks.append(Risk(str(_("Address changed %(times)d times") % {"times": moved}), "orange"))
    if cancelled := _recently_cancelled(order):
        text = _("This customer cancelled %(times)d orders in 7 days") % {"times": cancelled}
        risks.append(Risk(str(text), "red" if cancelled > 5 else "orange"))
    return risks


def _recently_cancelled(order: Order) -> int:
    if order.customer_id is None:
        return 0
    since = moments.now() - timedelta(days=7)
    rows = Order.objects.filter(
        customer=order.customer_id, state=OrderState.CANCELLED, state_since__gte=since
    )
    return capped_count(rows, 20)
