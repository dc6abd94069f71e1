from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from ordercenter.core.lifecycle import Lifecycle
from ordercenter.core.secrets import EncryptedJSONField
from orders.models import Order, Payment, PaymentMethod
from rma.models.returns import Return


class RefundState(models.TextChoices):
    PLANNED = "planned", _("to be paid back now")
    SENDING = "sending", _("sent, not confirmed yet")
    SUCCEEDED = "succeeded", _("money is back")
    FAILED = "failed", _("not paid back")


# Paid by a program of ours; everything else is paid by finance, from a list.
BY_MACHINE = (PaymentMethod.WECHATPAY, PaymentMethod.ALIPAY)
OPEN_REFUND = (RefundState.PLANNED, RefundState.SENDING)


class Refund(Lifecycle):
    """Money on its way back to a buyer, under a number of ours that is never replaced.

    Its amount is booked on the order as long as it has not failed. From `sending` on the outcome
    is unknown until the other side has told it. `next_check_at` and `checks` are for machines.
    """

    KIND = "refund"

    state = FSMField(
        _("state"), choices=RefundState.choices, default=RefundState.PLANNED, protected=True
    )
    number = models.CharField(
        _("refund number"), max_length=24, unique=True, editable=False, db_default=Value("")
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("order")
    )
    rma = models.ForeignKey(
        Return,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="refunds",
        verbose_name=_("return"),
    )
    payment = models.ForeignKey(
        Payment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="refunds",
        verbose_name=_("payment"),
    )
    method = models.CharField(_("paid back by"), max_length=10, choices=PaymentMethod.choices)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=200)
    payee: Any = EncryptedJSONField(_("payee"), default=dict, blank=True)
    reference = models.CharField(_("their number"), max_length=64, blank=True)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)

    planned_by = models.CharField(_("planned by"), max_length=80)
    planned_at = models.DateTimeField(_("refund planned at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    done_at = models.DateTimeField(_("paid back at"), null=True, blank=True)
    replaced_at = models.DateTimeField(_("planned anew at"), null=True, blank=True)
    next_check_at = models.DateTimeField(_("asked about at"), null=True, editable=False)
    checks = models.PositiveSmallIntegerField(_("times asked"), default=0, editable=False)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        permissions = [
            ("approve_refund", _("Can approve refunds")),
            ("pay_out_refund", _("Can note refunds paid by hand")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=~Q(method__in=["wechatpay", "alipay"]) | Q(payment__isnull=False),
                name="machine_refund_names_its_payment",
            ),
            models.CheckConstraint(
                condition=~Q(state="succeeded") | Q(done_at__isnull=False),
                name="succeeded_refund_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="refund_state"),
            models.Index(
                fields=["next_check_at"],
                condition=Q(state__in=["planned", "sending"], next_check_at__isnull=False),
                name="refund_next_check",
            ),
            models.Index(fields=["done_at"], name="refund_done"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def stream(self) -> str:
        """A refund is part of its order's story."""
        return f"{Order.KIND}:{self.order_id}"

    @property
    def is_by_machine(self) -> bool:
        return self.method in BY_MACHINE

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_REFUND

    def clock_key(self) -> Mapping[str, str]:
        return {}

    @transition(state, source=RefundState.PLANNED, target=RefundState.SENDING)
    def send(self) -> None:
        """The other side is asked now; from here on only it knows the outcome."""

    @transition(state, source=RefundState.SENDING, target=RefundState.SUCCEEDED)
    def succeed(self) -> None:
        """The other side says that the buyer has the money."""

    @transition(
        state,
        source=RefundState.PLANNED,
        target=RefundState.SUCCEEDED,
        permission="rma.pay_out_refund",
    )
    def pay_out(self) -> None:
        """Finance has paid by hand and says under which number."""

    @transition(state, source=RefundState.SENDING, target=RefundState.FAILED)
    def fail(self) -> None:
        """The other side says for good that nothing was paid under this number."""

    @transition(
        state,
        source=RefundState.PLANNED,
        target=RefundState.FAILED,
        permission="rma.approve_refund",
    )
    def call_off(self) -> None:
        """Nobody was asked yet, and nobody will be."""
