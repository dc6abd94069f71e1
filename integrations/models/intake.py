"""What channels told us, word for word, and what became of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.models.channels import MappingVersion
from orders.models import Order, Shop


class RawState(models.TextChoices):
    NEW = "new", _("to be read")
    APPLIED = "applied", _("taken over")
    UNCHANGED = "unchanged", _("nothing new in it")
    STALE = "stale", _("older than what we know")
    QUARANTINED = "quarantined", _("needs a person")


class Problem(models.TextChoices):
    """Why a message was not taken over. `RawMessage.detail` says where and what was found."""

    NOT_FETCHED = "not_fetched", _("The channel did not give the order's details.")
    MALFORMED = "malformed", _("The message can't be read at all.")
    OTHER_ORDER = "other_order", _("The message is about another order than the one asked for.")
    FIELD_MISSING = "field_missing", _("A field that is needed is missing.")
    WRONG_FORM = "wrong_form", _("A value does not have the form it should have.")
    OUT_OF_RANGE = "out_of_range", _("A number is too large, too small or negative.")
    TOO_LONG = "too_long", _("A code or number is longer than we can keep.")
    UNKNOWN_WORD = "unknown_word", _("The mapping does not know this word (state, kind …).")
    PARTLY_SHIPPED = (
        "partly_shipped",
        _("Part of the order had left before we knew it."),
    )
    NOT_PLACED = "not_placed", _("The order could not be entered.")
    NOT_UPDATED = "not_updated", _("The order could not be changed.")
    LEFT_BEFORE = "left_before", _("The goods had left before we knew the order: nothing to do.")
    ASKED_AGAIN = "asked_again", _("A later answer of the channel took its place.")


class RawMessage(models.Model):
    """One message of a channel about one order, kept as it came before anything is read.

    `body` is the channel's answer; bytes that are not UTF-8 are written as \\xNN. `sha256` is of
    what matters in it, so an answer that only differs in its request number is the same message.
    `problem` with `state` quarantined is open work; with another state it is an explanation.
    """

    id = models.BigAutoField(primary_key=True)
    shop = models.ForeignKey(
        Shop, on_delete=models.PROTECT, related_name="raw_messages", verbose_name=_("shop")
    )
    api = models.CharField(_("asked by"), max_length=60)
    external_number = models.CharField(_("channel's number"), max_length=64, blank=True)
    channel_modified_at = models.DateTimeField(_("changed at the channel"), null=True)
    sha256 = models.CharField(_("hash"), max_length=64)
    body = models.TextField(_("message"))
    received_at = models.DateTimeField(_("received"))
    state = models.CharField(
        _("state"), max_length=12, choices=RawState.choices, default=RawState.NEW
    )
    problem = models.CharField(_("reason"), max_length=20, choices=Problem.choices, blank=True)
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    order = models.ForeignKey(
        Order,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="raw_messages",
        verbose_name=_("order"),
    )
    mapping = models.ForeignKey(
        MappingVersion, on_delete=models.PROTECT, null=True, verbose_name=_("read by mapping")
    )
    processed_at = models.DateTimeField(_("read"), null=True)

    class Meta:
        verbose_name = _("channel message")
        verbose_name_plural = _("channel messages")
        permissions = [("retry_rawmessage", _("Can let channel messages be read again"))]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "api", "external_number", "sha256"], name="raw_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="quarantined") | ~Q(problem=""),
                name="quarantined_raw_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["shop", "channel_modified_at", "id"],
                condition=Q(state="new"),
                name="raw_new",
            ),
            models.Index(fields=["-id"], condition=Q(state="quarantined"), name="raw_quarantined"),
            models.Index(
                fields=["shop", "external_number", "channel_modified_at"], name="raw_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.external_number or '?'} {self.get_state_display()}"


class ChannelOrder(models.Model):
    """An order as its channel knows it. `base` is what the channel said last: the base of the
    next three-way merge. `lines` are the channel's line ids."""

    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, related_name="at_channel", verbose_name=_("order")
    )
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, verbose_name=_("shop"))
    external_number = models.CharField(_("channel's number"), max_length=64)
    base = models.JSONField(_("what the channel said last"), default=dict)
    lines = models.JSONField(_("channel's lines"), default=list)
    modified_at = models.DateTimeField(_("changed at the channel"), null=True)

    class Meta:
        verbose_name = _("order at its channel")
        verbose_name_plural = _("orders at their channels")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "external_number"], name="channel_order_once_per_shop"
            )
        ]

    def __str__(self) -> str:
        return self.external_number
