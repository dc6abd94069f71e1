"""Rows that make repeated, doubtful and silent things safe."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class IdempotencyClaim(models.Model):
    """A request that was carried out, with its answer; written in the effect's transaction."""

    credential = models.CharField(_("credential"), max_length=80)
    key = models.CharField(_("key"), max_length=120)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"))
    answer = models.JSONField(_("answer"))
    created_at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("idempotency claim")
        verbose_name_plural = _("idempotency claims")
        constraints = [
            models.UniqueConstraint(fields=["credential", "key"], name="claim_once_per_key")
        ]
        indexes = [models.Index(fields=["created_at"], name="claim_created")]

    def __str__(self) -> str:
        return self.key


class Intent(models.Model):
    """Something we are about to ask of an outside system under our own number.

    The number is stored before the first call and never replaced: when the outcome of a call is
    unknown, the system is asked about this number before anything is repeated.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        UNKNOWN = "unknown", _("outcome unknown")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")

    kind = models.CharField(_("kind"), max_length=40)
    number = models.CharField(_("our number"), max_length=80)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PLANNED
    )
    request = models.JSONField(_("request"), default=dict)
    answer = models.JSONField(_("answer"), default=dict)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    settled_at = models.DateTimeField(_("settled"), null=True)

    class Meta:
        verbose_name = _("outgoing request")
        verbose_name_plural = _("outgoing requests")
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="intent_once_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class LawRun(models.Model):
    """One check of one invariant: how many rows broke it, and the first of them."""

    law = models.CharField(_("law"), max_length=80)
    at = models.DateTimeField(_("when"), db_default=Now())
    violations = models.PositiveIntegerField(_("violations"))
    first = models.JSONField(_("first violation"), null=True)
    seconds = models.FloatField(_("seconds"))

    class Meta:
        verbose_name = _("check of a law")
        verbose_name_plural = _("checks of the laws")
        indexes = [models.Index(fields=["law", "-at"], name="lawrun_latest")]

    def __str__(self) -> str:
        return f"{self.law}: {self.violations}"


class Heartbeat(models.Model):
    """The last sign of life of a process that must not fall silent."""

    name = models.CharField(_("process"), max_length=40, primary_key=True)
    at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"{self.name} {self.at}"
