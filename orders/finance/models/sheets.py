from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


def sheet_path(sheet: DailySheet, name: str) -> str:
    """Files lie under a name nobody guesses; the readable one is only shown."""
    return f"finance/{secrets.token_hex(16)}.xlsx"


class DailySheet(models.Model):
    """One reconciliation workbook that was made and kept, and what it comes to.

    `figures` are the totals of its summary as texts. The clock makes one for each day.
    """

    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    with_gifts = models.BooleanField(_("with gift orders"), default=False)
    is_by_clock = models.BooleanField(_("made by the clock"), default=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    operator = models.CharField(_("who"), max_length=80)
    made_at = models.DateTimeField(_("sheet made at"))
    name = models.CharField(_("file name"), max_length=120)
    file = models.FileField(_("file"), upload_to=sheet_path)
    size = models.PositiveBigIntegerField(_("bytes"))
    figures = models.JSONField(_("totals"), default=dict)

    class Meta:
        verbose_name = _("reconciliation sheet")
        verbose_name_plural = _("reconciliation sheets")
        permissions = [("make_dailysheet", _("Can make reconciliation sheets"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_day__lte=F("last_day")), name="sheet_days_in_order"
            ),
            models.UniqueConstraint(
                fields=["first_day", "last_day"],
                condition=Q(is_by_clock=True),
                name="clock_makes_a_day_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name
