"""What the workers run for finance; each can run twice, at once or again."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError
from django.utils import translation

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from orders.finance.errors import DoesNotTie
from orders.finance.models import DailySheet
from orders.finance.sheets import make_sheet, missing_days

CLOCK = Actor.system("timer:daily sheets")
# A machine that was off for a week-end makes up for it.
CATCH_UP = 7
KEEP_FILES = timedelta(days=3 * 366)


def make_daily_sheets() -> int:
    """Each of the last seven business days has its reconciliation sheet; how many were made.

    A day that does not tie keeps no other from its sheet; its `DoesNotTie` is raised at the end.
    """
    made, troubles = 0, []
    with translation.override(settings.LANGUAGE_CODE):
        for day in missing_days(CATCH_UP):
            try:
                make_sheet(day, day, actor=CLOCK, is_by_clock=True)
            except IntegrityError as error:
                if "clock_makes_a_day_once" not in str(error):
                    raise
                # A twin of this task was faster.
                continue
            except DoesNotTie as trouble:
                troubles.append(trouble)
                continue
            made += 1
    if troubles:
        raise troubles[0]
    return made


def purge_sheets() -> int:
    """Remove sheets that are older than three years, files and rows; how many."""
    old = DailySheet.objects.filter(made_at__lt=moments.now() - KEEP_FILES)
    total = 0
    for sheet in old.iterator():
        sheet.file.delete(save=False)
        sheet.delete()
        total += 1
    return total
