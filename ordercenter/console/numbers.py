"""The numbers on the first page: what the days came to and what is late now, each a way in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ordercenter.console.inquiry_facts import ASKED
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.keyset import COUNT_CAP
from ordercenter.core.roles import role_name
from orders.care.cpd import delay_felt
from orders.insight.behind import Counted, overdue_url
from orders.insight.charts import Chart, draw
from orders.insight.facts import fact_named
from orders.insight.keeping import Days, midnight
from orders.insight.reading import (
    FUNNEL,
    SPANS,
    USUAL_SPAN,
    Sum,
    counted,
    each_day,
    figures,
    funnel,
    kept_at,
    overdue,
    span_days,
)
from orders.insight.views import VIEW
from orders.models import OrderState
from rma.models import ReturnReason

SPAN_NAMES: dict[str, str | Promise] = {
    "today": gettext_lazy("Today"),
    "yesterday": gettext_lazy("Yesterday"),
    "30": gettext_lazy("30 days"),
    "365": gettext_lazy("A year"),
}
# Shops carry the channel's code; one without a name here is shown by its code.
CHANNEL_NAMES: dict[str, str | Promise] = {
    "taobao": gettext_lazy("Taobao / Tmall"),
    "jd": gettext_lazy("JD"),
    "pinduoduo": gettext_lazy("Pinduoduo"),
    "douyin": gettext_lazy("Douyin"),
    "wechat_group": gettext_lazy("WeChat group"),
    "wechat_mini": gettext_lazy("WeChat mini program"),
    "pos": gettext_lazy("Counter"),
    "manual": gettext_lazy("Entered by hand"),
    "api": gettext_lazy("Partners"),
}
PROMISED = ("on_time", "late")
OUTBOUND = ("on_time", "no_promise", "late")
NOT_AS_ORDERED = (ReturnReason.WRONG_ITEM, ReturnReason.INCOMPLETE)
# A single day is shown among those before it.
SHORTEST_CHART = 14


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


@dataclass(frozen=True, slots=True)
class ShownBar:
    """A bar of the chart with its link and its words."""

    x: int
    pieces: Sequence[Any]
    url: str
    says: str


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

    # -- links -------------------------------------------------------------------------------

    def link(self, fact: str, *labels: str, channel: str = "", days: Days | None = None) -> str:
        """The rows behind a number; empty where the reader may not open that list."""
        number: Counted = counted(fact, days or self.days, *labels, channel=channel)
        return self._allowed(number.fact.page, number.url)

    def _allowed(self, page: str, url: str) -> str:
        app, _dash, model = page.partition("_")
        return url if self._user.has_perm(f"{app}.view_{model}") else ""

    def _parts(self, fact: str, labels: Sequence[str] | None = None) -> tuple[Part, ...]:
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

    # -- numbers -----------------------------------------------------------------------------

    def numbers(self) -> Iterator[Number]:
        """The figures of the span."""
        yield from self._of_orders()
        yield from self._of_customers()
        yield from self._of_trouble()

    def _of_orders(self) -> Iterator[Number]:
        out, placed, road = (self.sums.sum(n) for n in ("outbound", "placed", "delivered"))
        yield Number(
            _("Left on time"),
            percent(self.sums.share("outbound", ("on_time",), PROMISED)),
            self.link("outbound", *PROMISED),
            _("Of the orders that left with a promise: by ship-by and wanted-by, the earlier."),
            self._parts("outbound", OUTBOUND),
        )
        yield Number(
            _("From order to door"),
            length(out.mean_minutes),
            self.link("outbound"),
            _("Mean time from placing to leaving the warehouse."),
            (Part(_("Left the warehouse"), f"{out.count:,}", self.link("outbound")),),
        )
        yield Number(
            _("Orders placed"),
            f"{placed.count:,}",
            self.link("placed"),
            _("By the moment they were placed; cancelled ones included."),
            (Part(_("to pay"), looks.money(placed.amount)),),
        )
        yield Number(
            _("Delivered"),
            f"{road.count:,}",
            self.link("delivered"),
            _("Mean time from the door to the receiver."),
            (Part(_("on the road"), length(road.mean_minutes)),),
        )
        yield Number(
            _("Ended"),
            f"{self.sums.sum('ended').count:,}",
            self.link("ended"),
            _("Completed, cancelled or closed on these days."),
            self._parts("ended", (OrderState.COMPLETED, OrderState.CANCELLED, OrderState.CLOSED)),
        )

    def _of_customers(self) -> Iterator[Number]:
        wishes = ("self", "staff")
        yield Number(
            _("Self-service"),
            percent(self.sums.share("wished", ("self",), wishes)),
            self.link("wished", *wishes),
            _("New addresses, returns and “where is it”, settled without staff."),
            self._parts("wished", wishes),
        )
        felt = self.felt
        yield Number(
            _("Delay as felt"),
            length(felt.median_minutes),
            self.link(ASKED),
            _("Median from “where is it” to the answer; promised are 30 minutes."),
            (
                Part(_("within 30 minutes"), percent(felt.share_in_time)),
                *self._parts(ASKED, ("in_time", "late", "waiting")),
            ),
        )
        out = self.sums.sum("outbound").count
        asked = self.sums.sum("returned").count
        yield Number(
            _("Returns asked for"),
            f"{asked:,}",
            self.link("returned"),
            _("Share: of the orders that left on these days."),
            (
                Part(_("share"), percent(asked / out if out else None)),
                Part(
                    _("wrong or missing"),
                    f"{self.sums.sum('returned', *NOT_AS_ORDERED).count:,}",
                    self.link("returned", *NOT_AS_ORDERED),
                ),
            ),
        )
        back = self.sums.sum("refunded")
        yield Number(
            _("Paid back"),
            looks.money(back.amount),
            self.link("refunded"),
            _("Refunds that reached the buyer on these days."),
            (Part(_("refunds"), f"{back.count:,}", self.link("refunded")),),
        )

    def _of_trouble(self) -> Iterator[Number]:
        work = self.sums.sum("resolved")
        yield Number(
            _("Work orders, time to close"),
            length(work.mean_minutes),
            self.link("resolved"),
            _("Mean from opening to resolution."),
            (Part(_("resolved"), f"{work.count:,}", self.link("resolved")),),
        )
        yield Number(
            _("Overdue, told"),
            f"{self.sums.sum('escalated').count:,}",
            self.link("escalated"),
            _("Clocks that ran out on these days, by who was told."),
            self._parts("escalated", ("reminder", "supervisor", "director")),
        )

    # -- panels ------------------------------------------------------------------------------

    def panels(self) -> Iterator[Panel]:
        """Funnel, overdue, channels, reasons and work orders; empty ones are left out."""
        yield self._funnel()
        for panel in (self._overdue(), self._channels(), self._returns(), self._work()):
            if panel.parts:
                yield panel

    def _funnel(self) -> Panel:
        base = reverse("admin:orders_order_changelist")
        most = max([*self.stages.values(), 1])
        return Panel(
            _("In the house now"),
            tuple(
                Part(
                    str(state.label),
                    _capped(self.stages[state]),
                    self._allowed("orders_order", f"{base}?tab=all&state__exact={state}"),
                    100 * self.stages[state] / most,
                    _capped(self.late.stages.get(state, 0)),
                    self._allowed("orders_order", overdue_url("stage", state)),
                )
                for state in FUNNEL
            ),
            _("Overdue"),
        )

    def _overdue(self) -> Panel:
        roles = sorted(self.late.roles.items(), key=lambda pair: -pair[1])
        people = sorted(self.late.people.items(), key=lambda pair: -pair[1])
        most = max([count for _key, count in (*roles, *people)], default=1)
        return Panel(
            _("Overdue now, by role and person"),
            (
                *(
                    Part(
                        role_name(role),
                        _capped(count, self.late.is_capped),
                        self._allowed("orders_order", overdue_url("role", role)),
                        100 * count / most,
                    )
                    for role, count in roles
                ),
                *(
                    Part(
                        _("%(person)s (work orders)") % {"person": name},
                        _capped(count, self.late.is_capped),
                        self._allowed("orders_workorder", overdue_url("person", pk)),
                        100 * count / most,
                    )
                    for (pk, name), count in people
                ),
            ),
        )

    def _channels(self) -> Panel:
        return self._panel(
            _("Orders by channel"),
            [
                (
                    str(CHANNEL_NAMES.get(channel, channel)),
                    found,
                    self.link("placed", channel=channel),
                )
                for channel, found in self.sums.channels("placed")
            ],
            _("to pay"),
            lambda found: looks.money(found.amount),
        )

    def _returns(self) -> Panel:
        return self._panel(_("Returns by reason"), self._labelled("returned"))

    def _work(self) -> Panel:
        return self._panel(
            _("Work orders by kind"),
            self._labelled("resolved"),
            _("time to close"),
            lambda found: length(found.mean_minutes),
        )

    def _labelled(self, fact: str) -> list[tuple[str, Sum, str]]:
        known = fact_named(fact)
        assert known is not None, "only what is counted is shown"
        return [
            (str(known.labels.get(label, label)), found, self.link(fact, label))
            for label, found in self.sums.labels(fact)
        ]

    def _panel(
        self,
        title: str,
        rows: Sequence[tuple[str, Sum, str]],
        more: str = "",
        of: Any = lambda found: "",
    ) -> Panel:
        most = max([found.count for _name, found, _url in rows], default=0) or 1
        return Panel(
            title,
            tuple(
                Part(name, f"{found.count:,}", url, 100 * found.count / most, of(found))
                for name, found, url in rows
            ),
            more,
        )

    # -- chart -------------------------------------------------------------------------------

    def chart(self) -> tuple[Chart, list[ShownBar]]:
        """Orders that left, by day (by week for a year), with the way to each bar's orders."""
        days = self.days
        if (days.end - days.first).days < SHORTEST_CHART:
            days = Days(days.end - timedelta(days=SHORTEST_CHART), days.end)
        fact = fact_named("outbound")
        assert fact is not None, "only what is counted is shown"
        drawn = draw(days, each_day(days, fact), OUTBOUND)
        bars = []
        for bar in drawn.bars:
            last = bar.days.end - timedelta(days=1)
            when = _short(last) if last == bar.days.first else _span(bar.days.first, last)
            counts = "，".join(
                f"{fact.labels[label]} {count:,}" for label, count in bar.counts.items() if count
            )
            url = self.link("outbound", days=bar.days)
            bars.append(ShownBar(bar.x, bar.pieces, url, f"{when}：{counts or '0'}"))
        return drawn, bars


def fill(request: HttpRequest, context: dict[str, Any]) -> None:
    """Put the numbers on the first page for those who may see them."""
    if not request.user.has_perm(VIEW):  # type: ignore[union-attr]
        return
    span = request.GET.get("span", USUAL_SPAN)
    board = Board(request, span if span in SPANS else USUAL_SPAN)
    drawn, bars = board.chart()
    context["numbers"] = {
        "spans": [(key, name, key == board.span) for key, name in SPAN_NAMES.items()],
        "first": board.days.first,
        "last": board.days.end - timedelta(days=1),
        "kept_at": kept_at(),
        "tiles": list(board.numbers()),
        "panels": list(board.panels()),
        "chart": drawn,
        "chart_first": drawn.bars[0].days.first,
        "bars": bars,
        "legend": [(label, fact_named("outbound").labels[label]) for label in OUTBOUND],
        "export_url": f"{reverse('insight:export')}?span={board.span}",
    }


def percent(share: float | None) -> str:
    """`95.2%`, a dash where there is nothing to divide by."""
    return looks.NOTHING if share is None else f"{100 * share:.1f}%"


def length(minutes: float | None) -> str:
    """Minutes in the two largest units; a dash for none."""
    return looks.NOTHING if minutes is None else looks.span(timedelta(minutes=minutes))


def _capped(count: int, is_capped: bool = False) -> str:
    return f"{min(count, COUNT_CAP):,}{'+' if is_capped or count > COUNT_CAP else ''}"


def _short(day: date) -> str:
    return f"{day:%m-%d}"


def _span(first: date, last: date) -> str:
    return f"{_short(first)} – {_short(last)}"
