"""What the workers run for customer care; each can run twice, at once or again."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.tasks import remove_in_batches
from orders.care.actions import tell_director
from orders.care.actions.urgent import DIRECTOR_HEARS
from orders.care.models import TrackAttempt, UrgentAlarm
from orders.care.selectors import urgent_orders

KEEP_ATTEMPTS = timedelta(days=90)
ALARM = Actor.system("timer:urgent orders")


def escalate_urgent() -> int:
    """Tell the director of urgent orders with less than two hours left; how many were told."""
    told = UrgentAlarm.objects.filter(order=OuterRef("pk"), wanted_by=OuterRef("wanted"))
    pressing = urgent_orders().filter(~Exists(told), wanted__lt=moments.now() + DIRECTOR_HEARS)
    ids = list(pressing.order_by("pk").values_list("pk", flat=True))
    # The action looks again under the order's lock: a twin of this task tells nobody twice.
    return sum(tell_director(pk, actor=ALARM) for pk in ids)


def purge_attempts() -> int:
    """Remove look-ups of customers that are older than ninety days; how many."""
    return remove_in_batches(TrackAttempt.objects.filter(at__lt=moments.now() - KEEP_ATTEMPTS))
