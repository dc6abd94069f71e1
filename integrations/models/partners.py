"""Partners' own addresses that are told what happens to their orders."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import ChangedMeanwhile
from ordercenter.core.lifecycle import LifecycleQuerySet, Versioned
from ordercenter.core.models import Event
from ordercenter.core.secrets import EncryptedJSONField
from orders.models import Partner

LONGEST_URL = 500


def new_number() -> str:
    """A name that tells nothing about how many endpoints there are."""
    return f"WH{secrets.token_hex(8)}"


class WebhookEndpoint(Versioned):
    """An address of a partner that hears of the partner's orders, and how that goes.

    Empty `kinds` mean every kind. `scopes` are those of the key that last set the address up:
    it hears no more than that key may read. `secrets` holds {"current": …, "previous": …}; while
    `previous_until` lies ahead, both sign. `last_sequence` is the number given to the newest
    message. Columns below `trouble` are written by the sender, outside the version.
    """

    KIND = "webhook"

    number = models.CharField(_("number"), max_length=24, unique=True, default=new_number)
    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="webhooks", verbose_name=_("partner")
    )
    url = models.CharField(_("address"), max_length=LONGEST_URL)
    description = models.CharField(_("description"), max_length=120, blank=True)
    kinds = ArrayField(
        models.CharField(max_length=60), verbose_name=_("kinds"), default=list, blank=True
    )
    scopes = ArrayField(models.CharField(max_length=60), verbose_name=_("scopes"), default=list)
    secrets: Any = EncryptedJSONField(_("signing secrets"), editable=False)
    previous_until = models.DateTimeField(_("old secret signs until"), null=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    trouble = models.CharField(_("trouble"), max_length=300, blank=True)
    last_sequence = models.BigIntegerField(_("newest message"), default=0, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, editable=False)
    reached_at = models.DateTimeField(_("last reached"), null=True, editable=False)

    objects = LifecycleQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner's webhook")
        verbose_name_plural = _("partners' webhooks")
        permissions = [
            ("manage_webhookendpoint", _("Can set up webhooks of partners")),
        ]
        indexes = [models.Index(fields=["partner", "-id"], name="webhook_partner")]

    def __str__(self) -> str:
        return self.number

    @property
    def stream(self) -> str:
        """The endpoint's own story."""
        return f"{self.KIND}:{self.pk}"

    def check_seen(self, seen: int | None) -> None:
        """Return when `seen` is the present version or None; raises `ChangedMeanwhile`."""
        if seen is not None and seen != self.version:
            raise ChangedMeanwhile(seen=seen, current=self.version)


class PartnerDelivery(models.Model):
    """One message for one endpoint: an event of the outbox, or a test message without one.

    `sequence` counts 1, 2, 3 … for each endpoint without gaps. `not_before` is the next attempt's
    moment and, while a sender works on the row, the end of its lease. What is sent is made anew
    from the event for each attempt: no personal data lies here.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("taken")
        DEAD = "dead", _("dead letter")
        WITHHELD = "withheld", _("withheld")

    id = models.BigAutoField(primary_key=True)
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.CASCADE,
        related_name="deliveries",
        verbose_name=_("partner's webhook"),
    )
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("event")
    )
    sequence = models.BigIntegerField(_("number"))
    kind = models.CharField(_("what"), max_length=60)
    stream = models.CharField(_("story"), max_length=40)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"), db_default=Now())
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("message to a partner")
        verbose_name_plural = _("messages to partners")
        permissions = [("resend_partnerdelivery", _("Can send messages to partners again"))]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "sequence"], name="partnerdelivery_sequence_once"
            ),
            models.UniqueConstraint(
                fields=["endpoint", "event"], name="partnerdelivery_once_per_event"
            ),
            models.CheckConstraint(
                condition=Q(sequence__gt=0), name="partnerdelivery_sequence_counts"
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "sequence"],
                condition=Q(state="pending"),
                name="partnerdelivery_pending",
            ),
            models.Index(
                fields=["endpoint", "stream", "sequence"],
                condition=Q(state="pending"),
                name="partnerdelivery_stream",
            ),
            models.Index(F("id").desc(), condition=Q(state="dead"), name="partnerdelivery_dead"),
            models.Index(
                fields=["finished_at"], condition=~Q(state="pending"), name="partnerdelivery_old"
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """What the partner knows the message by; the same however often it is sent."""
        return f"{self.endpoint.number}-{self.sequence}"
