"""E-mail to staff: who gets which kind, and what was sent."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ordercenter.core.roles import ROLE_NAMES


class MailRoute(models.Model):
    """Who gets e-mail of a kind: the members of a role, and further addresses."""

    kind = models.CharField(_("kind"), max_length=40)
    role = models.CharField(_("role"), max_length=30, blank=True, choices=list(ROLE_NAMES.items()))
    addresses = ArrayField(
        models.EmailField(), verbose_name=_("further addresses"), default=list, blank=True
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("e-mail route")
        verbose_name_plural = _("e-mail routes")
        constraints = [
            models.UniqueConstraint(fields=["kind", "role"], name="mail_route_once_per_role")
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.role or '、'.join(self.addresses)}"


class Mail(models.Model):
    """One e-mail to one address about one cause. `message_id` is ours and never replaced."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    id = models.BigAutoField(primary_key=True)
    cause = models.CharField(_("cause"), max_length=80)
    kind = models.CharField(_("kind"), max_length=40)
    address = models.EmailField(_("e-mail address"))
    subject = models.CharField(_("e-mail subject"), max_length=200)
    body = models.TextField(_("text"))
    message_id = models.CharField(_("message id"), max_length=120, unique=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"), db_default=Now())
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        permissions = [("resend_mail", _("Can send failed e-mails again"))]
        constraints = [
            models.UniqueConstraint(fields=["cause", "address"], name="mail_once_per_cause")
        ]
        indexes = [
            models.Index(fields=["created_at"], name="mail_created"),
            models.Index(
                fields=["not_before"], condition=models.Q(state="pending"), name="mail_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.address}"
