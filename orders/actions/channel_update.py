"""A channel tells more about an order we have (A3, DESIGN 7).

What only the channel changed is taken over, what both changed goes to a person. The channel's
state never turns ours back: it may pay, cancel or finish an order, everything else is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.errors import Blocked, WrongState
from ordercenter.core.lifecycle import ask_guards
from ordercenter.core.merge import Merge, Outcome, three_way
from ordercenter.core.timeline import record
from orders import channel_fields
from orders.actions.cancel import cancel_order
from orders.actions.follow import follow_shipments
from orders.actions.pay import pay_order
from orders.actions.review import complete_order
from orders.actions.work_orders import WorkOrderDraft, open_work_orders
from orders.drafts import Draft
from orders.models import Order, OrderLine, OrderState, WorkOrder, WorkOrderKind
from orders.models.orders import BEFORE_PACKING
from orders.models.work_orders import OPEN_STATES
from orders.receiver import COLUMNS


class ChannelMove(StrEnum):
    """What the channel's state asks of ours."""

    NONE = "none"
    CANCEL = "cancel"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class ChannelUpdate:
    """A newer message about a known order. `base` is what the channel said last time."""

    draft: Draft
    base: Mapping[str, str]
    move: ChannelMove = ChannelMove.NONE


class UpdateOutcome(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    STALE = "stale"


@transaction.atomic
def take_channel_update(order_id: int, update: ChannelUpdate, *, actor: Actor) -> UpdateOutcome:
    """Merge the message into the order; conflicts become one work order, nothing is lost.

    An older message than the last one changes nothing (`STALE`).
    """
    actor.require("orders.place_order")
    order = Order.objects.locked(order_id, seen=None)
    if _is_older(order, update.draft):
        return UpdateOutcome.STALE
    version = order.version
    theirs, yours = channel_fields.of_order(order), channel_fields.of_draft(update.draft)
    base = {name: update.base[name] for name in theirs if name in update.base}
    merge = three_way(base, theirs, {name: yours[name] for name in theirs})
    clashes = _merge_fields(order, merge, update.draft, actor)
    lines = {line.channel_line: line for line in order.lines.all()}
    clashes |= _line_clashes(lines, update.base, yours)
    _take_refund_flags(order, lines, update.draft, actor)
    _touch(order, update.draft)
    order = _make_moves(order, update, clashes, actor)
    if clashes:
        _ask_person(order, clashes, actor)
    changed = order.version != version or bool(clashes)
    return UpdateOutcome.APPLIED if changed else UpdateOutcome.UNCHANGED


def _is_older(order: Order, draft: Draft) -> bool:
    last, this = order.channel_modified_at, draft.channel_modified_at
    return last is not None and this is not None and this < last


def _merge_fields(order: Order, merge: Merge, draft: Draft, actor: Actor) -> dict[str, list[str]]:
    """Write what only the channel changed; the fields a person must decide, with three values."""
    clashes = {f.name: [f.base or "", f.theirs, f.yours] for f in merge.conflicts}
    wanted = dict(merge.changes)
    receiver = [name for name in wanted if name in channel_fields.RECEIVER]
    if receiver and not (_is_address_theirs(merge) and _may_change_address(order, actor)):
        for name in receiver:
            clashes[name] = [
                merge_base(merge, name),
                channel_fields.of_order(order)[name],
                wanted.pop(name),
            ]
    if not wanted:
        return clashes
    changes = {
        name: [channel_fields.as_text(getattr(order, name)), value]
        for name, value in wanted.items()
    }
    for name in wanted:
        setattr(order, name, _value(draft, name))
    fields = list(wanted)
    if any(name in channel_fields.RECEIVER for name in wanted):
        derived = order.receiver.as_columns()
        order.receiver_phone_tail = derived["receiver_phone_tail"]
        order.receiver_is_masked = derived["receiver_is_masked"]
        fields = [*(name for name in wanted if name not in COLUMNS), *COLUMNS]
    order.save(update_fields=[*fields, "version"])
    record(order, "order.channel_updated", actor=actor, changes=changes)
    return clashes


def _is_address_theirs(merge: Merge) -> bool:
    """True while nobody here has changed a part of the address.

    Half of theirs and half of ours would be a place that nobody named.
    """
    return not any(
        field.name in channel_fields.RECEIVER
        and field.theirs != (field.base or "")
        and field.outcome is not Outcome.MERGED
        for field in merge.fields
    )


def _may_change_address(order: Order, actor: Actor) -> bool:
    """The channel may redirect what a person could redirect now; else a person decides."""
    if order.state not in BEFORE_PACKING:
        return False
    try:
        ask_guards(order, "change_address", actor)
    except Blocked:
        return False
    return True


def merge_base(merge: Merge, name: str) -> str:
    """What the channel had said about the field before."""
    return next((f.base or "" for f in merge.fields if f.name == name), "")


def _value(draft: Draft, name: str) -> object:
    if name in channel_fields.RECEIVER:
        return draft.receiver.as_columns()[name]
    value = getattr(draft, name)
    longest = {"buyer_message": 500, "seller_memo": 1000}.get(name)
    return value[:longest] if longest else value


def _line_clashes(
    lines: Mapping[str, OrderLine], base: Mapping[str, str], yours: Mapping[str, str]
) -> dict[str, list[str]]:
    """A line that came, went or changed at the channel goes to a person, once."""
    name, text = channel_fields.line_name, channel_fields.line_text
    have = {name(line): text(ours.sku_code, ours.quantity) for line, ours in lines.items()}
    said = {key for key in yours if key not in channel_fields.FIELDS}
    return {
        key: [base.get(key, ""), have.get(key, ""), yours.get(key, "")]
        for key in sorted(have.keys() | said)
        if _pieces(have.get(key)) != _pieces(yours.get(key)) and base.get(key) != yours.get(key)
    }


def _pieces(text: str | None) -> str:
    """How many: the SKU's code may have been mended here."""
    return (text or "").rpartition(" × ")[2]


def _take_refund_flags(
    order: Order, lines: Mapping[str, OrderLine], draft: Draft, actor: Actor
) -> None:
    flagged: list[OrderLine] = []
    for incoming in draft.lines:
        line = lines.get(incoming.channel_line)
        if line is not None and line.refund_open != incoming.refund_open:
            line.refund_open = incoming.refund_open
            flagged.append(line)
    if not flagged:
        return
    OrderLine.objects.bulk_update(flagged, ["refund_open"])
    order.refund_open = any(line.refund_open for line in lines.values())
    order.save(update_fields=["refund_open", "version"])
    told = {line.channel_line: line.refund_open for line in flagged}
    record(order, "order.refund_flagged", actor=actor, data={"lines": told})


def _touch(order: Order, draft: Draft) -> None:
    """Note what the channel said and when; a machine's touch, outside the version people see."""
    Order.objects.filter(pk=order.pk).update(
        channel_status=draft.channel_status,
        channel_modified_at=draft.channel_modified_at or order.channel_modified_at,
    )
    order.channel_status = draft.channel_status
    order.channel_modified_at = draft.channel_modified_at or order.channel_modified_at


def _make_moves(
    order: Order, update: ChannelUpdate, clashes: dict[str, list[str]], actor: Actor
) -> Order:
    draft = update.draft
    if draft.paid_at and order.state == OrderState.PENDING_PAYMENT:
        order = pay_order(
            order.pk, seen=None, amount=draft.paid_amount, actor=actor, paid_at=draft.paid_at
        )
    elif draft.paid_at and order.paid_at is None:
        clashes["payment"] = ["", str(order.state), f"{draft.paid_amount:.2f}"]
    if update.move is ChannelMove.CANCEL and order.state not in _ENDED:
        order = _cancel(order, clashes, actor)
    if update.move is ChannelMove.COMPLETE and order.state not in _ENDED:
        order = _complete(order, clashes, actor)
    return order


_ENDED = (OrderState.CANCELLED, OrderState.CLOSED, OrderState.COMPLETED)
_LEFT = (OrderState.DISPATCHED, OrderState.IN_TRANSIT, OrderState.DELIVERED)


def _cancel(order: Order, clashes: dict[str, list[str]], actor: Actor) -> Order:
    reason = str(_("The buyer cancelled at the channel."))
    try:
        return cancel_order(order.pk, seen=None, reason=reason, actor=actor)
    except (Blocked, WrongState):
        clashes["state"] = ["", str(order.state), "cancelled"]
        return order


def _complete(order: Order, clashes: dict[str, list[str]], actor: Actor) -> Order:
    try:
        return _finish(order.pk, actor)
    except (Blocked, WrongState):
        clashes["state"] = ["", str(order.state), "completed"]
        return order


@transaction.atomic
def _finish(order_id: int, actor: Actor) -> Order:
    order = Order.objects.locked(order_id, seen=None)
    if order.state in _LEFT:
        follow_shipments(order, reached=OrderState.DELIVERED, actor=actor)
    return complete_order(order_id, seen=None, actor=actor)


def _ask_person(order: Order, clashes: dict[str, list[str]], actor: Actor) -> None:
    """One open work order holds all that the channel and we say differently."""
    known = (
        WorkOrder.objects.select_for_update()
        .filter(order=order, kind=WorkOrderKind.CHANNEL_CONFLICT, state__in=OPEN_STATES)
        .first()
    )
    if known is not None:
        _add_to(known, clashes, actor)
        return
    open_work_orders(
        [
            WorkOrderDraft(
                order=order,
                kind=WorkOrderKind.CHANNEL_CONFLICT,
                title=_("The channel and we say different things: decide"),
                detail={"fields": clashes},
                owner_role="cs",
                blocks=("dispatch",),
            )
        ],
        actor=actor,
    )


def _add_to(work: WorkOrder, clashes: dict[str, list[str]], actor: Actor) -> None:
    fields = work.detail.get("fields", {})
    news = {name: values for name, values in clashes.items() if fields.get(name) != values}
    if not news:
        return
    work.detail = work.detail | {"fields": fields | news}
    work.save(update_fields=["detail", "version"])
    record(work, "work_order.extended", actor=actor, data={"fields": news})
