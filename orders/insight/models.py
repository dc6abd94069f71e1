from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models import Shop


class DailyNumber(models.Model):
    """What one fact came to on one business day (Asia/Shanghai) in one shop, under one label.

    Never edited: `keeping` counts whole days anew from the rows that the facts are read from.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    fact = models.CharField(_("figure"), max_length=20)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, verbose_name=_("shop"))
    label = models.CharField(_("kind"), max_length=30, blank=True)
    count = models.PositiveIntegerField(_("how many"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, default=0)
    minutes = models.BigIntegerField(_("minutes, summed up"), default=0)

    class Meta:
        verbose_name = _("daily number")
        verbose_name_plural = _("daily numbers")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "fact", "shop", "label"], name="daily_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.fact} {self.label}: {self.count}"


class ReadUpTo(models.Model):
    """How far the timeline has been read into the daily numbers; one row.

    Every event up to `floor` is in them; null means that nothing is, so all days are counted.
    `seen` was the newest event when the transactions before `seen_before` had begun: once all
    of those have ended it becomes the floor.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    floor = models.BigIntegerField(_("read up to event"), null=True)
    seen = models.BigIntegerField(_("newest event seen"), null=True)
    seen_before = models.BigIntegerField(_("seen before transaction"), null=True)
    kept_at = models.DateTimeField(_("kept"), null=True)

    class Meta:
        verbose_name = _("reading of the timeline")
        verbose_name_plural = _("reading of the timeline")

    def __str__(self) -> str:
        return f"≤ {self.floor}"
