"""A difference ends: finance accepts it, or a later file brings what was missing."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import NotFound, require_reason
from ordercenter.core.lifecycle import advance
from ordercenter.core.timeline import Entry, record_all
from orders.finance.models import Cause, Difference, DifferenceState, SettlementFile
from orders.models import Order


@transaction.atomic
def accept_difference(
    difference_id: int, *, seen: int | None, reason: str, actor: Actor
) -> Difference:
    """The difference is taken as it is; who said so and why stands on it and on the story."""
    actor.require("finance.accept_difference")
    require_reason(reason)
    _lock_root(difference_id)
    difference: Difference = Difference.objects.locked(difference_id, seen=seen)
    difference.accepted_by, difference.accepted_at = actor.label[:80], moments.now()
    difference.reason = reason.strip()[:300]
    advance(
        difference,
        "accept",
        actor=actor,
        fields=["accepted_by", "accepted_at", "reason"],
        data={
            "cause": difference.cause,
            "gap": f"{difference.gap:.2f}",
            "why": difference.reason,
            "settlement": difference.settlement.name,
        },
    )
    return difference


def _lock_root(difference_id: int) -> None:
    """The order whose story this is, or else the file."""
    rows = Difference.objects.filter(pk=difference_id)
    found = rows.values_list("order_id", "settlement_id").first()
    if found is None:
        raise NotFound(id=difference_id)
    order_id, settlement_id = found
    if order_id is not None:
        Order.objects.locked(order_id, seen=None)
    else:
        SettlementFile.objects.select_for_update().get(pk=settlement_id)


def explain_what_came(
    settlement: SettlementFile, order_ids: Collection[int], *, actor: Actor
) -> int:
    """Orders that other files of the shop missed have come with this one; how many.

    Three statements, however many they are. The caller is in a transaction.
    """
    missed = Difference.objects.filter(
        order__in=order_ids,
        state=DifferenceState.OPEN,
        cause=Cause.MISSING_THEIRS,
        settlement__shop=settlement.shop_id,
    ).exclude(settlement=settlement)
    orders = sorted(set(missed.values_list("order_id", flat=True)))
    if not orders:
        return 0
    list(Order.objects.select_for_update().filter(pk__in=orders).order_by("pk").values_list("pk"))
    rows = list(missed.select_for_update(of=("self",)).order_by("pk"))
    why = _("Came with %(file)s.") % {"file": settlement.name}
    Difference.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=DifferenceState.EXPLAINED,
        state_since=moments.now(),
        reason=why[:300],
        version=F("version") + 1,
    )
    record_all([_explained(row, why) for row in rows], actor=actor)
    return len(rows)


def _explained(row: Difference, why: str) -> Entry:
    return Entry(
        stream=row.stream,
        subject_kind=Difference.KIND,
        subject_id=row.pk,
        kind="difference.explained",
        from_state=DifferenceState.OPEN,
        to_state=DifferenceState.EXPLAINED,
        data={"cause": row.cause, "why": why},
    )
