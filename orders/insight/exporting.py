"""The numbers as a workbook: sums of the span, and each day for who wants to compute further."""

from __future__ import annotations

from typing import IO

from django.utils.translation import gettext as _

from ordercenter.core.workbooks.writing import Field, Style, WorkbookWriter
from orders.insight.facts import all_facts
from orders.insight.models import DailyNumber
from orders.insight.reading import Figures


def write_numbers(sink: IO[bytes], figures: Figures) -> None:
    """Write what the span came to, and its days, into `sink` as a workbook."""
    facts = {fact.name: fact for fact in all_facts()}
    book = WorkbookWriter(sink)
    sums = book.first_sheet(
        _("Sums"),
        [
            Field(_("figure"), 22),
            Field(_("kind"), 24),
            Field(_("channel"), 14),
            Field(_("how many"), 12, is_number=True),
            Field(_("amount"), 16, Style.MONEY, is_number=True),
            Field(_("mean minutes"), 14, is_number=True),
        ],
        frozen=1,
    )
    each = book.sheet_beside(
        _("Days"),
        [
            Field(_("day"), 12),
            Field(_("shop"), 22),
            Field(_("figure"), 22),
            Field(_("kind"), 24),
            Field(_("how many"), 12, is_number=True),
            Field(_("amount"), 16, Style.MONEY, is_number=True),
            Field(_("minutes, summed up"), 16, is_number=True),
        ],
    )
    for (name, label, channel), found in sorted(figures.sums.items()):
        fact = facts.get(name)
        if fact is None:
            continue
        mean = f"{found.mean_minutes or 0:.1f}"
        words = str(fact.labels.get(label, label))
        sums.add([str(fact.title), words, channel, str(found.count), str(found.amount), mean])
    rows = DailyNumber.objects.filter(
        day__gte=figures.days.first, day__lt=figures.days.end, fact__in=list(facts)
    ).order_by("day", "fact", "shop_id", "label")
    for day, shop, name, label, count, amount, minutes in rows.values_list(
        "day", "shop__name", "fact", "label", "count", "amount", "minutes"
    ).iterator(chunk_size=2000):
        fact = facts[name]
        words = str(fact.labels.get(label, label))
        each.add([str(day), shop, str(fact.title), words, str(count), str(amount), str(minutes)])
    book.close()
