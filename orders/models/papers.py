from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order


class OrderNote(models.Model):
    """Something the next person must know. Shown first wherever the order is scanned."""

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="notes", verbose_name=_("order")
    )
    text = models.CharField(_("note"), max_length=500)
    author = models.CharField(_("who"), max_length=80)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.text[:40]


def attachment_path(attachment: Attachment, name: str) -> str:
    """Files lie under a name we make; the uploaded one is only shown."""
    suffix = name.rpartition(".")[2].lower()[:8]
    return f"orders/{attachment.order_id}/{attachment.sha256[:32]}.{suffix}"


class Attachment(models.Model):
    """A file that belongs to the order: packing photo, signed agreement, waybill."""

    class Kind(models.TextChoices):
        PHOTO = "photo", _("photo")
        VIDEO = "video", _("video")
        AGREEMENT = "agreement", _("agreement")
        LABEL = "label", _("waybill")
        OTHER = "other", _("other")

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="attachments", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    name = models.CharField(_("file name"), max_length=120)
    file = models.FileField(_("file"), upload_to=attachment_path)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    added_by = models.CharField(_("who"), max_length=80)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["order", "sha256"], name="attachment_once_per_order")
        ]

    def __str__(self) -> str:
        return self.name
