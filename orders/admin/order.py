"""The list of orders and the order card. Nothing is edited here: buttons call actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import (
    TransitionButtons,
    actor_of,
    button,
    unless_guarded,
)
from ordercenter.core.adminkit.dialogs import Dialog, Reason
from ordercenter.core.adminkit.keyset import KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.errors import DomainError, WrongState
from ordercenter.core.models import Timer
from orders import actions
from orders.actions.revise import require_owner
from orders.admin.card import build_card, tag_name
from orders.admin.dialogs import (
    SEE_RECEIVER,
    Address,
    AttachedFile,
    Note,
    Payment,
    Pressing,
    Revision,
    Task,
)
from orders.errors import TooLate
from orders.masking import mask_any, mask_name, mask_phone
from orders.models import (
    Attachment,
    Order,
    OrderState,
    Urgency,
    WorkOrder,
    WorkOrderKind,
    WorkOrderState,
)
from orders.models.orders import BEFORE_PACKING
from orders.search import search_orders

log = structlog.get_logger(__name__)

STATE_TONES: dict[str, str] = {
    OrderState.PENDING_PAYMENT: "gray",
    OrderState.PENDING_REVIEW: "orange",
    OrderState.PENDING_FINANCE: "violet",
    OrderState.PREPARING: "blue",
    OrderState.PACKED: "blue",
    OrderState.DISPATCHED: "blue",
    OrderState.IN_TRANSIT: "blue",
    OrderState.DELIVERED: "green",
    OrderState.COMPLETED: "green",
    OrderState.CANCELLED: "gray",
    OrderState.CLOSED: "gray",
}
URGENCY_TONES: dict[str, str] = {
    Urgency.YELLOW: "orange",
    Urgency.ORANGE: "orange",
    Urgency.RED: "red",
}
OPEN_WORK = (WorkOrderState.OPEN, WorkOrderState.CLAIMED)
_OPEN = tuple(str(state) for state in BEFORE_PACKING)

_BEFORE_LEAVING = (*_OPEN, str(OrderState.PACKED))
_OVER = (OrderState.COMPLETED, OrderState.CANCELLED, OrderState.CLOSED)

RowFacts = Callable[[list[Order]], Mapping[int, Any]]
_row_facts: dict[str, RowFacts] = {}


def add_row_facts(name: str, facts: RowFacts) -> None:
    """Let a room above hang a fact on each row of the list, with one query for all rows."""
    _row_facts[name] = facts


@dataclass(frozen=True, slots=True)
class ListLink:
    """A page of a room above that is reached from the list; `page` is the name of its address."""

    title: str | Promise
    icon: str
    page: str
    permission: str
    # The page gets the list's query string: tab, filters, search.
    keeps_filters: bool = False


_list_links: list[ListLink] = []


def add_list_link(link: ListLink) -> None:
    """Let a room above offer a page of its own above the list."""
    _list_links.append(link)


def in_state(state: OrderState) -> Callable[[QuerySet[Any], HttpRequest], QuerySet[Any]]:
    return lambda rows, request: rows.filter(state=state)


def overdue(rows: QuerySet[Any], request: HttpRequest | None = None) -> QuerySet[Any]:
    """Orders whose running clock has gone past its limit."""
    late = Timer.objects.filter(
        subject_kind=Order.KIND,
        stopped_at__isnull=True,
        paused_at__isnull=True,
        due_at__lt=moments.now(),
    )
    return rows.filter(pk__in=late.values("subject_id"))


def in_trouble(rows: QuerySet[Any], request: HttpRequest | None = None) -> QuerySet[Any]:
    """Orders with an open work order."""
    return rows.filter(pk__in=WorkOrder.objects.filter(state__in=OPEN_WORK).values("order_id"))


def _can_hold(order: Order, actor: Actor) -> DomainError | None:
    return None if order.state in _BEFORE_LEAVING else WrongState()


def _is_not_over(order: Order, actor: Actor) -> DomainError | None:
    return WrongState() if order.state in _OVER else None


def _can_revise(order: Order, actor: Actor) -> DomainError | None:
    try:
        require_owner(order, actor)
    except DomainError as refusal:
        return refusal
    return unless_guarded("revise", _OPEN, TooLate())(order, actor)


TABS = (
    Tab("review", _("To be reviewed"), in_state(OrderState.PENDING_REVIEW)),
    Tab("finance", _("Payment to be checked"), in_state(OrderState.PENDING_FINANCE)),
    Tab("preparing", _("Preparing"), in_state(OrderState.PREPARING)),
    Tab("overdue", _("Overdue"), overdue, urgent=True),
    Tab("trouble", _("In trouble"), in_trouble, urgent=True),
    Tab("all", _("All"), lambda rows, request: rows, counted=False),
)


@admin.register(Order)
class OrderAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = (
        "number_and_mark",
        "shop_and_number",
        "who",
        "amount",
        "state_badge",
        "clock",
        "parcels",
        "tag_badges",
    )
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("shop", RelatedDropdownFilter),
        ("urgency", ChoicesDropdownFilter),
        ("placed_at", RangeDateFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("shop",)
    search_fields = ("number",)
    search_help_text = _("Phone, last four, order number, channel's number, name")
    tabs = TABS
    fields = ()
    change_form_template = "console/order_card.html"

    # -- list --------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return search_orders(search_term).select_related("shop"), False

    def dress(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Clock, work orders, parcels and what the reader may see; three queries for all rows."""
        ids = [order.pk for order in rows]
        clocks = {
            timer.subject_id: timer
            for timer in Timer.objects.filter(
                subject_kind=Order.KIND, subject_id__in=ids, stopped_at__isnull=True
            )
        }
        troubled = set(
            WorkOrder.objects.filter(order__in=ids, state__in=OPEN_WORK).values_list(
                "order_id", flat=True
            )
        )
        facts = {name: read(rows) for name, read in _row_facts.items()}
        may_see = request.user.has_perm(SEE_RECEIVER)  # type: ignore[union-attr]
        for order in rows:
            order.shown_clock = clocks.get(order.pk)
            order.is_troubled = order.pk in troubled
            order.is_shown = may_see
            order.facts = {name: known.get(order.pk) for name, known in facts.items()}
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        query = request.META.get("QUERY_STRING", "")
        links = [
            {
                "title": link.title,
                "icon": link.icon,
                "url": reverse(link.page) + (f"?{query}" if link.keeps_filters and query else ""),
            }
            for link in _list_links
            if request.user.has_perm(link.permission)  # type: ignore[union-attr]
        ]
        return super().changelist_view(request, {"list_links": links, **(extra_context or {})})

    @display(description=_("order number"))
    def number_and_mark(self, order: Any) -> SafeString:
        mark = ""
        if order.urgency != Urgency.NORMAL:
            tone = URGENCY_TONES[order.urgency]
            mark = looks.badge(f"⚡{order.get_urgency_display()}", tone)
        placed = looks.short_moment(order.placed_at)
        return format_html(
            '<span class="oc-two"><b>{}</b> {}<small>{}</small></span>', order.number, mark, placed
        )

    @display(description=_("shop"))
    def shop_and_number(self, order: Any) -> SafeString:
        return format_html(
            '<span class="oc-two">{}<small>{}</small></span>',
            order.shop.name,
            order.external_number,
        )

    @display(description=_("receiver"))
    def who(self, order: Any) -> SafeString:
        name, phone = order.receiver_name, order.receiver_phone
        if not order.is_shown and not order.receiver_is_masked:
            name, phone = mask_name(name), mask_phone(phone)
        return format_html('<span class="oc-two">{}<small>{}</small></span>', name, phone)

    @display(description=_("to pay"))
    def amount(self, order: Any) -> str:
        return looks.money(order.total, order.currency)

    @display(description=_("state"))
    def state_badge(self, order: Any) -> SafeString:
        return looks.badge(order.get_state_display(), STATE_TONES[order.state])

    @display(description=_("clock"))
    def clock(self, order: Any) -> SafeString:
        timer = order.shown_clock
        if timer is None:
            return looks.clock(None)
        return looks.clock(timer.due_at, timer.paused_at is not None)

    @display(description=_("parcels"))
    def parcels(self, order: Any) -> Any:
        return order.facts.get("parcels") or looks.NOTHING

    @display(description=_("tags"))
    def tag_badges(self, order: Any) -> SafeString:
        marks = [(tag_name(tag), "orange") for tag in order.tags]
        if order.is_troubled:
            marks.insert(0, (_("work order"), "red"))
        if order.refund_open:
            marks.append((_("refund asked"), "red"))
        return looks.badges(marks)

    # -- card --------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("shop")

    def mask_for(self, request: HttpRequest) -> Callable[[str], str] | None:
        return None if request.user.has_perm(SEE_RECEIVER) else mask_any  # type: ignore[union-attr]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        order = kwargs.get("obj")
        card = build_card(order, request)
        context["card"] = card
        context["state_tone"] = STATE_TONES[card.order.state]
        context["urgency_tone"] = URGENCY_TONES.get(card.order.urgency, "")
        if card.may_see and not card.order.receiver_is_masked:
            log.info("receiver_seen", order=card.order.pk, user=request.user.pk)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        file_view = self.admin_site.admin_view(self.file_view)
        own = path("<int:object_id>/file/<int:pk>/", file_view, name="orders_order_file")
        return [own, *super().get_urls()]

    def file_view(self, request: HttpRequest, object_id: int, pk: int) -> FileResponse:
        """An attachment, for whoever may view orders; always as a download."""
        attachment = Attachment.objects.filter(pk=pk, order=object_id).first()
        if attachment is None or not self.has_view_permission(request, attachment.order):
            raise Http404
        return FileResponse(
            attachment.file.open("rb"), as_attachment=True, filename=attachment.name
        )

    # -- buttons -----------------------------------------------------------------------------

    @button(
        _("Approve"),
        icon="check_circle",
        tone="primary",
        permission="orders.approve_order",
        verb="approve",
        says=_("The order is in order; finance checks the payment next."),
        done=_("The review is done; finance is next."),
    )
    def approve(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.approve_order(order.pk, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Confirm payment"),
        icon="payments",
        tone="primary",
        permission="orders.confirm_funds_order",
        verb="confirm_funds",
        says=_("The money has been found; the warehouse begins."),
        done=_("The payment is checked; the warehouse has the order."),
    )
    def confirm_funds(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.confirm_funds_order(order.pk, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Note payment"),
        icon="add_card",
        tone="primary",
        permission="orders.pay_order",
        verb="pay",
        form=Payment,
        says=_("For payments that no channel reports: transfer, cash."),
        done=_("The payment is noted; the order can be reviewed."),
    )
    def pay(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.pay_order(
            order.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("Complete"),
        icon="done_all",
        tone="primary",
        permission="orders.complete_order",
        verb="complete",
        says=_("Nothing is owed by either side any more."),
        done=_("The order is completed."),
    )
    def complete(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.complete_order(order.pk, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Allocate stock"),
        icon="inventory",
        permission="orders.allocate_order",
        possible=unless_guarded("allocate", _OPEN, WrongState()),
        says=_("Looks for stock anew in all warehouses of the shop."),
        done=_("Stock is promised to the order."),
    )
    def allocate(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.allocate_order(order.pk, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Send back"),
        icon="undo",
        permission="orders.approve_order",
        verb="send_back",
        form=Reason,
        done=_("The order waits for review again."),
    )
    def send_back(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.send_back_order(
            order.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("Change address"),
        icon="edit_location_alt",
        permission="orders.change_address_order",
        possible=unless_guarded("change_address", _OPEN, TooLate()),
        form=Address,
        done=_("The address is changed; the warehouse hears of it."),
    )
    def change_address(self, request: HttpRequest, form: Address, order: Order) -> None:
        actions.change_address(
            order.pk,
            seen=form.seen_version,
            receiver=form.receiver(),
            actor=actor_of(request),
        )

    @button(
        _("Revise content"),
        icon="edit_note",
        permission="orders.revise_order",
        possible=_can_revise,
        form=Revision,
        says=_("Only who brought the order in, or an administrator, can do this."),
        done=_("The order's content is revised."),
    )
    def revise(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        values = form.values()
        actions.revise_order(
            order.pk,
            seen=form.seen_version,
            revisions=values["lines"],
            reason=values["reason"],
            actor=actor_of(request),
        )

    @button(
        _("Urgency"),
        icon="bolt",
        permission="orders.note_order",
        possible=_is_not_over,
        form=Pressing,
        done=_("The urgency is set."),
    )
    def set_urgency(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.set_urgency(
            order.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("Write a note"),
        icon="sticky_note_2",
        permission="orders.note_order",
        form=Note,
        done=_("The note stands on the order."),
    )
    def add_note(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.add_note(order.pk, actor=actor_of(request), **form.values())

    @button(
        _("Attach a file"),
        icon="attach_file",
        permission="orders.attach_order",
        form=AttachedFile,
        done=_("The file is kept with the order."),
    )
    def attach(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        values = form.values()
        actions.attach_file(
            order.pk,
            kind=values["kind"],
            name=values["file"].name,
            content=values["file"].read(),
            actor=actor_of(request),
        )

    @button(
        _("Put on hold"),
        icon="pause_circle",
        permission="orders.open_workorder",
        possible=_can_hold,
        form=Reason,
        says=_("No review, packing or dispatch until the work order is resolved."),
        done=_("The order is on hold."),
    )
    def hold(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.hold_order(order.pk, actor=actor_of(request), **form.values())

    @button(
        _("Open work order"),
        icon="assignment_add",
        permission="orders.open_workorder",
        form=Task,
        done=_("The work order is open."),
    )
    def open_work(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.open_work_order(
            order.pk, kind=WorkOrderKind.OTHER, actor=actor_of(request), **form.values()
        )

    @button(
        _("Close order"),
        icon="lock",
        tone="danger",
        permission="orders.close_order",
        verb="close",
        form=Reason,
        says=_("The order ended another way than planned after goods had left."),
        done=_("The order is closed."),
    )
    def close(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.close_order(
            order.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("Cancel order"),
        icon="cancel",
        tone="danger",
        permission="orders.cancel_order",
        verb="cancel",
        form=Reason,
        says=_("The stock is free again at once."),
        done=_("The order is cancelled."),
    )
    def cancel(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        actions.cancel_order(
            order.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )
