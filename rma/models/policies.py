from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models import channel_name


class ReturnPolicy(models.Model):
    """What a channel's customers may send back, and what money goes back by itself.

    The row without a channel is for all that have none of their own.
    """

    channel = models.CharField(_("channel"), max_length=30, blank=True, unique=True)
    no_reason_days = models.PositiveSmallIntegerField(
        _("days to return without a reason"),
        default=7,
        help_text=_("Counted from the day after delivery."),
    )
    quality_days = models.PositiveSmallIntegerField(_("days to return what is faulty"), default=30)
    excluded_categories = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("categories not taken back without a reason"),
        default=list,
        blank=True,
    )
    auto_refund_limit = models.DecimalField(
        _("refunded without finance up to (CNY)"),
        max_digits=14,
        decimal_places=2,
        default=Decimal("200.00"),
        help_text=_("0 sends every refund to finance."),
    )

    class Meta:
        verbose_name = _("return policy")
        verbose_name_plural = _("return policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(auto_refund_limit__gte=0), name="auto_refund_limit_not_negative"
            )
        ]

    def __str__(self) -> str:
        return channel_name(self.channel) or str(_("all channels"))
