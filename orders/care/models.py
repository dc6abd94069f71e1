from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.models import Order


class UrgentAlarm(models.Model):
    """The director was told that an order is nearly too late; once for each wanted moment."""

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="urgent_alarms", verbose_name=_("order")
    )
    wanted_by = models.DateTimeField(_("wanted by"))
    told_at = models.DateTimeField(_("director told at"))

    class Meta:
        verbose_name = _("urgent alarm")
        verbose_name_plural = _("urgent alarms")
        constraints = [
            models.UniqueConstraint(fields=["order", "wanted_by"], name="urgent_alarm_once")
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.wanted_by}"


class AnswerKind(models.TextChoices):
    NEWS = "news", _("parcel news")
    STAFF = "staff", _("customer service")


class Inquiry(models.Model):
    """“Where is my order”, from the first time somebody asks until we told place and reason.

    The time between is the delay as the customer feels it (K3). Asking again while it is open
    only counts.
    """

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="inquiries", verbose_name=_("order")
    )
    asked_at = models.DateTimeField(_("first asked"))
    asked_by = models.CharField(_("noted by"), max_length=80)
    door = models.CharField(_("where from"), max_length=10)
    text = models.CharField(_("what was asked"), max_length=500, blank=True)
    times = models.PositiveSmallIntegerField(_("times asked"), default=1)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.CharField(_("answered by"), max_length=80, blank=True)
    answer_kind = models.CharField(
        _("kind of answer"), max_length=8, choices=AnswerKind.choices, blank=True
    )
    place = models.CharField(_("where it is"), max_length=200, blank=True)
    expected_at = models.DateTimeField(_("expected at the customer's"), null=True, blank=True)
    reason = models.CharField(_("reason told"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("question where it is")
        verbose_name_plural = _("questions where it is")
        permissions = [
            # The customer's own page holds these two; nobody on the staff needs them.
            ("ask_where", _("Can ask where an order is")),
            ("urge_order", _("Can urge an order")),
            ("note_inquiry", _("Can note that a customer asks where it is")),
            ("answer_inquiry", _("Can answer where it is")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(answered_at__isnull=True),
                name="one_open_inquiry_per_order",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_at__gte=F("asked_at")),
                name="inquiry_answered_after_asked",
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], name="inquiry_asked")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.asked_at:%m-%d %H:%M}"


class TrackAttempt(models.Model):
    """Somebody looked for an order without signing in. Wrong ones are counted against them.

    `number` is what was typed, shortened; the phone tail is never kept.
    """

    class Outcome(models.TextChoices):
        OPEN = "open", _("being looked at")
        FOUND = "found", _("found")
        WRONG = "wrong", _("wrong")
        REFUSED = "refused", _("too many tries")

    id = models.BigAutoField(primary_key=True)
    ip = models.GenericIPAddressField(_("address"))
    number = models.CharField(_("number"), max_length=64)
    outcome = models.CharField(
        _("outcome"), max_length=8, choices=Outcome.choices, default=Outcome.OPEN
    )
    device = models.CharField(_("device"), max_length=200, blank=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("look-up by a customer")
        verbose_name_plural = _("look-ups by customers")
        indexes = [
            models.Index(fields=["ip", "at"], name="track_attempt_ip"),
            models.Index(fields=["number", "at"], name="track_attempt_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.outcome}"
