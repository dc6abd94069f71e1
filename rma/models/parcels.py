from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from inventory.models import Warehouse
from ordercenter.core.lifecycle import Lifecycle
from rma.models.returns import Return


class UnknownParcelState(models.TextChoices):
    WAITING = "waiting", _("whose is it?")
    ASSIGNED = "assigned", _("assigned")
    CLOSED = "closed", _("closed")


def photo_path(parcel: UnknownParcel, name: str) -> str:
    """Photos lie under a name nobody guesses; the uploaded one is forgotten."""
    return f"returns/{uuid.uuid4().hex}.{name.rpartition('.')[2].lower()[:8]}"


class UnknownParcel(Lifecycle):
    """A parcel that came back and says no RMA number. Its story is its own until it is assigned."""

    KIND = "unknown_parcel"

    state = FSMField(
        _("state"),
        choices=UnknownParcelState.choices,
        default=UnknownParcelState.WAITING,
        protected=True,
    )
    tracking_number = models.CharField(_("tracking number"), max_length=40, blank=True)
    phone_tail = models.CharField(_("sender's phone, last four"), max_length=4, blank=True)
    sender = models.CharField(_("sender"), max_length=100, blank=True)
    sku_codes = ArrayField(
        models.CharField(max_length=64), verbose_name=_("SKUs found"), default=list, blank=True
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    photo = models.FileField(_("photo"), upload_to=photo_path, blank=True)
    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("lies in")
    )
    found_by = models.CharField(_("found by"), max_length=80)
    arrived_at = models.DateTimeField(_("arrived"))
    rma = models.ForeignKey(
        Return,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="parcels",
        verbose_name=_("return"),
    )

    class Meta:
        verbose_name = _("parcel without RMA")
        verbose_name_plural = _("parcels without RMA")
        permissions = [
            ("note_unknownparcel", _("Can note parcels without RMA")),
            ("assign_unknownparcel", _("Can assign parcels without RMA")),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="unknown_parcel_state")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="assigned") | models.Q(rma__isnull=False),
                name="assigned_parcel_names_its_return",
            )
        ]

    def __str__(self) -> str:
        return self.tracking_number or f"#{self.pk}"

    @transition(
        state,
        source=UnknownParcelState.WAITING,
        target=UnknownParcelState.ASSIGNED,
        permission="rma.assign_unknownparcel",
    )
    def assign(self) -> None:
        """We know which return it belongs to."""

    @transition(
        state,
        source=UnknownParcelState.WAITING,
        target=UnknownParcelState.CLOSED,
        permission="rma.assign_unknownparcel",
    )
    def close(self) -> None:
        """It was given back or is not ours."""
