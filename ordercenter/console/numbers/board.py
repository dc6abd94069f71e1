"""One span of days for one reader: what it came to, and the way to the rows behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest

from ordercenter.core.adminkit import looks
from orders.care.cpd import delay_felt
from orders.insight.behind import Counted
from orders.insight.facts import fact_named
from orders.insight.keeping import Days, midnight
from orders.insight.reading import Sum, counted, figures, funnel, overdue, span_days

OUTBOUND = ("on_time", "no_promise", "late")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a number, with the way to its rows where the reader may see them."""

    title: str
    value: str
    url: str = ""
    width: float = 0.0
    more: str = ""
    more_url: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """One figure: what it says, the rows behind it, what it is made of, how it is reckoned."""

    title: str
    value: str
    url: str
    how: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """A table of parts; `more` is the heading of its second column."""

    title: str
    parts: tuple[Part, ...]
    more: str = ""


class Board:
    """The numbers of one span for one reader; the statements are the same for any span."""

    def __init__(self, request: HttpRequest, span: str) -> None:
        self._user: Any = request.user
        self.span = span
        self.days = span_days(span)
        self.sums = figures(self.days)
        self.felt = delay_felt(midnight(self.days.first), midnight(self.days.end))
        self.late = overdue()
        self.stages = funnel()

    def link(self, fact: str, *labels: str, channel: str = "", days: Days | None = None) -> str:
        """The rows behind a number; empty where the reader may not open that list."""
        number: Counted = counted(fact, days or self.days, *labels, channel=channel)
        return self.allowed(number.fact.page, number.url)

    def allowed(self, page: str, url: str) -> str:
        """The address, empty for a reader who may not open that list."""
        app, _dash, model = page.partition("_")
        return url if self._user.has_perm(f"{app}.view_{model}") else ""

    def parts(self, fact: str, labels: Sequence[str] | None = None) -> tuple[Part, ...]:
        """The number by label; labels that never came up are left out unless they are named."""
        found = fact_named(fact)
        assert found is not None, "only what is counted is shown"
        names = labels if labels is not None else [label for label, _sum in self.sums.labels(fact)]
        return tuple(
            Part(
                str(found.labels.get(label, label)),
                f"{self.sums.sum(fact, label).count:,}",
                self.link(fact, label),
            )
            for label in names
        )

    def labelled(self, fact: str) -> list[tuple[str, Sum, str]]:
        """Name, sum and rows of each label that came up."""
        known = fact_named(fact)
        assert known is not None, "only what is counted is shown"
        return [
            (str(known.labels.get(label, label)), found, self.link(fact, label))
            for label, found in self.sums.labels(fact)
        ]


def percent(share: float | None) -> str:
    """`95.2%`, a dash where there is nothing to divide by."""
    return looks.NOTHING if share is None else f"{100 * share:.1f}%"


def length(minutes: float | None) -> str:
    """Minutes in the two largest units; a dash for none."""
    return looks.NOTHING if minutes is None else looks.span(timedelta(minutes=minutes))
