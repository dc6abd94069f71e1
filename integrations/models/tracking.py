"""Parcels we hear about, the account we ask with, and what came in by callback."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ordercenter.core.secrets import EncryptedJSONField


def new_token() -> str:
    """An address nobody guesses: 43 letters and digits of 32 random bytes."""
    return secrets.token_urlsafe(32)


def new_salt() -> str:
    """A secret that the sender of pushes signs with; Kuaidi100 takes letters and digits."""
    return secrets.token_hex(16)


class TrackingAccount(models.Model):
    """Our account at a tracking service. `credentials` holds {"key": …, "customer": …}."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    base_url = models.URLField(_("address"), default="https://poll.kuaidi100.com")
    credentials: Any = EncryptedJSONField(_("credentials"))
    is_active = models.BooleanField(_("active"), default=True)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("tracking account")
        verbose_name_plural = _("tracking accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"],
                condition=Q(is_active=True),
                name="one_active_tracking_account",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TrackingSubscription(models.Model):
    """We want to hear of one parcel number until its road ends.

    `company` is the service's word for the carrier. The token is the secret part of the address
    that pushes go to, the salt is what they are signed with; both are this number's own.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        ACTIVE = "active", _("active")
        ENDED = "ended", _("ended")
        ABORTED = "aborted", _("given up by the service")
        REFUSED = "refused", _("refused")

    id = models.BigAutoField(primary_key=True)
    shipment_id = models.BigIntegerField(_("parcel"))
    company = models.CharField(_("carrier's code"), max_length=40)
    number = models.CharField(_("parcel number"), max_length=40)
    phone_tail = models.CharField(_("phone, last four"), max_length=4, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PLANNED)
    token = models.CharField(
        _("address"), max_length=64, unique=True, default=new_token, editable=False
    )
    salt = models.CharField(_("salt"), max_length=64, default=new_salt, editable=False)
    answer = models.JSONField(_("answer"), default=dict)
    heard_at = models.DateTimeField(_("last heard"), null=True)
    last_polled_at = models.DateTimeField(_("last asked"), null=True)
    next_poll_at = models.DateTimeField(_("asked again at"), null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("parcel that is followed")
        verbose_name_plural = _("parcels that are followed")
        constraints = [
            models.UniqueConstraint(
                fields=["shipment_id", "number"], name="parcel_followed_once_per_number"
            )
        ]
        indexes = [
            models.Index(fields=["number"], name="subscription_number"),
            models.Index(
                fields=["next_poll_at"], condition=Q(state="active"), name="subscription_poll"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company} {self.number}"


class InboundCall(models.Model):
    """What somebody sent to one of our addresses, byte for byte; stored before it is read."""

    class State(models.TextChoices):
        NEW = "new", _("new")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

    id = models.BigAutoField(primary_key=True)
    source = models.CharField(_("source"), max_length=20)
    path_token = models.CharField(_("address"), max_length=64)
    headers = models.JSONField(_("headers"), default=dict)
    body = models.BinaryField(_("body"))
    sha256 = models.CharField(_("hash"), max_length=64)
    repeats = models.PositiveIntegerField(_("came again"), default=0)
    received_at = models.DateTimeField(_("received at"), db_default=Now())
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.NEW)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"), db_default=Now())
    error = models.CharField(_("error"), max_length=1000, blank=True)
    processed_at = models.DateTimeField(_("processed"), null=True)

    class Meta:
        verbose_name = _("incoming call")
        verbose_name_plural = _("incoming calls")
        permissions = [("replay_inboundcall", _("Can read incoming calls again"))]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "path_token", "sha256"], name="call_stored_once"
            )
        ]
        indexes = [
            models.Index(fields=["not_before"], condition=Q(state="new"), name="call_new"),
            models.Index(fields=["received_at"], name="call_received"),
        ]

    def __str__(self) -> str:
        return f"{self.source} #{self.pk}"

    @property
    def text(self) -> str:
        """The body for people's eyes."""
        return bytes(self.body).decode(errors="replace")
