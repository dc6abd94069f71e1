"""The rows behind each number, as a part of a list's address.

`behind=outbound~late~2026-10-24~2026-11-22~taobao` are the orders that left late on those days in
the channel's shops; several labels are joined by commas, none means all. `behind=overdue~role~cs`
are the orders with an overdue clock of that role now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Model, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext as _

from ordercenter.core import moments
from ordercenter.core.adminkit.keyset import BEHIND_VAR, Behind, narrows_lists
from ordercenter.core.adminkit.story import state_name
from ordercenter.core.models import Timer, User
from ordercenter.core.roles import role_name
from orders.insight.facts import Fact, fact_named
from orders.insight.keeping import Days
from orders.insight.models import DailyNumber
from orders.models import Order, WorkOrder, channel_name

OVERDUE = "overdue"
_DAY = timedelta(days=1)
# So many rows are quickly fetched and sorted.
FEW = 5_000


@dataclass(frozen=True, slots=True)
class Counted:
    """A number of the daily numbers: which fact, which labels (none: all), which days."""

    fact: Fact
    labels: tuple[str, ...]
    days: Days
    channel: str = ""

    @property
    def url(self) -> str:
        """The list that shows the rows behind it."""
        last = self.days.end - _DAY
        parts = (self.fact.name, ",".join(self.labels), str(self.days.first), str(last))
        return _list_url(self.fact.page, "~".join((*parts, self.channel)))

    def rows(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those that the number counts."""
        wanted = ["f.at >= %s", "f.at < %s"]
        values: list[Any] = list(self.days.moments)
        if self.labels:
            wanted.append("f.label = ANY(%s)")
            values.append(list(self.labels))
        if self.channel:
            wanted.append("f.shop_id IN (SELECT id FROM orders_shop WHERE channel = %s)")
            values.append(self.channel)
        sql = f"SELECT f.row_id FROM ({self.fact.rows}) f WHERE {' AND '.join(wanted)}"
        if self._is_few():
            # Found first, then sorted: the database would look for them from the newest row on.
            sql = f"WITH few AS MATERIALIZED ({sql}) SELECT row_id FROM few"
        return rows.filter(pk__in=RawSQL(sql, values))

    def _is_few(self) -> bool:
        """Whether the daily numbers know of few; right or wrong, the rows are the same."""
        kept = DailyNumber.objects.filter(
            fact=self.fact.name, day__gte=self.days.first, day__lt=self.days.end
        )
        if self.labels:
            kept = kept.filter(label__in=self.labels)
        if self.channel:
            kept = kept.filter(shop__channel=self.channel)
        return (kept.aggregate(known=Sum("count"))["known"] or 0) <= FEW

    @property
    def says(self) -> str:
        """The number in words, with its days."""
        names = [str(self.fact.labels.get(label, label)) for label in self.labels]
        last = self.days.end - _DAY
        span = str(last) if last == self.days.first else f"{self.days.first} – {last}"
        channel = channel_name(self.channel)
        return " · ".join(filter(None, [str(self.fact.title), "、".join(names), channel, span]))


def _list_url(page: str, behind: str) -> str:
    return f"{reverse(f'admin:{page}_changelist')}?tab=all&{BEHIND_VAR}={behind}"


@narrows_lists
def find_counted(model: type[Model], text: str) -> Behind | None:
    """The rows of a daily number; None for another list's number or what can't be read."""
    parts = text.split("~")
    fact = fact_named(parts[0])
    if len(parts) != 5 or fact is None or fact.page != model._meta.label_lower.replace(".", "_"):
        return None
    try:
        first, last = date.fromisoformat(parts[2]), date.fromisoformat(parts[3])
        days = Days(first, last + _DAY)
    except (ValueError, OverflowError):
        return None
    labels = tuple(label for label in parts[1].split(",") if label)
    counted = Counted(fact, labels, days, parts[4])
    return Behind(counted.rows, counted.says)


def overdue_now() -> QuerySet[Timer]:
    """Running clocks past their limit."""
    return Timer.objects.filter(
        stopped_at__isnull=True, paused_at__isnull=True, due_at__lt=moments.now()
    )


def overdue_url(part: str, key: object) -> str:
    """What is overdue: orders of a `role` or in a `stage`, work orders of a `person`."""
    page = "orders_workorder" if part == "person" else "orders_order"
    return _list_url(page, f"{OVERDUE}~{part}~{key}")


def _of_role(rows: QuerySet[Any], role: str) -> QuerySet[Any]:
    """Orders with an overdue clock of this role, their own or one of their parts'."""
    ids = RawSQL(
        "SELECT split_part(t.stream, ':', 2)::bigint FROM core_timer t"
        " WHERE t.stopped_at IS NULL AND t.paused_at IS NULL AND t.due_at < %s"
        "   AND t.owner_role = %s AND split_part(t.stream, ':', 1) = 'order'",
        [moments.now(), role],
    )
    return rows.filter(pk__in=ids)


def _in_stage(rows: QuerySet[Any], stage: str) -> QuerySet[Any]:
    """Orders whose own clock of this stage is overdue."""
    clocks = overdue_now().filter(subject_kind=Order.KIND, stage=stage)
    return rows.filter(pk__in=clocks.values("subject_id"))


def _of_person(rows: QuerySet[Any], user_id: str) -> QuerySet[Any]:
    """Work orders that this person has claimed and that are overdue."""
    clocks = overdue_now().filter(subject_kind=WorkOrder.KIND)
    return rows.filter(assignee=int(user_id), pk__in=clocks.values("subject_id"))


def _person_name(user_id: str) -> str:
    person = User.objects.filter(pk=int(user_id)).first()
    return (person.get_full_name() or person.get_username()) if person else user_id


_Part = tuple[type[Model], Callable[[QuerySet[Any], str], QuerySet[Any]], Callable[[str], str]]
_PARTS: dict[str, _Part] = {
    "role": (Order, _of_role, role_name),
    "stage": (Order, _in_stage, lambda stage: state_name(Order.KIND, stage)),
    "person": (WorkOrder, _of_person, _person_name),
}


@narrows_lists
def find_overdue(model: type[Model], text: str) -> Behind | None:
    """What is overdue now for a role, in a stage or of a person; None for anything else."""
    parts = text.split("~")
    if len(parts) != 3 or parts[0] != OVERDUE or parts[1] not in _PARTS:
        return None
    of_model, narrow, name = _PARTS[parts[1]]
    is_number = parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 10
    if model is not of_model or (parts[1] == "person" and not is_number):
        return None
    return Behind(
        lambda rows: narrow(rows, parts[2]), _("overdue now: %(whose)s") % {"whose": name(parts[2])}
    )
