"""What has passed its date is not sold (C1)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inventory.actions.adjust import Promised, hold_batch
from inventory.models import Batch, Placement
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.timeline import Entry, record_all

CALENDAR = Actor.system("timer:expiry dates")


def hold_expired_batches() -> int:
    """Batches that expired before today (Shanghai) lie on QC hold; how many were put there.

    One whose pieces are promised to orders can't be held: it is told of again each time, until a
    person decides what those orders get.
    """
    today = moments.now().astimezone(moments.SHANGHAI).date()
    lying = Placement.objects.filter(quantity__gt=0).values("batch")
    expired = Batch.objects.filter(
        expires_on__lt=today, quality=Batch.Quality.PASSED, pk__in=lying
    ).order_by("pk")
    return sum(_hold(batch) for batch in expired)


@transaction.atomic
def _hold(batch: Batch) -> bool:
    try:
        hold_batch(batch.pk, note=str(_("The batch has expired.")), actor=CALENDAR)
    except Promised:
        is_held = False
    else:
        is_held = True
    placements = Placement.objects.filter(batch=batch, quantity__gt=0)
    record_all(
        [
            Entry(
                stream=f"stock:{level}",
                subject_kind="stock",
                subject_id=level,
                kind="stock.batch_expired",
                data={
                    "batch": batch.code,
                    "sku": batch.sku.code,
                    "expires_on": f"{batch.expires_on:%Y-%m-%d}",
                    "held": is_held,
                },
            )
            for level in placements.order_by("level").values_list("level", flat=True).distinct()
        ],
        actor=CALENDAR,
    )
    return is_held
