"""The timeline that is also the outbox: one row for what happened, one for each who must hear."""

from __future__ import annotations

from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class CurrentTransaction(Func):
    """The number of the database transaction that writes the row."""

    function = "txid_current"
    template = "%(function)s()"
    output_field = models.BigIntegerField()


class Event(models.Model):
    """Something that happened, for ever: the database refuses to change or remove the row.

    A stream is one story (`order:17`); `sequence` counts 1, 2, 3 … in it without gaps. Whoever
    appends holds the lock of the stream's root row.
    """

    id = models.BigAutoField(primary_key=True)
    stream = models.CharField(_("story"), max_length=40)
    sequence = models.PositiveIntegerField(_("number in the story"))
    subject_kind = models.CharField(_("subject"), max_length=20)
    subject_id = models.BigIntegerField(_("subject id"))
    kind = models.CharField(_("what"), max_length=60)
    from_state = models.CharField(_("from"), max_length=30, blank=True)
    to_state = models.CharField(_("to"), max_length=30, blank=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=10)
    actor_id = models.BigIntegerField(_("actor id"), null=True)
    actor_label = models.CharField(_("who"), max_length=80)
    door = models.CharField(_("where from"), max_length=10)
    ip = models.GenericIPAddressField(_("address"), null=True)
    device = models.CharField(_("device"), max_length=200, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    at = models.DateTimeField(_("when"))
    data = models.JSONField(_("data"), default=dict)
    changes = models.JSONField(_("before and after"), default=dict)
    txid = models.BigIntegerField(_("transaction"), db_default=CurrentTransaction())

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("timeline")
        constraints = [
            models.UniqueConstraint(
                fields=["stream", "sequence"], name="event_sequence_once_per_stream"
            )
        ]
        indexes = [
            models.Index(fields=["kind", "at"], name="event_kind_at"),
            models.Index(fields=["subject_kind", "subject_id"], name="event_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.stream}#{self.sequence} {self.kind}"


class Delivery(models.Model):
    """One event for one handler: made in the event's transaction, done at least once.

    `not_before` is both the next attempt's moment and, while a relay works on the row, the end
    of its lease: a relay that dies simply lets the moment come.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        DEAD = "dead", _("dead letter")

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="deliveries", verbose_name=_("event")
    )
    handler = models.CharField(_("handler"), max_length=80)
    lane = models.CharField(_("lane"), max_length=10)
    stream = models.CharField(_("story"), max_length=40)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"), db_default=Now())
    last_error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("outbox")
        permissions = [("resend_delivery", _("Can send dead letters again"))]
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="delivery_once_per_handler")
        ]
        indexes = [
            models.Index(
                fields=["lane", "id"], condition=Q(state="pending"), name="delivery_pending"
            ),
            models.Index(
                fields=["handler", "stream", "id"],
                condition=Q(state="pending"),
                name="delivery_pending_stream",
            ),
            models.Index(fields=["-id"], condition=Q(state="dead"), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.handler} ← {self.event_id}"


class FieldChange(models.Model):
    """What the database itself saw change, whichever way it came. Append-only.

    Written by a trigger; who did it stands in the event of the same transaction (`txid`).
    """

    id = models.BigAutoField(primary_key=True)
    table_name = models.CharField(_("table"), max_length=63)
    row_id = models.BigIntegerField(_("row"))
    changes = models.JSONField(_("before and after"))
    at = models.DateTimeField(_("when"), db_default=Now())
    txid = models.BigIntegerField(_("transaction"), db_default=CurrentTransaction())
    db_user = models.CharField(_("database user"), max_length=63)

    class Meta:
        verbose_name = _("field change")
        verbose_name_plural = _("field history")
        indexes = [models.Index(fields=["table_name", "row_id", "id"], name="fieldchange_row")]

    def __str__(self) -> str:
        return f"{self.table_name}#{self.row_id}"
