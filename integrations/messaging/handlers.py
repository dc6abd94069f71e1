"""Which events staff are told of, in which words."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from integrations.messaging.notices import notify
from integrations.models import NoticeLevel
from ordercenter.core import moments
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.story import stage_words
from ordercenter.core.clocks import DIRECTOR_ROLE, SUPERVISOR_ROLE
from ordercenter.core.models import Event
from ordercenter.core.outbox import handles
from orders.fulfilment.models import Shipment
from orders.models import Order, OrderState, Urgency

CS_ROLE = "cs"
LOGISTICS_ROLE = "logistics"

ORDERS = "/admin/orders/order/"
WORK_ORDERS = "/admin/orders/workorder/"
STOCK_LEVELS = "/admin/inventory/stocklevel/"

# After so long a new order is no news; its clock speaks for it.
NEWS_FOR = timedelta(hours=12)


def order_link(order_id: int) -> str:
    """The order's card in the admin."""
    return f"{ORDERS}{order_id}/change/"


def _order_id(event: Event) -> int | None:
    """The order whose story the event belongs to."""
    kind, _colon, root = event.stream.partition(":")
    return int(root) if kind == Order.KIND else None


def _order_number(event: Event) -> str:
    rows = Order.objects.filter(pk=_order_id(event) or 0)
    return rows.values_list("number", flat=True).first() or event.stream


def _cause(event: Event) -> str:
    return f"event:{event.pk}"


@handles("order.placed", name="messaging.new_orders")
def tell_of_new_order(event: Event) -> None:
    """Customer service hears of new orders: urgent ones each, the others as a number (A12)."""
    if event.at < moments.now() - NEWS_FOR:
        return
    urgency = Urgency(event.data.get("urgency", Urgency.NORMAL))
    words = {
        "number": event.data.get("number", ""),
        "label": urgency.label,
        "total": looks.money(Decimal(event.data.get("total", "0"))),
    }
    is_urgent = urgency != Urgency.NORMAL
    notify(
        role=CS_ROLE,
        kind="order.new_urgent" if is_urgent else "order.new",
        level=NoticeLevel.ALARM if is_urgent else NoticeLevel.INFO,
        title=_("[%(label)s] New order %(number)s, %(total)s") % words,
        # Without a title for several it is told at once, by itself.
        group_title="" if is_urgent else _("[normal] %(count)s new orders"),
        link=order_link(event.subject_id),
        group_link=f"{ORDERS}?state__exact={OrderState.PENDING_REVIEW}",
        group_key=event.stream if is_urgent else "",
        order=event.subject_id,
        cause=_cause(event),
    )


def _stage(event: Event) -> str:
    return stage_words(event.subject_kind, str(event.data.get("stage", "")))


@handles("clock.reminder", "clock.supervisor", "clock.director", name="messaging.escalations")
def tell_of_overdue_stage(event: Event) -> None:
    """The role of this level hears that a stage takes too long (F1)."""
    due_at = parse_datetime(str(event.data["due_at"]))
    due = due_at.astimezone(moments.SHANGHAI) if due_at else None
    order_id = _order_id(event)
    words = {"number": _order_number(event), "stage": _stage(event)}
    group_words = {"count": "%(count)s", "stage": _stage(event)}
    notify(
        role=str(event.data["role"]),
        kind=event.kind,
        level=NoticeLevel.WARN if event.kind == "clock.reminder" else NoticeLevel.ALARM,
        title=_("%(number)s is overdue: %(stage)s") % words,
        group_title=_("%(count)s are overdue: %(stage)s") % group_words,
        text=_("Was due at %(due)s.") % {"due": f"{due:%m-%d %H:%M}" if due else "?"},
        link=order_link(order_id) if order_id else "",
        group_link=ORDERS,
        group_key=f"{event.subject_kind}.{event.data.get('stage', '')}",
        order=order_id,
        cause=_cause(event),
    )


@handles("work_order.opened", name="messaging.work_orders")
def tell_of_work_order(event: Event) -> None:
    """The owner role hears that there is something to do."""
    words = {"number": _order_number(event), "title": str(event.data.get("title", ""))}
    group_words = {"count": "%(count)s", "title": words["title"]}
    blocks = event.data.get("blocks", [])
    notify(
        role=str(event.data["role"]),
        kind="work_order.opened",
        level=NoticeLevel.WARN if blocks else NoticeLevel.INFO,
        title=_("%(number)s: %(title)s") % words,
        group_title=_("%(count)s × %(title)s") % group_words,
        link=f"{WORK_ORDERS}{event.subject_id}/change/",
        group_link=WORK_ORDERS,
        group_key=f"{event.data.get('kind', '')}:{words['title']}",
        order=_order_id(event),
        cause=_cause(event),
    )


@handles("stock.low", name="messaging.low_stock")
def tell_of_low_stock(event: Event) -> None:
    """Supervisors hear that a level fell below its safety stock (C3)."""
    notify(
        role=SUPERVISOR_ROLE,
        kind="stock.low",
        level=NoticeLevel.WARN,
        title=_("%(sku)s runs low in %(warehouse)s: %(available)s left, %(safety)s wanted")
        % event.data,
        group_title=_("%(count)s stock levels run low"),
        link=f"{STOCK_LEVELS}{event.subject_id}/change/",
        group_link=STOCK_LEVELS,
        cause=_cause(event),
    )


@handles("stock.batch_expired", name="messaging.expired_batches")
def tell_of_expired_batch(event: Event) -> None:
    """Supervisors hear of goods past their date; those that are promised need a decision."""
    is_held = event.data["held"]
    title = (
        _("Batch %(batch)s of %(sku)s expired on %(expires_on)s and is on hold")
        if is_held
        else _("Batch %(batch)s of %(sku)s expired on %(expires_on)s, but is promised to orders")
    )
    notify(
        role=SUPERVISOR_ROLE,
        kind="stock.batch_expired" if is_held else "stock.expired_promised",
        level=NoticeLevel.WARN if is_held else NoticeLevel.ALARM,
        title=title % event.data,
        group_title=_("%(count)s batches have expired"),
        link=f"{STOCK_LEVELS}{event.subject_id}/change/",
        group_link=STOCK_LEVELS,
        cause=_cause(event),
    )


@handles("shipment.exception", name="messaging.parcels_in_trouble")
def tell_of_parcel_in_trouble(event: Event) -> None:
    """Customer service hears of it, to tell the buyer; logistics gets a work order."""
    waybill = Shipment.objects.filter(pk=event.subject_id).values_list("waybill", flat=True).first()
    order_id = _order_id(event)
    notify(
        role=CS_ROLE,
        kind="shipment.exception",
        level=NoticeLevel.WARN,
        title=_("%(number)s: parcel %(waybill)s is in trouble")
        % {"number": _order_number(event), "waybill": waybill or "?"},
        group_title=_("%(count)s parcels are in trouble"),
        text=str(event.data.get("text", "")),
        link=order_link(order_id) if order_id else "",
        group_link=ORDERS,
        order=order_id,
        cause=_cause(event),
    )


@handles("order.urgent_escalated", name="messaging.urgent_orders")
def tell_of_urgent_order(event: Event) -> None:
    """The director hears of an urgent order that is nearly too late (F5)."""
    notify(
        role=DIRECTOR_ROLE,
        kind=event.kind,
        level=NoticeLevel.ALARM,
        title=_("%(number)s is urgent and not sent: %(minutes)s minutes left")
        % {"number": _order_number(event), "minutes": event.data.get("minutes_left", "?")},
        group_title=_("%(count)s urgent orders are not sent"),
        link=order_link(event.subject_id),
        group_link="/board/urgent/",
        order=event.subject_id,
        cause=_cause(event),
    )


@handles("order.urgency_set", name="messaging.urgency")
def tell_of_urgency(event: Event) -> None:
    """Logistics hears of an order that has become urgent, to get it on the next truck (F5)."""
    _before, urgency = event.changes.get("urgency", [None, Urgency.NORMAL])
    if urgency == Urgency.NORMAL:
        return
    order = Order.objects.get(pk=event.subject_id)
    leave_by = order.wanted_by or order.ship_by
    by = leave_by.astimezone(moments.SHANGHAI) if leave_by else None
    notify(
        role=LOGISTICS_ROLE,
        kind=event.kind,
        level=NoticeLevel.WARN,
        title=_("%(number)s is %(urgency)s: leave by %(by)s")
        % {
            "number": order.number,
            "urgency": Urgency(urgency).label,
            "by": f"{by:%m-%d %H:%M}" if by else "–",
        },
        group_title=_("%(count)s orders have become urgent"),
        text=str(event.data.get("reason", "")),
        link=order_link(event.subject_id),
        group_link="/board/urgent/",
        order=event.subject_id,
        cause=_cause(event),
    )
