"""What Kuaidi100 tells of parcels, pushed to us or answered to our question."""

from __future__ import annotations

from django.utils.translation import gettext as _

from integrations.inbound import Unreadable, form_of, reads
from integrations.models import InboundCall, TrackingSubscription
from integrations.tracking.kuaidi100.traces import Push, read_answer, read_push
from integrations.tracking.subscriptions import SILENCE, TRACKER, State, ask_a_person
from ordercenter.core import moments
from orders.fulfilment.actions import take_tracking
from orders.fulfilment.actions.track import Trace

PUSH = "kuaidi100.push"
QUERY = "kuaidi100.query"


@reads(PUSH, QUERY)
def take_call(call: InboundCall) -> None:
    """Do what the call says. Raises `Unreadable` or a `DomainError`."""
    # Locked before the order, so that two calls about one parcel queue up and never deadlock.
    rows = TrackingSubscription.objects.select_for_update()
    subscription = rows.filter(token=call.path_token).first()
    if subscription is None:
        raise Unreadable(_("nobody follows a parcel at this address any more"))
    body = bytes(call.body)
    if call.source == QUERY:
        number, trace = read_answer(body.decode(errors="replace"))
        _take_trace(subscription, number, trace)
        return
    push = read_push(form_of(body).get("param", ""))
    _take_trace(subscription, push.number, push.trace)
    _follow_up(subscription, push)


def _take_trace(subscription: TrackingSubscription, number: str, trace: tuple[Trace, ...]) -> None:
    if number.upper() != subscription.number.upper():
        raise Unreadable(
            _("the call is about %(told)r, not about %(ours)s")
            % {"told": number[:40], "ours": subscription.number}
        )
    if trace:
        take_tracking(subscription.shipment_id, trace, actor=TRACKER)
    at = moments.now()
    TrackingSubscription.objects.filter(pk=subscription.pk).update(
        heard_at=at, next_poll_at=at + SILENCE
    )


def _follow_up(subscription: TrackingSubscription, push: Push) -> None:
    """What the push says about the subscription itself."""
    rows = TrackingSubscription.objects.filter(pk=subscription.pk)
    if push.corrected_company and push.corrected_company != subscription.company:
        rows.update(company=push.corrected_company)
    if push.status == "shutdown":
        rows.exclude(state=State.ENDED).update(state=State.ENDED)
    elif push.status == "abort":
        # One that has ended well is not given up by a call that comes late.
        if rows.filter(state__in=[State.PLANNED, State.ACTIVE]).update(state=State.ABORTED):
            ask_a_person(subscription, push.message)
    else:
        # A push is proof of a subscription, whatever became of the answer to ours.
        rows.filter(state=State.PLANNED).update(state=State.ACTIVE)
