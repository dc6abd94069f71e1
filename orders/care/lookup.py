"""Finding one's order without a login, and not finding anybody else's (K1).

A try is written down before it is counted, so tries at once can't slip past the limit. Right or
wrong, the same statements run and the same words answer.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.errors import DomainError, NotFound
from orders.care.models import TrackAttempt
from orders.models import Order
from orders.receiver import tidy_text

MOST_TRIES = 8
WINDOW = timedelta(minutes=15)
# One number may stand in several shops; more than this is nobody's honest question.
_MOST_TWINS = 5
_Outcome = TrackAttempt.Outcome


class TooManyTries(DomainError):
    """This address or this number was tried too often; the limit falls with time."""

    code = "too_many_tries"
    status = 429
    title = _("Too many tries. Wait a quarter of an hour, or ask customer service.")


# Refused tries don't count: nobody can keep a customer out for longer than the window.
_COUNT = """
SELECT count(*) FILTER (WHERE ip = %s::inet), count(*) FILTER (WHERE number = %s)
  FROM care_trackattempt
 WHERE at > %s AND outcome IN ('open', 'wrong') AND (ip = %s::inet OR number = %s)
"""


def find_order(number: str, tail: str, *, ip: str, device: str = "") -> Order:
    """The order with this number (ours or the channel's) and this phone tail.

    Raises `NotFound` for every wrong pair alike, `TooManyTries` after eight wrong tries of an
    address or a number within a quarter of an hour. Every try leaves a row.
    """
    wanted = tidy_text(number)[:64].upper()
    attempt = TrackAttempt.objects.create(
        ip=ip, number=wanted, device=device[:200], at=moments.now()
    )
    if max(_tries(ip, wanted)) > MOST_TRIES:
        _note(attempt, _Outcome.REFUSED)
        raise TooManyTries
    order = _matching(number, wanted, tail)
    _note(attempt, _Outcome.WRONG if order is None else _Outcome.FOUND)
    if order is None:
        raise NotFound(_("No order has this number and these four digits. Check both."))
    return order


def _tries(ip: str, number: str) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [ip, number, moments.now() - WINDOW, ip, number])
        by_ip, by_number = cursor.fetchone()
    return by_ip, by_number


def _matching(typed: str, wanted: str, tail: str) -> Order | None:
    numbers = Q(number=wanted) | Q(external_number__in={tidy_text(typed)[:64], wanted})
    found = None
    for order in Order.objects.filter(numbers).order_by("-pk")[:_MOST_TWINS]:
        # Every candidate is compared, so that the time tells nothing either.
        if constant_time_compare(order.receiver_phone_tail or "-", tail) and found is None:
            found = order
    return found


def _note(attempt: TrackAttempt, outcome: TrackAttempt.Outcome) -> None:
    TrackAttempt.objects.filter(pk=attempt.pk).update(outcome=outcome)
