"""What can be done with a return from its card."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.adminkit.buttons import (
    TransitionButtons,
    action_button,
    actor_of,
    button,
    when,
)
from ordercenter.core.adminkit.dialogs import Dialog, Reason
from ordercenter.core.errors import DomainError, WrongState
from ordercenter.core.lifecycle import why_not
from rma import actions
from rma.admin.dialogs import (
    Arrival,
    Authorisation,
    Inspection,
    NewReturn,
    Posting,
    Settlement,
)
from rma.models import Return
from rma.models.returns import BEFORE_ARRIVAL


@when
def _can_print(rma: Return) -> bool:
    return rma.state in BEFORE_ARRIVAL and rma.has_parcel


def _can_settle_money(rma: Return, actor: Actor) -> DomainError | None:
    return _can_settle(rma, actor) if rma.gives_money else WrongState()


def _can_settle_goods(rma: Return, actor: Actor) -> DomainError | None:
    return WrongState() if rma.gives_money else _can_settle(rma, actor)


def _can_settle(rma: Return, actor: Actor) -> DomainError | None:
    return why_not(rma, "settle" if rma.has_parcel else "settle_unseen", actor)


class ReturnButtons(TransitionButtons):
    """Mixin for the admin of returns."""

    @button(
        _("New return"),
        icon="assignment_return",
        tone="primary",
        permission="rma.request_return",
        form=NewReturn,
        on_list=True,
    )
    def request_return(self, request: HttpRequest, form: Dialog, subject: None) -> Any:
        values = form.values()
        rma = actions.request_return(
            values["order_number"].pk,
            seen=None,
            kind=values["kind"],
            reason=values["reason"],
            quantities=form.cleaned_data["quantities"],
            amount=values["amount"],
            note=values["note"],
            override=values["override"],
            actor=actor_of(request),
        )
        return _("Return %(number)s waits for an answer.") % {"number": rma.number}

    authorise = action_button(
        actions.authorise_return,
        _("Authorise"),
        icon="check_circle",
        tone="primary",
        permission="rma.authorise_return",
        verb="authorise",
        form=Authorisation,
        done=_("The return is authorised."),
    )

    refuse = action_button(
        actions.refuse_return,
        _("Refuse"),
        icon="block",
        tone="danger",
        permission="rma.authorise_return",
        verb="refuse",
        form=Reason,
        says=_("The customer reads the reason."),
        done=_("The return is refused."),
    )

    @button(
        _("Print label"),
        icon="print",
        permission="rma.print_label_return",
        possible=_can_print,
    )
    def print_label(self, request: HttpRequest, form: Dialog, rma: Return) -> SafeString:
        actions.print_return_label(rma.pk, seen=form.seen_version, actor=actor_of(request))
        return format_html(
            '<a class="oc-link" href="{}" target="_blank" rel="noopener">{}</a>',
            self.url_of("label", rma.pk),
            _("Open the label"),
        )

    post = action_button(
        actions.post_return,
        _("Posted"),
        icon="local_shipping",
        permission="rma.post_return",
        verb="post",
        form=Posting,
        done=_("The goods are on their way back."),
    )

    receive = action_button(
        actions.receive_return,
        _("Receive"),
        icon="move_to_inbox",
        tone="primary",
        permission="rma.receive_return",
        verb="receive",
        form=Arrival,
        says=_("You have counted every piece by hand. The scan page counts for you."),
        done=_("The goods are received."),
    )

    inspect = action_button(
        actions.inspect_return,
        _("Inspect"),
        icon="search_check",
        tone="primary",
        permission="rma.inspect_return",
        verb="inspect",
        form=Inspection,
        says=_("Good pieces can be sold again at once; defective ones lie apart."),
        done=_("The goods are inspected."),
    )

    approve_refund = action_button(
        actions.settle_return,
        _("Approve refund"),
        icon="payments",
        tone="primary",
        permission="rma.approve_refund",
        possible=_can_settle_money,
        form=Settlement,
        says=_("The money goes back the way it came, unless you choose another."),
        done=_("The refund is planned."),
    )

    settle = action_button(
        actions.settle_return,
        _("Send new goods"),
        icon="redeem",
        tone="primary",
        permission="rma.settle_return",
        possible=_can_settle_goods,
        form=Settlement,
        says=_("A new order is placed for the customer; there is nothing to pay."),
        done=_("The new order is placed."),
    )

    close = action_button(
        actions.close_return,
        _("Close"),
        icon="cancel",
        tone="danger",
        permission="rma.close_return",
        verb="close",
        form=Reason,
        says=_("It ends without money or new goods."),
        done=_("The return is closed."),
    )
