"""Work orders: what a person must do about an order (F3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.clocks import ClockStart, start_clocks
from ordercenter.core.errors import BadInput, require_reason
from ordercenter.core.lifecycle import advance
from ordercenter.core.timeline import Entry, record_all
from orders.models import Order, WorkOrder, WorkOrderKind, WorkOrderState


@dataclass(frozen=True, slots=True)
class WorkOrderDraft:
    """A work order to be opened. `blocks` names the moves it stops."""

    order: Order
    kind: WorkOrderKind
    title: str | Promise
    owner_role: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[str, ...] = ()


def open_work_orders(drafts: Sequence[WorkOrderDraft], *, actor: Actor) -> list[WorkOrder]:
    """Open them all, clocked and on the orders' timelines. The caller holds the orders' locks.

    A trouble that is open on its order already is left as it is and not opened twice.
    """
    fresh = _without_open_ones(drafts)
    if not fresh:
        return []
    at = moments.now()
    made = WorkOrder.objects.bulk_create(
        WorkOrder(
            order=draft.order,
            kind=draft.kind,
            title=str(draft.title)[:200],
            detail=dict(draft.detail),
            owner_role=draft.owner_role,
            blocks=list(draft.blocks),
            opened_by=actor.label[:80],
            opened_at=at,
            state_since=at,
        )
        for draft in fresh
    )
    start_clocks(
        ClockStart(WorkOrder.KIND, work.pk, work.stream, work.state, {}, work.owner_role)
        for work in made
    )
    record_all([_opened(work) for work in made], actor=actor)
    return made


def _without_open_ones(drafts: Sequence[WorkOrderDraft]) -> list[WorkOrderDraft]:
    if not drafts:
        return []
    open_kinds: defaultdict[int, set[str]] = defaultdict(set)
    rows = WorkOrder.objects.filter(
        order__in=[draft.order.pk for draft in drafts],
        state__in=[WorkOrderState.OPEN, WorkOrderState.CLAIMED],
    )
    for order_id, kind in rows.values_list("order_id", "kind"):
        open_kinds[order_id].add(kind)
    repeatable = {WorkOrderKind.HOLD, WorkOrderKind.OTHER}
    return [
        draft
        for draft in drafts
        if draft.kind in repeatable or draft.kind not in open_kinds[draft.order.pk]
    ]


def _opened(work: WorkOrder) -> Entry:
    return Entry(
        stream=work.stream,
        subject_kind=WorkOrder.KIND,
        subject_id=work.pk,
        kind="work_order.opened",
        to_state=work.state,
        data={
            "kind": work.kind,
            "title": work.title,
            "blocks": work.blocks,
            "role": work.owner_role,
        },
    )


@transaction.atomic
def open_work_order(
    order_id: int,
    *,
    kind: WorkOrderKind,
    title: str | Promise,
    owner_role: str,
    actor: Actor,
    detail: Mapping[str, Any] | None = None,
    blocks: tuple[str, ...] = (),
) -> WorkOrder | None:
    """Open one work order; None when this trouble is open on the order already."""
    actor.require("orders.open_workorder")
    order = Order.objects.locked(order_id, seen=None)
    draft = WorkOrderDraft(order, kind, title, owner_role, detail or {}, blocks)
    made = open_work_orders([draft], actor=actor)
    return made[0] if made else None


# What a hold stops: everything that brings goods closer to the door.
HOLD_BLOCKS = ("approve", "confirm_funds", "pack", "dispatch")


def hold_order(order_id: int, *, reason: str, actor: Actor, owner_role: str = "cs") -> WorkOrder:
    """Put the order on hold: no packing, no dispatch until the work order is resolved."""
    require_reason(reason, _("Say why the order is put on hold."))
    made = open_work_order(
        order_id,
        kind=WorkOrderKind.HOLD,
        title=reason,
        owner_role=owner_role,
        actor=actor,
        blocks=HOLD_BLOCKS,
    )
    assert made is not None, "a hold is always opened"
    return made


@transaction.atomic
def claim_work_order(work_order_id: int, *, seen: int | None, actor: Actor) -> WorkOrder:
    """The actor works on it from now on; nobody else can claim it."""
    actor.require("orders.claim_workorder")
    work = _locked(work_order_id, seen)
    work.assignee_id = actor.id if actor.kind == "person" else None
    advance(work, "claim", actor=actor, fields=["assignee"])
    return work


@transaction.atomic
def resolve_work_order(
    work_order_id: int, *, seen: int | None, resolution: str, actor: Actor
) -> WorkOrder:
    """It is done, and how stands on it; what it blocked is free.

    Raises `BadInput` without words.
    """
    actor.require("orders.resolve_workorder")
    if not resolution.strip():
        raise BadInput(_("Say how it was resolved."), fields={"resolution": ["empty"]})
    work = _locked(work_order_id, seen)
    _close(work, "resolve", resolution, actor)
    return work


def withdraw_work_orders(
    order: Order, kinds: Iterable[WorkOrderKind] | None, *, reason: str, actor: Actor
) -> None:
    """Close open work orders whose cause is gone; all kinds when None. The order is locked."""
    rows = WorkOrder.objects.filter(
        order=order, state__in=[WorkOrderState.OPEN, WorkOrderState.CLAIMED]
    )
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    for work in rows.select_for_update().order_by("pk"):
        _close(work, "withdraw", reason, actor)


def _locked(work_order_id: int, seen: int | None) -> WorkOrder:
    """The work order under lock, its order locked before it."""
    order_id = WorkOrder.objects.filter(pk=work_order_id).values_list("order_id", flat=True).first()
    if order_id is not None:
        Order.objects.locked(order_id, seen=None)
    return WorkOrder.objects.locked(work_order_id, seen=seen)


def _close(work: WorkOrder, verb: str, text: str, actor: Actor) -> None:
    work.resolution = text[:500]
    work.closed_by = actor.label[:80]
    work.closed_at = moments.now()
    advance(
        work,
        verb,
        actor=actor,
        fields=["resolution", "closed_by", "closed_at"],
        data={"resolution": work.resolution, "kind": work.kind},
    )
