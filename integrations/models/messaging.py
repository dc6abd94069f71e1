"""Notices to staff, and the group robots that repeat them outside."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ordercenter.core.moments import SHANGHAI
from ordercenter.core.secrets import EncryptedJSONField
from orders.models import Order


class NoticeLevel(models.TextChoices):
    INFO = "info", _("for information")
    WARN = "warn", _("needs attention")
    ALARM = "alarm", _("alarm")


class Notice(models.Model):
    """Something a role or a person should see. Equal ones within a minute are one row.

    `count` says how often it happened; above one, `group_title` is shown with the number.
    """

    id = models.BigAutoField(primary_key=True)
    role = models.CharField(_("role"), max_length=30, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("member of staff"),
    )
    kind = models.CharField(_("kind"), max_length=40)
    level = models.CharField(
        _("severity"), max_length=5, choices=NoticeLevel.choices, default=NoticeLevel.INFO
    )
    title = models.CharField(_("title"), max_length=200)
    group_title = models.CharField(_("title of several"), max_length=200, blank=True)
    text = models.CharField(_("text"), max_length=1000, blank=True)
    link = models.CharField(_("link"), max_length=300, blank=True)
    order = models.ForeignKey(
        Order,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("order"),
    )
    grouped_key = models.CharField(_("grouped by"), max_length=80, blank=True)
    window_at = models.DateTimeField(_("minute"))
    count = models.PositiveIntegerField(_("how often"), default=1)
    created_at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(
                fields=["role", "user", "kind", "grouped_key", "window_at"],
                name="notice_once_per_group_and_minute",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(role="", user__isnull=False) | (~Q(role="") & Q(user__isnull=True)),
                name="notice_is_for_a_role_or_a_person",
            ),
        ]
        indexes = [
            models.Index(fields=["role", "-id"], name="notice_role"),
            models.Index(fields=["created_at"], name="notice_created"),
        ]

    def __str__(self) -> str:
        return self.headline

    @property
    def headline(self) -> str:
        """The title in the number in which it happened."""
        if self.count > 1 and self.group_title:
            return self.group_title.replace("%(count)s", str(self.count))
        return self.title


class NoticeCause(models.Model):
    """What a notice was counted for: a cause that comes again is not counted again."""

    id = models.BigAutoField(primary_key=True)
    cause = models.CharField(_("cause"), max_length=80)
    audience = models.CharField(_("audience"), max_length=40)
    created_at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("cause of a notice")
        verbose_name_plural = _("causes of notices")
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "audience"], name="cause_counted_once_per_audience"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="noticecause_created")]

    def __str__(self) -> str:
        return f"{self.cause} → {self.audience}"


class NoticeRead(models.Model):
    """A person has seen a notice, as often as it had happened by then."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("member of staff"),
    )
    notice = models.ForeignKey(
        Notice, on_delete=models.CASCADE, related_name="reads", verbose_name=_("notice")
    )
    count_seen = models.PositiveIntegerField(_("seen"))
    at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("notice that was read")
        verbose_name_plural = _("notices that were read")
        constraints = [
            models.UniqueConstraint(fields=["user", "notice"], name="notice_read_once_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} ✓ {self.notice_id}"


class Robot(models.Model):
    """A WeCom group robot: which notices it repeats, and when it keeps quiet.

    Empty `roles` or `kinds` mean all. `credentials` holds {"key": …}, the whole secret of the
    robot. `trouble` is why it no longer speaks; a person mends it and switches it on again.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    base_url = models.URLField(_("address"), default="https://qyapi.weixin.qq.com")
    credentials: Any = EncryptedJSONField(_("credentials"))
    roles = ArrayField(
        models.CharField(max_length=30), verbose_name=_("roles"), default=list, blank=True
    )
    kinds = ArrayField(
        models.CharField(max_length=40), verbose_name=_("kinds"), default=list, blank=True
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)
    speaks_since = models.DateTimeField(_("speaks since"), db_default=Now())
    wait_until = models.DateTimeField(_("waits until"), null=True, blank=True, editable=False)
    recent_calls = ArrayField(
        models.DateTimeField(), verbose_name=_("latest calls"), default=list, editable=False
    )

    class Meta:
        verbose_name = _("group robot")
        verbose_name_plural = _("group robots")
        permissions = [("resend_robotmessage", _("Can send failed messages again"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_two_ends",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_quiet(self, moment: datetime) -> bool:
        """Whether only alarms are let through at this moment; hours are Shanghai's."""
        if self.quiet_from is None or self.quiet_until is None:
            return False
        return _is_between(moment.astimezone(SHANGHAI).time(), self.quiet_from, self.quiet_until)


def _is_between(clock: time, start: time, end: time) -> bool:
    """Whether start ≤ clock < end on a dial that goes on after midnight."""
    return start <= clock < end if start <= end else clock >= start or clock < end


class RobotMessage(models.Model):
    """One message of a robot to its group; it tells of one notice or of several."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    id = models.BigAutoField(primary_key=True)
    robot = models.ForeignKey(
        Robot, on_delete=models.CASCADE, related_name="messages", verbose_name=_("group robot")
    )
    notices: Any = models.ManyToManyField(
        Notice, related_name="robot_messages", verbose_name=_("notices")
    )
    content = models.TextField(_("content"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"), db_default=Now())
    answer = models.JSONField(_("answer"), default=dict)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("message of a robot")
        verbose_name_plural = _("messages of robots")
        indexes = [
            models.Index(
                fields=["robot", "id"], condition=Q(state="pending"), name="robotmessage_pending"
            ),
            models.Index(fields=["created_at"], name="robotmessage_created"),
        ]

    def __str__(self) -> str:
        return self.content[:60]
