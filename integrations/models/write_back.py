"""What the channels have been told about parcels."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.fulfilment.models import Shipment
from orders.models import OrderLine


class ToldState(models.TextChoices):
    PENDING = "pending", _("not told yet")
    TOLD = "told", _("told")
    REFUSED = "refused", _("refused")


class ToldChannel(models.Model):
    """Whether the channel knows that this order line left with this parcel."""

    id = models.BigAutoField(primary_key=True)
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="told", verbose_name=_("order line")
    )
    shipment = models.ForeignKey(
        Shipment, on_delete=models.PROTECT, related_name="told", verbose_name=_("shipment")
    )
    state = models.CharField(
        _("state"), max_length=8, choices=ToldState.choices, default=ToldState.PENDING
    )
    waybill = models.CharField(_("waybill number"), max_length=40)
    at = models.DateTimeField(_("when"), null=True)
    answer = models.JSONField(_("answer"), default=dict)

    class Meta:
        verbose_name = _("parcel told to the channel")
        verbose_name_plural = _("parcels told to the channels")
        permissions = [("tell_channel", _("Can tell channels of parcels again"))]
        constraints = [
            models.UniqueConstraint(fields=["line", "shipment"], name="told_once_per_parcel")
        ]

    def __str__(self) -> str:
        return f"{self.waybill} {self.get_state_display()}"
