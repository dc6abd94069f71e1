from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from ordercenter.core.lifecycle import Lifecycle, Versioned
from orders.models import Order, Shop


class LineKind(models.TextChoices):
    PAYOUT = "payout", _("money for an order")
    REFUND = "refund", _("money back to a buyer")
    FEE = "fee", _("fee or commission")
    OTHER = "other", _("something else")


class LineOutcome(models.TextChoices):
    """What became of a line of a settlement file: exactly one of these."""

    EXACT = "exact", _("order and amount agree")
    BY_TRANSACTION = "by_transaction", _("transaction and amount agree")
    IN_PARTS = "in_parts", _("agrees with other lines together")
    TOGETHER = "together", _("pays several orders at once")
    AFTER_FEE = "after_fee", _("agrees after the fee")
    AFTER_REFUND = "after_refund", _("agrees less the refund")
    REFUND_AGREES = "refund_agrees", _("refund agrees")
    FEE = "fee", _("fee or commission")
    ASIDE = "aside", _("concerns no order")
    AMOUNT_DIFFERS = "amount_differs", _("amount differs")
    REFUND_UNKNOWN = "refund_unknown", _("refund not in our books")
    UNKNOWN_ORDER = "unknown_order", _("unknown order")
    DUPLICATE = "duplicate", _("came before")
    OTHER_DAY = "other_day", _("outside the period")


class OrderOutcome(models.TextChoices):
    """What a settlement file says of an order: exactly one of these."""

    SETTLED = "settled", _("settled in full")
    IN_PARTS = "in_parts", _("settled in parts")
    TOGETHER = "together", _("settled with other orders")
    AFTER_FEE = "after_fee", _("settled after the fee")
    AFTER_REFUND = "after_refund", _("settled less the refund")
    REFUNDED = "refunded", _("paid back, nothing to settle")
    ELSEWHERE = "elsewhere", _("settled by another file")
    DIFFERS = "differs", _("amount differs")
    REFUND_DIFFERS = "refund_differs", _("refunds differ")
    MISSING = "missing", _("missing in the settlement")


# With one of these an order owes nothing any more.
CLEAN = (
    OrderOutcome.SETTLED,
    OrderOutcome.IN_PARTS,
    OrderOutcome.TOGETHER,
    OrderOutcome.AFTER_FEE,
    OrderOutcome.AFTER_REFUND,
    OrderOutcome.REFUNDED,
    OrderOutcome.REFUND_DIFFERS,
)


class Cause(models.TextChoices):
    """Why our books and a settlement file differ."""

    MISSING_THEIRS = "missing_theirs", _("missing in the settlement")
    MISSING_OURS = "missing_ours", _("missing at our side")
    UNKNOWN_ORDER = "unknown_order", _("unknown order")
    AMOUNT = "amount", _("amount differs")
    FEE = "fee", _("fee or commission")
    REFUNDED = "refunded", _("refunded")
    REFUND_MISSING = "refund_missing", _("refund missing in the settlement")
    OTHER_DAY = "other_day", _("other day")
    DUPLICATE = "duplicate", _("duplicate line")


# Where the cause says it all, nobody has to decide anything.
SELF_EXPLAINED = (Cause.FEE, Cause.REFUNDED)


class SettlementFormat(Versioned):
    """How the settlement files of a channel look: which words mean what."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    channels = ArrayField(
        models.CharField(max_length=30), verbose_name=_("channels"), default=list, blank=True
    )
    number_prefixes = ArrayField(
        models.CharField(max_length=20),
        verbose_name=_("prefixes of order numbers to drop"),
        default=list,
        blank=True,
        help_text=_("Separated by commas, for example T200P."),
    )
    refund_words = ArrayField(
        models.CharField(max_length=30),
        verbose_name=_("words for refunds"),
        default=list,
        blank=True,
    )
    fee_words = ArrayField(
        models.CharField(max_length=30), verbose_name=_("words for fees"), default=list, blank=True
    )
    aside_words = ArrayField(
        models.CharField(max_length=30),
        verbose_name=_("words for what concerns no order"),
        default=list,
        blank=True,
    )

    class Meta:
        verbose_name = _("settlement format")
        verbose_name_plural = _("settlement formats")

    def __str__(self) -> str:
        return self.name


class SettlementColumn(models.Model):
    """One of our fields, and under which headers a channel gives it."""

    class Field(models.TextChoices):
        FLOW = "flow", _("entry number")
        NUMBER = "number", _("order number")
        TRANSACTION = "transaction", _("transaction number")
        AT = "at", _("when")
        AMOUNT = "amount", _("amount (negative: out)")
        INCOME = "income", _("income")
        EXPENSE = "expense", _("expense")
        FEE = "fee", _("fee kept back")
        KIND = "kind", _("business kind")
        NOTE = "note", _("note")

    format = models.ForeignKey(
        SettlementFormat,
        on_delete=models.CASCADE,
        related_name="columns",
        verbose_name=_("settlement format"),
    )
    field = models.CharField(_("our field"), max_length=12, choices=Field.choices)
    headers = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("their headers"),
        help_text=_("Separated by commas; the first one that is there counts."),
    )

    class Meta:
        verbose_name = _("settlement column")
        verbose_name_plural = _("settlement columns")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["format", "field"], name="column_once_per_format")
        ]

    def __str__(self) -> str:
        return f"{self.get_field_display()}: {'、'.join(self.headers)}"


def settlement_path(settlement: SettlementFile, name: str) -> str:
    """Files lie under a name nobody guesses; the uploaded one is only shown."""
    return f"settlements/{secrets.token_hex(16)}.{'csv' if name.endswith('.csv') else 'xlsx'}"


class SettlementFile(Versioned):
    """A channel's account of what it paid out, loaded once, whatever its name.

    The period tells which orders it should speak of: those paid on its days.
    """

    KIND = "settlement"

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, verbose_name=_("shop"))
    format = models.ForeignKey(
        SettlementFormat, on_delete=models.PROTECT, verbose_name=_("settlement format")
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    name = models.CharField(_("file name"), max_length=200)
    file = models.FileField(_("file"), upload_to=settlement_path)
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    loaded_by = models.CharField(_("who"), max_length=80)
    loaded_at = models.DateTimeField(_("loaded at"))
    matched_at = models.DateTimeField(_("compared at"))
    counts = models.JSONField(_("outcomes"), default=dict)

    class Meta:
        verbose_name = _("settlement file")
        verbose_name_plural = _("settlement files")
        permissions = [("load_settlementfile", _("Can load settlement files"))]
        constraints = [
            models.UniqueConstraint(fields=["sha256"], name="settlement_once_by_content"),
            models.CheckConstraint(
                condition=Q(first_day__lte=F("last_day")), name="settlement_days_in_order"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        return f"{self.KIND}:{self.pk}"


class SettlementLine(models.Model):
    """One row of the file: as it came (`raw`), as we read it, and what became of it.

    `amount` is what changed on our account (CNY): income above 0, expense below. `fee` was kept
    back of it. `identity` is the same for the same line in another file.
    """

    id = models.BigAutoField(primary_key=True)
    settlement = models.ForeignKey(
        SettlementFile,
        on_delete=models.PROTECT,
        related_name="lines",
        verbose_name=_("settlement file"),
    )
    row = models.PositiveIntegerField(_("row"))
    raw = models.JSONField(_("as it came"))
    kind = models.CharField(_("kind"), max_length=8, choices=LineKind.choices)
    number = models.CharField(_("order number"), max_length=200, blank=True)
    transaction = models.CharField(_("transaction number"), max_length=64, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    fee = models.DecimalField(_("fee kept back"), max_digits=14, decimal_places=2, default=0)
    at = models.DateTimeField(_("when"), null=True, blank=True)
    identity = models.CharField(max_length=64)
    outcome = models.CharField(_("outcome"), max_length=16, choices=LineOutcome.choices)
    order = models.ForeignKey(
        Order,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="settlement_lines",
        verbose_name=_("order"),
    )

    class Meta:
        verbose_name = _("settlement line")
        verbose_name_plural = _("settlement lines")
        constraints = [
            models.UniqueConstraint(fields=["settlement", "row"], name="line_once_per_row"),
            models.CheckConstraint(
                condition=Q(outcome__in=LineOutcome.values), name="line_has_an_outcome"
            ),
        ]
        indexes = [
            models.Index(fields=["settlement", "outcome"], name="settlement_line_outcome"),
            models.Index(fields=["at"], name="settlement_line_at"),
            models.Index(fields=["identity"], name="settlement_line_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.number} {self.amount}"


class SettledOrder(models.Model):
    """What one file says of one order of its period, or of one that it names."""

    id = models.BigAutoField(primary_key=True)
    settlement = models.ForeignKey(
        SettlementFile,
        on_delete=models.PROTECT,
        related_name="orders",
        verbose_name=_("settlement file"),
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="settlements", verbose_name=_("order")
    )
    outcome = models.CharField(_("outcome"), max_length=16, choices=OrderOutcome.choices)
    ours = models.DecimalField(_("ours"), max_digits=14, decimal_places=2)
    theirs = models.DecimalField(_("theirs"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("settled order")
        verbose_name_plural = _("settled orders")
        constraints = [
            models.UniqueConstraint(fields=["settlement", "order"], name="order_once_per_file"),
            models.CheckConstraint(
                condition=Q(outcome__in=OrderOutcome.values), name="order_has_an_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.outcome}"


class DifferenceState(models.TextChoices):
    OPEN = "open", _("open")
    EXPLAINED = "explained", _("explained")
    ACCEPTED = "accepted", _("accepted")


class Difference(Lifecycle):
    """Where our books and a settlement file differ, by how much, and why.

    `explained` ones need nobody; `accepted` ones name who accepted them and the reason.
    """

    KIND = "difference"

    state = FSMField(
        _("state"), choices=DifferenceState.choices, default=DifferenceState.OPEN, protected=True
    )
    settlement = models.ForeignKey(
        SettlementFile,
        on_delete=models.PROTECT,
        related_name="differences",
        verbose_name=_("settlement file"),
    )
    cause = models.CharField(_("cause"), max_length=16, choices=Cause.choices)
    order = models.ForeignKey(
        Order,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="differences",
        verbose_name=_("order"),
    )
    number = models.CharField(_("number in the file"), max_length=200, blank=True)
    row = models.PositiveIntegerField(_("row"), null=True, blank=True)
    ours = models.DecimalField(_("ours"), max_digits=14, decimal_places=2)
    theirs = models.DecimalField(_("theirs"), max_digits=14, decimal_places=2)
    accepted_by = models.CharField(_("accepted by"), max_length=80, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        permissions = [("accept_difference", _("Can accept differences"))]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="accepted")
                | (~Q(accepted_by="") & ~Q(reason="") & Q(accepted_at__isnull=False)),
                name="accepted_difference_says_who_and_why",
            )
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="difference_state"),
            models.Index(fields=["settlement", "state"], name="difference_file"),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} {self.order or self.number}"

    @property
    def gap(self) -> Any:
        """Theirs less ours (CNY): below 0 means that we got too little."""
        return self.theirs - self.ours

    @property
    def stream(self) -> str:
        """Part of the order's story where the order is known, of the file's otherwise."""
        if self.order_id is not None:
            return f"{Order.KIND}:{self.order_id}"
        return f"{SettlementFile.KIND}:{self.settlement_id}"

    @transition(state, source=DifferenceState.OPEN, target=DifferenceState.EXPLAINED)
    def explain(self) -> None:
        """What was missing came with a later file."""

    @transition(
        state,
        source=DifferenceState.OPEN,
        target=DifferenceState.ACCEPTED,
        permission="finance.accept_difference",
    )
    def accept(self) -> None:
        """Finance takes it as it is, and says why."""
