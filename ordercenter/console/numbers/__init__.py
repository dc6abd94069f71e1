"""The numbers on the first page: what the days came to and what is late now, each a way in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from ordercenter.console.numbers.bars import chart
from ordercenter.console.numbers.board import OUTBOUND, Board
from ordercenter.console.numbers.tables import panels
from ordercenter.console.numbers.tiles import numbers
from ordercenter.core.visitors import may
from orders.insight.facts import fact_named
from orders.insight.reading import SPANS, USUAL_SPAN, kept_at
from orders.insight.views import VIEW

SPAN_NAMES: dict[str, str | Promise] = {
    "today": gettext_lazy("Today"),
    "yesterday": gettext_lazy("Yesterday"),
    "30": gettext_lazy("30 days"),
    "365": gettext_lazy("A year"),
}


def fill(request: HttpRequest, context: dict[str, Any]) -> None:
    """Put the numbers on the first page for those who may see them."""
    if not may(request, VIEW):
        return
    span = request.GET.get("span", USUAL_SPAN)
    board = Board(request, span if span in SPANS else USUAL_SPAN)
    drawn, bars = chart(board)
    context["numbers"] = {
        "spans": [(key, name, key == board.span) for key, name in SPAN_NAMES.items()],
        "first": board.days.first,
        "last": board.days.end - timedelta(days=1),
        "kept_at": kept_at(),
        "tiles": list(numbers(board)),
        "panels": list(panels(board)),
        "chart": drawn,
        "chart_first": drawn.bars[0].days.first,
        "bars": bars,
        "legend": [(label, fact_named("outbound").labels[label]) for label in OUTBOUND],
        "export_url": f"{reverse('insight:export')}?span={board.span}",
    }
