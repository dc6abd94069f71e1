from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from inventory.models import Sku, Warehouse
from ordercenter.core.lifecycle import Lifecycle
from orders.fulfilment.models import Carrier
from orders.models import Order, OrderLine


class ReturnState(models.TextChoices):
    REQUESTED = "requested", _("requested")
    AUTHORISED = "authorised", _("authorised")
    REFUSED = "refused", _("refused")
    ON_THE_WAY = "on_the_way", _("on the way back")
    RECEIVED = "received", _("goods are here")
    INSPECTED = "inspected", _("inspected")
    SETTLING = "settling", _("being settled")
    SETTLED = "settled", _("done and paid")
    CLOSED = "closed", _("closed")


class ReturnKind(models.TextChoices):
    RETURN = "return", _("goods back, money back")
    EXCHANGE = "exchange", _("goods back, other goods")
    REFUND_ONLY = "refund_only", _("money back, goods stay")
    RESEND = "resend", _("send again")


class ReturnReason(models.TextChoices):
    NO_REASON = "no_reason", _("no reason given (7 days)")
    WRONG_ITEM = "wrong_item", _("wrong item delivered")
    DAMAGED = "damaged", _("damaged on the way")
    DEFECTIVE = "defective", _("does not work")
    NOT_AS_DESCRIBED = "not_as_described", _("not as described")
    INCOMPLETE = "incomplete", _("something is missing")
    NEVER_ARRIVED = "never_arrived", _("never arrived")
    NOT_SENT = "not_sent", _("not sent any more")
    UNANNOUNCED = "unannounced", _("came back unannounced")
    OTHER = "other", _("other")


# The goods come back in a parcel, or they don't.
WITH_PARCEL = (ReturnKind.RETURN, ReturnKind.EXCHANGE)
WITH_MONEY = (ReturnKind.RETURN, ReturnKind.REFUND_ONLY)
# We (or our carrier) are to blame: longer limit, freight on us.
OUR_FAULT = (
    ReturnReason.WRONG_ITEM,
    ReturnReason.DAMAGED,
    ReturnReason.DEFECTIVE,
    ReturnReason.NOT_AS_DESCRIBED,
    ReturnReason.INCOMPLETE,
    ReturnReason.NEVER_ARRIVED,
    ReturnReason.NOT_SENT,
)
BEFORE_ARRIVAL = (ReturnState.AUTHORISED, ReturnState.ON_THE_WAY)
OVER = (ReturnState.REFUSED, ReturnState.SETTLED, ReturnState.CLOSED)


def _has_parcel(rma: Any) -> bool:
    return rma.kind in WITH_PARCEL


def _has_no_parcel(rma: Any) -> bool:
    return rma.kind not in WITH_PARCEL


class Return(Lifecycle):
    """What a customer wants undone, from the question to the money or the new goods.

    `checks` keeps what eligibility found when it was asked for, `findings` what was wrong with
    the goods when they came. `minutes_to_money` runs from the goods' arrival to the last refund.
    """

    KIND = "return"

    state = FSMField(
        _("state"), choices=ReturnState.choices, default=ReturnState.REQUESTED, protected=True
    )
    number = models.CharField(
        _("RMA number"), max_length=24, unique=True, editable=False, db_default=Value("")
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="returns", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=ReturnKind.choices)
    reason = models.CharField(_("reason"), max_length=20, choices=ReturnReason.choices)
    note = models.CharField(_("customer's words"), max_length=500, blank=True)
    checks = models.JSONField(_("eligibility"), default=list)
    override_reason = models.CharField(_("allowed all the same"), max_length=300, blank=True)
    decision = models.CharField(_("decision"), max_length=300, blank=True)
    refund_amount = models.DecimalField(
        _("to be paid back"), max_digits=14, decimal_places=2, default=0
    )
    wants = models.JSONField(_("wants instead"), default=list)
    replacement = models.OneToOneField(
        Order,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaces",
        verbose_name=_("replacement order"),
    )

    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("goes back to")
    )
    carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("carrier")
    )
    tracking_number = models.CharField(_("tracking number"), max_length=40, blank=True)
    findings = models.JSONField(_("findings on arrival"), default=list)

    requested_by = models.CharField(_("asked for by"), max_length=80)
    requested_at = models.DateTimeField(_("asked for"))
    authorised_at = models.DateTimeField(_("authorised at"), null=True, blank=True)
    posted_at = models.DateTimeField(_("posted"), null=True, blank=True)
    received_at = models.DateTimeField(_("goods here since"), null=True, blank=True)
    inspected_at = models.DateTimeField(_("inspected at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    minutes_to_money = models.PositiveIntegerField(
        _("minutes from arrival to money"), null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        permissions = [
            ("request_return", _("Can ask for returns")),
            ("override_return", _("Can allow returns against the rules")),
            ("authorise_return", _("Can authorise and refuse returns")),
            ("post_return", _("Can note that goods are on their way back")),
            ("print_label_return", _("Can print return labels")),
            ("receive_return", _("Can receive returned goods")),
            ("inspect_return", _("Can inspect returned goods")),
            ("settle_return", _("Can settle exchanges and send goods again")),
            ("close_return", _("Can close returns")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(refund_amount__gte=0), name="return_amount_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(replacement__isnull=True) | Q(kind__in=["exchange", "resend"]),
                name="replacement_only_where_wanted",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="return_state"),
            models.Index(fields=["requested_at"], name="return_requested"),
            models.Index(
                fields=["tracking_number"], condition=~Q(tracking_number=""), name="return_tracking"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def stream(self) -> str:
        """A return is part of its order's story."""
        return f"{Order.KIND}:{self.order_id}"

    @property
    def has_parcel(self) -> bool:
        """True when goods come back."""
        return self.kind in WITH_PARCEL

    @property
    def gives_money(self) -> bool:
        """True when it ends with money."""
        return self.kind in WITH_MONEY

    @property
    def is_open(self) -> bool:
        return self.state not in OVER

    @property
    def is_our_fault(self) -> bool:
        """True when the way back is on us."""
        return self.reason in OUR_FAULT

    def clock_key(self) -> Mapping[str, str]:
        return {"priority": self.order.urgency}

    @transition(
        state,
        source=ReturnState.REQUESTED,
        target=ReturnState.AUTHORISED,
        permission="rma.authorise_return",
    )
    def authorise(self) -> None:
        """We agree; the customer may send the goods, or need not."""

    @transition(
        state,
        source=ReturnState.REQUESTED,
        target=ReturnState.REFUSED,
        permission="rma.authorise_return",
    )
    def refuse(self) -> None:
        """We do not agree; the customer is told why."""

    @transition(
        state,
        source=ReturnState.AUTHORISED,
        target=ReturnState.ON_THE_WAY,
        conditions=[_has_parcel],
        permission="rma.post_return",
    )
    def post(self) -> None:
        """The customer has given the goods to a carrier."""

    @transition(
        state,
        source=[*BEFORE_ARRIVAL, ReturnState.RECEIVED],
        target=ReturnState.RECEIVED,
        conditions=[_has_parcel],
        permission="rma.receive_return",
    )
    def receive(self) -> None:
        """Goods have arrived and were counted; a second parcel of the same return adds to it."""

    @transition(
        state,
        source=ReturnState.RECEIVED,
        target=ReturnState.INSPECTED,
        permission="rma.inspect_return",
    )
    def inspect(self) -> None:
        """Every piece that came was looked at and lies with the good or the defective ones."""

    @transition(
        state,
        source=ReturnState.INSPECTED,
        target=ReturnState.SETTLING,
    )
    def settle(self) -> None:
        """What the customer gets for it is under way."""

    @transition(
        state,
        source=ReturnState.AUTHORISED,
        target=ReturnState.SETTLING,
        conditions=[_has_no_parcel],
    )
    def settle_unseen(self) -> None:
        """The same, where no goods come back."""

    @transition(state, source=ReturnState.SETTLING, target=ReturnState.SETTLED)
    def finish(self) -> None:
        """The customer has all the money, or the new goods are ordered."""

    @transition(
        state,
        source=[
            ReturnState.REQUESTED,
            *BEFORE_ARRIVAL,
            ReturnState.RECEIVED,
            ReturnState.INSPECTED,
        ],
        target=ReturnState.CLOSED,
        permission="rma.close_return",
    )
    def close(self) -> None:
        """It ends without money or new goods: called off, never sent, or not as it was told."""


class ReturnLine(models.Model):
    """Pieces of one order line. Each quantity is at most the one before it, by constraint."""

    id = models.BigAutoField(primary_key=True)
    rma = models.ForeignKey(
        Return, on_delete=models.PROTECT, related_name="lines", verbose_name=_("return")
    )
    order_line = models.ForeignKey(
        OrderLine,
        on_delete=models.PROTECT,
        related_name="return_lines",
        verbose_name=_("order line"),
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, verbose_name=_("SKU"))
    with_goods = models.BooleanField(_("goods come back"), default=True)
    requested = models.PositiveIntegerField(_("requested"))
    authorised = models.PositiveIntegerField(_("authorised"), default=0)
    received = models.PositiveIntegerField(_("pieces here"), default=0)
    ok = models.PositiveIntegerField(_("inspected: good"), default=0)
    defective = models.PositiveIntegerField(_("inspected: defective"), default=0)
    settled = models.PositiveIntegerField(_("pieces settled"), default=0)
    batch_code = models.CharField(_("batch"), max_length=40, blank=True)
    note = models.CharField(_("inspection"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("return line")
        verbose_name_plural = _("return lines")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rma", "order_line"], name="order_line_once_per_return"
            ),
            models.CheckConstraint(
                condition=Q(requested__gt=0, authorised__lte=F("requested")),
                name="return_line_authorised",
            ),
            models.CheckConstraint(
                condition=Q(received__lte=F("authorised")), name="return_line_received"
            ),
            models.CheckConstraint(
                condition=Q(received__gte=F("ok") + F("defective")), name="return_line_inspected"
            ),
            models.CheckConstraint(
                condition=Q(with_goods=True, settled__lte=F("ok") + F("defective"))
                | Q(with_goods=False, received=0, settled__lte=F("authorised")),
                name="return_line_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.requested}"

    @property
    def inspected(self) -> int:
        """Pieces that were looked at."""
        return self.ok + self.defective
