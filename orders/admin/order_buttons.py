"""What can be done with an order from its card: each button calls one action."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.adminkit.buttons import (
    TransitionButtons,
    action_button,
    actor_of,
    button,
    unless_guarded,
    when,
    while_in,
)
from ordercenter.core.adminkit.dialogs import Dialog, Reason
from ordercenter.core.errors import DomainError, WrongState
from orders import actions
from orders.actions.fill_card import can_fill
from orders.actions.revise import require_owner
from orders.admin.dialogs import (
    Address,
    AttachedFile,
    Card,
    Note,
    Payment,
    Pressing,
    Revision,
    Task,
)
from orders.errors import TooLate
from orders.models import Order, OrderState, Urgency, UrgentReason, WorkOrderKind
from orders.models.orders import BEFORE_PACKING, CAN_HURRY

_OPEN = tuple(str(state) for state in BEFORE_PACKING)
_BEFORE_LEAVING = (*_OPEN, str(OrderState.PACKED))


@when
def _can_hurry(order: Order) -> bool:
    return order.state in CAN_HURRY or order.urgency != Urgency.NORMAL


def _can_revise(order: Order, actor: Actor) -> DomainError | None:
    try:
        require_owner(order, actor)
    except DomainError as refusal:
        return refusal
    return unless_guarded("revise", _OPEN, TooLate())(order, actor)


class OrderButtons(TransitionButtons):
    """Mixin for the admin of orders."""

    approve = action_button(
        actions.approve_order,
        _("Approve"),
        icon="check_circle",
        tone="primary",
        permission="orders.approve_order",
        verb="approve",
        says=_("The order is in order; finance checks the payment next."),
        done=_("The review is done; finance is next."),
    )

    confirm_funds = action_button(
        actions.confirm_funds_order,
        _("Confirm payment"),
        icon="payments",
        tone="primary",
        permission="orders.confirm_funds_order",
        verb="confirm_funds",
        says=_("The money has been found; the warehouse begins."),
        done=_("The payment is checked; the warehouse has the order."),
    )

    pay = action_button(
        actions.pay_order,
        _("Note payment"),
        icon="add_card",
        tone="primary",
        permission="orders.pay_order",
        verb="pay",
        form=Payment,
        says=_("For payments that no channel reports: transfer, cash."),
        done=_("The payment is noted; the order can be reviewed."),
    )

    complete = action_button(
        actions.complete_order,
        _("Complete"),
        icon="done_all",
        tone="primary",
        permission="orders.complete_order",
        verb="complete",
        says=_("Nothing is owed by either side any more."),
        done=_("The order is completed."),
    )

    allocate = action_button(
        actions.allocate_order,
        _("Allocate stock"),
        icon="inventory",
        permission="orders.allocate_order",
        possible=unless_guarded("allocate", _OPEN, WrongState()),
        says=_("Looks for stock anew in all warehouses of the shop."),
        done=_("Stock is promised to the order."),
    )

    send_back = action_button(
        actions.send_back_order,
        _("Send back"),
        icon="undo",
        permission="orders.approve_order",
        verb="send_back",
        form=Reason,
        done=_("The order waits for review again."),
    )

    change_address = action_button(
        actions.change_address,
        _("Change address"),
        icon="edit_location_alt",
        permission="orders.change_address_order",
        possible=unless_guarded("change_address", _OPEN, TooLate()),
        form=Address,
        done=_("The address is changed; the warehouse hears of it."),
    )

    fill_card = action_button(
        actions.fill_card,
        _("Fill in card"),
        icon="playlist_add",
        tone="primary",
        permission="orders.fill_card_order",
        possible=lambda order, actor: can_fill(order),
        form=Card,
        says=_("The card becomes an order that waits for its payment."),
        done=_("The card is filled in; its stock is held until it is paid."),
    )

    revise = action_button(
        actions.revise_order,
        _("Revise content"),
        icon="edit_note",
        permission="orders.revise_order",
        possible=_can_revise,
        form=Revision,
        says=_("Only who brought the order in, or an administrator, can do this."),
        done=_("The order's content is revised."),
    )

    @button(
        _("Urgency"),
        icon="bolt",
        permission="orders.note_order",
        possible=_can_hurry,
        form=Pressing,
        done=_("The urgency is set."),
    )
    def set_urgency(self, request: HttpRequest, form: Dialog, order: Order) -> None:
        values = form.values()
        known = {"seen": form.seen_version, "actor": actor_of(request)}
        if values["urgency"] == Urgency.NORMAL:
            actions.set_urgency(order.pk, urgency=Urgency.NORMAL, reason=values["note"], **known)
        else:
            values["reason"] = UrgentReason(values["reason"])
            actions.mark_urgent(order.pk, **values, **known)

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
        possible=while_in(*_BEFORE_LEAVING),
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

    close = action_button(
        actions.close_order,
        _("Close order"),
        icon="lock",
        tone="danger",
        permission="orders.close_order",
        verb="close",
        form=Reason,
        says=_("The order ended another way than planned after goods had left."),
        done=_("The order is closed."),
    )

    cancel = action_button(
        actions.cancel_order,
        _("Cancel order"),
        icon="cancel",
        tone="danger",
        permission="orders.cancel_order",
        verb="cancel",
        form=Reason,
        says=_("The stock is free again at once."),
        done=_("The order is cancelled."),
    )
