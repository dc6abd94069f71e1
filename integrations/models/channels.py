"""How we reach a shop at its channel, and how the channel's words become our fields."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from ordercenter.core import moments
from ordercenter.core.lifecycle import Lifecycle, Versioned
from ordercenter.core.secrets import EncryptedJSONField
from orders.models import Shop, channel_name

_MINUTES = [MinValueValidator(1), MaxValueValidator(60)]


class MappingState(models.TextChoices):
    DRAFT = "draft", _("draft")
    ACTIVE = "active", _("in use")
    RETIRED = "retired", _("retired")


class MappingVersion(Lifecycle):
    """One version of a channel's mapping: where in a message each of our fields is found (A4).

    `table` is checked by `integrations.intake.mapping.compile_table`. A version that was once in
    use is never changed again, so it can be rolled back to.
    """

    KIND = "mapping"

    state = FSMField(
        _("state"), choices=MappingState.choices, default=MappingState.DRAFT, protected=True
    )
    channel = models.CharField(_("channel"), max_length=30)
    number = models.PositiveIntegerField(_("version"))
    table = models.JSONField(_("table"))
    made_by = models.CharField(_("made by"), max_length=80)
    made_at = models.DateTimeField(_("made"), default=moments.now)
    note = models.CharField(_("note"), max_length=300, blank=True)
    activated_at = models.DateTimeField(_("in use since"), null=True, blank=True)

    class Meta:
        verbose_name = _("field mapping")
        verbose_name_plural = _("field mappings")
        ordering = ["channel", "-number"]
        permissions = [("edit_mapping", _("Can edit and activate field mappings"))]
        constraints = [
            models.UniqueConstraint(fields=["channel", "number"], name="mapping_number_once"),
            models.UniqueConstraint(
                fields=["channel"], condition=Q(state="active"), name="one_active_mapping"
            ),
        ]

    def __str__(self) -> str:
        return f"{channel_name(self.channel)} {self.number}"

    @property
    def stream(self) -> str:
        """All versions of a channel tell one story."""
        return f"{self.KIND}:{self.channel}"

    @transition(
        state,
        source=[MappingState.DRAFT, MappingState.RETIRED],
        target=MappingState.ACTIVE,
        permission="integrations.edit_mapping",
    )
    def activate(self) -> None:
        """New messages are read by this version from now on."""

    @transition(state, source=MappingState.ACTIVE, target=MappingState.RETIRED)
    def retire(self) -> None:
        """Another version took its place."""


class ChannelAccount(Versioned):
    """Our access to one shop at its channel, and how far its orders were pulled.

    `credentials` of Taobao: {"app_key", "app_secret", "session"}. `options` may hold
    "calls_per_second" (0: no limit), "concurrency", "page_size" and "sign_method". What machines
    touch (cursor, progress, errors) is outside the version that people see.
    """

    KIND = "channel_account"

    shop = models.OneToOneField(
        Shop, on_delete=models.PROTECT, related_name="account", verbose_name=_("shop")
    )
    adapter = models.CharField(_("channel"), max_length=30)
    base_url = models.URLField(_("address"), blank=True)
    credentials: Any = EncryptedJSONField(_("credentials"))
    options: Any = models.JSONField(_("options"), default=dict, blank=True)
    mapping = models.ForeignKey(
        MappingVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("field mapping"),
        help_text=_("Empty: the version of the channel that is in use."),
    )
    interval_minutes = models.PositiveSmallIntegerField(
        _("pulled every (minutes)"), default=10, validators=_MINUTES
    )
    overlap_minutes = models.PositiveSmallIntegerField(
        _("looks back (minutes)"), default=5, validators=_MINUTES
    )
    is_paused = models.BooleanField(_("paused"), default=False)
    pause_reason = models.CharField(_("reason of the pause"), max_length=300, blank=True)
    cursor_at = models.DateTimeField(_("read up to"), null=True, blank=True)
    next_pull_at = models.DateTimeField(_("next pull"), null=True, blank=True)
    last_pulled_at = models.DateTimeField(_("last pull"), null=True, blank=True, editable=False)
    progress: Any = models.JSONField(_("progress"), default=dict, blank=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=500, blank=True, editable=False)

    class Meta:
        verbose_name = _("channel access")
        verbose_name_plural = _("channel accesses")
        permissions = [
            ("pull_channelaccount", _("Can pull orders from channels")),
            ("pause_channelaccount", _("Can pause and resume channels")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(interval_minutes__gte=1, interval_minutes__lte=60),
                name="account_interval_1_to_60",
            ),
            models.CheckConstraint(
                condition=Q(overlap_minutes__gte=1, overlap_minutes__lte=60),
                name="account_overlap_1_to_60",
            ),
            models.CheckConstraint(
                condition=Q(is_paused=False) | ~Q(pause_reason=""),
                name="account_pause_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_pull_at"], condition=Q(is_paused=False), name="account_next_pull"
            )
        ]

    def __str__(self) -> str:
        return str(self.shop)

    @property
    def stream(self) -> str:
        return f"{self.KIND}:{self.pk}"
