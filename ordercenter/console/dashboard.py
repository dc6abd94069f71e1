"""The first page: what waits for this person, the numbers, and whether the machinery is well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from integrations.models import ChannelAccount
from ordercenter.console import numbers
from ordercenter.console.todo import Todo, counts_for, todos_for
from ordercenter.core import heartbeat, invariants
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.counts import as_badge
from ordercenter.core.models import LawRun


@dataclass(frozen=True, slots=True)
class Tile:
    title: str | Promise
    count: str
    url: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """A law that does not hold, by its last check."""

    says: str | Promise
    run: LawRun


@dataclass(frozen=True, slots=True)
class Laws:
    """How many laws held when they were last checked, how many never were, and the broken ones."""

    holding: int
    unchecked: int
    checked_at: datetime | None
    broken: list[Broken]


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the person's tiles and, for those who watch the machinery, its state."""
    user: Any = request.user
    counts = counts_for(request)
    context["tiles"] = [_tile(todo, counts[todo.key]) for todo in todos_for(request)]
    numbers.fill(request, context)
    if user.has_perm("core.view_lawrun"):
        context["laws"] = laws()
        context["laws_url"] = reverse("admin:core_lawrun_changelist")
        context["worker"] = _worker()
    if user.has_perm("integrations.view_channelaccount"):
        context["channels"] = ChannelAccount.objects.select_related("shop").order_by("pk")[:20]
    context["title"] = _("To do")
    return context


def _tile(todo: Todo, count: int) -> Tile:
    return Tile(todo.title, as_badge(count) or "0", todo.url(), todo.urgent and count > 0)


def laws() -> Laws:
    """What the last check of each law said."""
    runs = {run.law: run for run in LawRun.objects.order_by("law", "-at", "-pk").distinct("law")}
    known = [(law, runs[law.name]) for law in invariants.all_laws() if law.name in runs]
    broken = [Broken(law.says, run) for law, run in known if run.violations]
    return Laws(
        holding=len(known) - len(broken),
        unchecked=len(invariants.all_laws()) - len(known),
        checked_at=min((run.at for _law, run in known), default=None),
        broken=broken,
    )


def _worker() -> tuple[str, str]:
    """What to say about the background workers, and its tone."""
    age = heartbeat.age()
    if age is None:
        return _("No sign of life from the background workers yet"), "orange"
    if age > timedelta(minutes=3):
        return _("Background workers are silent since %(span)s") % {"span": looks.span(age)}, "red"
    return _("Background workers are alive"), "green"
