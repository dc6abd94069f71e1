from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class TrackingState(models.TextChoices):
    """Where a parcel is, in one set of words for all carriers."""

    REGISTERED = "registered", _("number made")
    COLLECTED = "collected", _("collected")
    IN_TRANSIT = "in_transit", _("in transit")
    OUT_FOR_DELIVERY = "out_for_delivery", _("out for delivery")
    AWAITING_PICKUP = "awaiting_pickup", _("waits at a station or locker")
    DELIVERED = "delivered", _("delivered")
    EXCEPTION = "exception", _("in trouble")
    RETURNING = "returning", _("coming back")
    RETURNED = "returned", _("came back")
    CUSTOMS = "customs", _("at customs")
    CANCELLED = "cancelled", _("waybill cancelled")


class TrackingPoint(models.Model):
    """One line of a carrier's trace. `code` is the carrier's own word, kept as it came.

    `state` is empty where we don't know the code: the line is shown and moves nothing.
    """

    id = models.BigAutoField(primary_key=True)
    shipment = models.ForeignKey(
        "fulfilment.Shipment",
        on_delete=models.PROTECT,
        related_name="points",
        verbose_name=_("shipment"),
    )
    at = models.DateTimeField(_("when"))
    state = models.CharField(_("state"), max_length=20, choices=TrackingState.choices, blank=True)
    text = models.CharField(_("text"), max_length=500)
    place = models.CharField(_("place"), max_length=120, blank=True)
    code = models.CharField(_("carrier's code"), max_length=40, blank=True)
    heard_at = models.DateTimeField(_("heard"))

    class Meta:
        verbose_name = _("tracking point")
        verbose_name_plural = _("tracking points")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["shipment", "at", "text"], name="point_once")
        ]

    def __str__(self) -> str:
        return f"{self.at:%m-%d %H:%M} {self.text[:40]}"
