"""Time limits: policies, the running clocks, and what was told to whom."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class WorkingHours(models.Model):
    """One stretch of a weekday in which clocks run. Days are 0 Monday … 6 Sunday."""

    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        choices=[
            (0, _("Monday")),
            (1, _("Tuesday")),
            (2, _("Wednesday")),
            (3, _("Thursday")),
            (4, _("Friday")),
            (5, _("Saturday")),
            (6, _("Sunday")),
        ],
    )
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ["weekday", "starts"]
        constraints = [
            models.CheckConstraint(condition=Q(starts__lt=models.F("ends")), name="hours_forward")
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class Holiday(models.Model):
    """A date that differs from its weekday: closed, or a working day moved to a weekend."""

    date = models.DateField(_("date"), unique=True)
    is_working = models.BooleanField(_("is a working day"), default=False)
    name = models.CharField(_("name"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class ClockPolicy(models.Model):
    """How long a stage may take and who is told when it takes longer. Empty means: any.

    The row that names most of channel, priority and customer kind wins.
    """

    subject_kind = models.CharField(_("subject"), max_length=20)
    stage = models.CharField(_("stage"), max_length=30)
    channel = models.CharField(_("channel"), max_length=30, blank=True)
    priority = models.CharField(_("priority"), max_length=10, blank=True)
    customer_kind = models.CharField(_("kind of customer"), max_length=10, blank=True)
    owner_role = models.CharField(_("owner role"), max_length=30)
    limit_minutes = models.PositiveIntegerField(_("limit (minutes)"))
    supervisor_after = models.PositiveIntegerField(_("supervisor after (minutes over)"), default=30)
    director_after = models.PositiveIntegerField(_("director after (minutes over)"), default=120)
    around_the_clock = models.BooleanField(_("also outside working hours"), default=False)

    class Meta:
        verbose_name = _("time limit")
        verbose_name_plural = _("time limits")
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "stage", "channel", "priority", "customer_kind"],
                name="policy_once",
            ),
            models.CheckConstraint(
                condition=Q(director_after__gte=models.F("supervisor_after")),
                name="policy_levels_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind}.{self.stage} ≤ {self.limit_minutes} min"


class Timer(models.Model):
    """The clock of one stage of one subject; `next_at` is when the next level must be told."""

    id = models.BigAutoField(primary_key=True)
    subject_kind = models.CharField(_("subject"), max_length=20)
    subject_id = models.BigIntegerField(_("subject id"))
    stream = models.CharField(_("story"), max_length=40)
    stage = models.CharField(_("stage"), max_length=30)
    owner_role = models.CharField(_("owner role"), max_length=30)
    owner_id = models.BigIntegerField(_("owner"), null=True)
    around_the_clock = models.BooleanField(_("also outside working hours"), default=False)
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"))
    supervisor_at = models.DateTimeField(_("supervisor told at"))
    director_at = models.DateTimeField(_("director told at"))
    next_at = models.DateTimeField(_("next level at"), null=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True)
    paused_at = models.DateTimeField(_("paused"), null=True)
    pause_cause = models.CharField(_("cause of the pause"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"],
                condition=Q(stopped_at__isnull=True),
                name="one_running_clock_per_subject",
            ),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True) | ~Q(pause_cause=""),
                name="pause_needs_a_cause",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=Q(stopped_at__isnull=True, paused_at__isnull=True),
                name="timer_next",
            ),
            models.Index(
                fields=["subject_kind", "due_at"],
                condition=Q(stopped_at__isnull=True),
                name="timer_running_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind}:{self.subject_id} {self.stage}"


class Escalation(models.Model):
    """A level that was told about an overdue clock; each level once, by constraint."""

    class Level(models.IntegerChoices):
        REMINDER = 1, _("reminder")
        SUPERVISOR = 2, _("supervisor")
        DIRECTOR = 3, _("director")

    timer = models.ForeignKey(
        Timer, on_delete=models.PROTECT, related_name="escalations", verbose_name=_("clock")
    )
    level = models.PositiveSmallIntegerField(_("level"), choices=Level.choices)
    role = models.CharField(_("told role"), max_length=30)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = [
            models.UniqueConstraint(fields=["timer", "level"], name="each_level_told_once")
        ]

    def __str__(self) -> str:
        return f"{self.timer_id} {self.get_level_display()}"
