"""The channel hears which parcel an order left with: at least once asked, once carried out (E1).

Our own number for the request is stored before the first call. Where the outcome of a call is
not known, the channel is asked what it knows before anything is repeated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from integrations.channels.base import (
    Answer,
    Care,
    ChannelAdapter,
    ChannelTrouble,
    Parcel,
    Verdict,
)
from integrations.channels.registry import open_adapter
from integrations.intake.accounts import pause_account
from integrations.models import ChannelAccount, ChannelOrder, ToldChannel, ToldState
from ordercenter.core import intents, moments
from ordercenter.core.actor import Actor
from ordercenter.core.models import Intent
from ordercenter.core.outbox import RetryLater
from ordercenter.core.timeline import record
from orders.actions import withdraw_work_orders
from orders.actions.work_orders import WorkOrderDraft, open_work_orders
from orders.fulfilment.models import Shipment, ShipmentLine
from orders.models import Order, WorkOrderKind

TELLER = Actor.system("channel:write back")
# From this attempt on a person is told; the attempts go on.
ALARM_AFTER = 5
# A channel that is paused or has locked us out is asked again after this time.
_LATER_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Telling:
    """What one order's channel is to be told of one shipment. `lines`: what it does not know."""

    account: ChannelAccount
    order_id: int
    shipment_id: int
    number: str
    parcel: Parcel
    lines: tuple[str, ...] = field(default_factory=tuple)


def tell_shipment(shipment_id: int) -> None:
    """Every order in the shipment is told at its channel, or a work order says why it is not.

    Raises `RetryLater` where trying again will help.
    """
    for telling in list(_tellings(shipment_id)):
        _tell(telling)


def _tellings(shipment_id: int) -> Iterator[Telling]:
    shipment = Shipment.objects.select_related("carrier").get(pk=shipment_id)
    by_order: defaultdict[int, list[ShipmentLine]] = defaultdict(list)
    for line in shipment.lines.select_related("order_line"):
        by_order[line.order_line.order_id].append(line)
    for order_id, lines in by_order.items():
        known = ChannelOrder.objects.filter(order=order_id).first()
        account = (
            ChannelAccount.objects.select_related("shop").filter(shop=known.shop_id).first()
            if known
            else None
        )
        if known is not None and account is not None:
            telling = _telling(shipment, known, account, lines)
            if telling.lines:
                yield telling


@transaction.atomic
def _telling(
    shipment: Shipment,
    known: ChannelOrder,
    account: ChannelAccount,
    lines: Sequence[ShipmentLine],
) -> Telling:
    """What is to be told; the rows that say what the channel knows exist afterwards.

    Channels know a line as shipped or not: pieces of a line that follow in another parcel are
    told with the first one.
    """
    ours = [line for line in lines if line.order_line.channel_line in known.lines]
    ToldChannel.objects.bulk_create(
        (
            ToldChannel(line=line.order_line, shipment=shipment, waybill=shipment.waybill)
            for line in ours
        ),
        ignore_conflicts=True,
    )
    told = ToldChannel.objects.filter(line__order=known.order_id, state=ToldState.TOLD)
    elsewhere = dict(told.exclude(shipment=shipment).values_list("line_id", "waybill"))
    for line in ours:
        if line.order_line_id in elsewhere:
            ToldChannel.objects.filter(shipment=shipment, line=line.order_line_id).update(
                state=ToldState.TOLD,
                at=moments.now(),
                answer={"told_with": elsewhere[line.order_line_id]},
            )
    open_lines = set(
        ToldChannel.objects.filter(shipment=shipment, line__order=known.order_id)
        .exclude(state=ToldState.TOLD)
        .values_list("line_id", flat=True)
    )
    to_tell = [line for line in ours if line.order_line_id in open_lines]
    names = tuple(line.order_line.channel_line for line in to_tell)
    is_whole = (
        set(names) == set(known.lines)
        and not elsewhere
        and all(line.quantity == line.order_line.quantity for line in to_tell)
    )
    company = getattr(shipment.carrier, f"{account.adapter}_code", "") or ""
    return Telling(
        account=account,
        order_id=known.order_id,
        shipment_id=shipment.pk,
        number=f"{shipment.number}:{known.order_id}",
        parcel=Parcel(known.external_number, shipment.waybill, company, () if is_whole else names),
        lines=names,
    )


def _tell(telling: Telling) -> None:
    intent = intents.plan(
        f"{telling.account.adapter}.ship",
        telling.number,
        {
            "number": telling.parcel.number,
            "waybill": telling.parcel.waybill,
            "company": telling.parcel.company,
            "lines": list(telling.lines),
        },
    )
    if intent.state == Intent.State.DONE:
        _done(telling, intent, intent.answer)
    elif intent.state != Intent.State.REFUSED:
        _ask(telling, intent)


def _ask(telling: Telling, intent: Intent) -> None:
    if not telling.parcel.company:
        text = str(_("The carrier has no code for this channel."))
        _refused(telling, intent, Verdict(Answer.REFUSED, Care.PERSON, "carrier", text))
        return
    if telling.account.is_paused:
        raise RetryLater(telling.account.pause_reason, after=_LATER_SECONDS)
    adapter = open_adapter(telling.account)
    try:
        if intent.state == Intent.State.UNKNOWN and _is_known_there(adapter, telling):
            _done(telling, intent, {"found": telling.parcel.waybill})
            return
        intents.count_attempt(intent)
        verdict = adapter.ship(telling.parcel)
        if verdict.answer is Answer.DUPLICATE and _is_known_there(adapter, telling):
            verdict = Verdict(Answer.OK, Care.NONE, verdict.code, verdict.text)
    except ChannelTrouble as trouble:
        _put_off(telling, intent, trouble.verdict)
    else:
        _conclude(telling, intent, verdict)
    finally:
        adapter.close()


def _is_known_there(adapter: ChannelAdapter, telling: Telling) -> bool:
    """Whether every line of the parcel carries our waybill at the channel."""
    found = adapter.waybills(telling.parcel.number)
    return all(found.get(line) == telling.parcel.waybill for line in telling.lines)


def _conclude(telling: Telling, intent: Intent, verdict: Verdict) -> None:
    if verdict.answer is Answer.OK:
        _done(telling, intent, {"code": verdict.code, "text": verdict.text})
    elif verdict.care in (Care.PERSON, Care.DONE):
        # DONE without our waybill there: somebody shipped it with another one.
        _refused(telling, intent, verdict)
    else:
        _put_off(telling, intent, verdict)


@transaction.atomic
def _done(telling: Telling, intent: Intent, answer: dict[str, str]) -> None:
    order = Order.objects.locked(telling.order_id, seen=None)
    _write(telling, ToldState.TOLD, answer)
    if intent.state != Intent.State.DONE:
        intents.settle(intent, Intent.State.DONE, answer)
    record(
        order,
        "order.channel_told",
        actor=TELLER,
        data={"waybill": telling.parcel.waybill, "lines": list(telling.lines)},
    )
    reason = str(_("The channel knows the parcel now."))
    withdraw_work_orders(order, [WorkOrderKind.WRITE_BACK], reason=reason, actor=TELLER)


@transaction.atomic
def _refused(telling: Telling, intent: Intent, verdict: Verdict) -> None:
    """The channel said no: the parcel's rows and a work order say why."""
    answer = {"code": verdict.code, "text": verdict.text}
    order = Order.objects.locked(telling.order_id, seen=None)
    _write(telling, ToldState.REFUSED, answer)
    intents.settle(intent, Intent.State.REFUSED, answer)
    record(
        order,
        "order.channel_refused",
        actor=TELLER,
        data={"waybill": telling.parcel.waybill, **answer},
    )
    _ask_person(order, telling, verdict)


def _put_off(telling: Telling, intent: Intent, verdict: Verdict) -> None:
    """Nothing is decided yet. Always raises `RetryLater`."""
    wait = verdict.wait
    if verdict.care in (Care.REAUTH, Care.STOP):
        pause_account(telling.account.pk, seen=None, reason=str(verdict), actor=TELLER)
        wait = _LATER_SECONDS
    if intent.attempts >= ALARM_AFTER or verdict.care in (Care.REAUTH, Care.STOP):
        with transaction.atomic():
            order = Order.objects.locked(telling.order_id, seen=None)
            _ask_person(order, telling, verdict)
    raise RetryLater(str(verdict), after=wait)


def _ask_person(order: Order, telling: Telling, verdict: Verdict) -> None:
    draft = WorkOrderDraft(
        order=order,
        kind=WorkOrderKind.WRITE_BACK,
        title=_("The channel does not know the parcel: look at its answer"),
        detail={
            "waybill": telling.parcel.waybill,
            "code": verdict.code,
            "text": verdict.text,
            "shipment": telling.shipment_id,
        },
        owner_role="logistics",
    )
    open_work_orders([draft], actor=TELLER)


def _write(telling: Telling, state: ToldState, answer: dict[str, str]) -> None:
    ToldChannel.objects.filter(
        shipment=telling.shipment_id,
        line__order=telling.order_id,
        line__channel_line__in=telling.lines,
    ).update(state=state, at=moments.now(), answer=answer, waybill=telling.parcel.waybill)


@transaction.atomic
def tell_again(shipment_id: int, *, actor: Actor) -> None:
    """What the channel refused is told once more, as the parcel is now; a relay does it."""
    actor.require("integrations.tell_channel")
    shipment = Shipment.objects.get(pk=shipment_id)
    order = Order.objects.locked(shipment.order_id, seen=None)
    refused = ToldChannel.objects.filter(shipment=shipment, state=ToldState.REFUSED)
    numbers = {
        f"{shipment.number}:{order_id}"
        for order_id in refused.values_list("line__order_id", flat=True)
    }
    refused.update(state=ToldState.PENDING, answer={})
    Intent.objects.filter(number__in=numbers, state=Intent.State.REFUSED).update(
        state=Intent.State.PLANNED, settled_at=None
    )
    record(order, "order.channel_told_again", actor=actor, data={"shipment": shipment_id})
