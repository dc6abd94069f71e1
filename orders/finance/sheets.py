"""Reconciliation sheets that are made, kept and found again."""

from __future__ import annotations

from datetime import date, timedelta
from tempfile import NamedTemporaryFile

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from orders.finance.figures import business_day
from orders.finance.ledger import Span
from orders.finance.models import DailySheet
from orders.finance.workbook import write_sheet

# A month and a day; more is asked of a report, not of a reconciliation.
MOST_DAYS = 32


def make_sheet(
    first: date, last: date, *, actor: Actor, with_gifts: bool = False, is_by_clock: bool = False
) -> DailySheet:
    """The workbook of these days, kept with who made it and when.

    Raises `BadInput` for days that can't be, `DoesNotTie` when the figures don't.
    """
    actor.require("finance.make_dailysheet")
    if not 0 <= (last - first).days < MOST_DAYS:
        said = str(_("Choose at most %(days)d days, the first before the last.")) % {
            "days": MOST_DAYS
        }
        raise BadInput(said, fields={"last_day": [said]})
    if last > business_day(moments.now()):
        said = str(_("The last day lies in the future."))
        raise BadInput(said, fields={"last_day": [said]})
    days = f"{first:%Y%m%d}" if first == last else f"{first:%Y%m%d}-{last:%Y%m%d}"
    sheet = DailySheet(
        first_day=first,
        last_day=last,
        with_gifts=with_gifts,
        is_by_clock=is_by_clock,
        user_id=actor.id if actor.kind == "person" else None,
        operator=actor.label[:80],
        made_at=moments.now(),
        name=f"reconciliation-{days}{'-gifts' if with_gifts else ''}.xlsx",
    )
    with NamedTemporaryFile(suffix=".xlsx") as file:
        sheet.figures = write_sheet(file, Span(first, last, with_gifts))
        file.flush()
        sheet.size = file.tell()
        file.seek(0)
        sheet.file.save(sheet.name, File(file), save=False)
    try:
        with transaction.atomic():
            sheet.save()
    except IntegrityError:
        sheet.file.delete(save=False)
        raise
    return sheet


def missing_days(days: int) -> list[date]:
    """The last business days, oldest first, of which the clock has made no sheet yet."""
    yesterday = business_day(moments.now()) - timedelta(days=1)
    wanted = [yesterday - timedelta(days=back) for back in range(days - 1, -1, -1)]
    made = set(
        DailySheet.objects.filter(is_by_clock=True, first_day__in=wanted).values_list(
            "first_day", flat=True
        )
    )
    return [day for day in wanted if day not in made]
