from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order


class PaymentMethod(models.TextChoices):
    WECHATPAY = "wechatpay", _("WeChat Pay")
    ALIPAY = "alipay", _("Alipay")
    BANK = "bank", _("bank transfer")
    CHANNEL = "channel", _("through the channel")
    OTHER = "other", _("otherwise")


class Payment(models.Model):
    """Money that came in for an order, by one way. `transaction_id` is the payer's side's number.

    `refunded` has been promised back to the payer by this same way, never more than came in.
    """

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="payments", verbose_name=_("order")
    )
    method = models.CharField(_("paid by"), max_length=10, choices=PaymentMethod.choices)
    transaction_id = models.CharField(_("transaction"), max_length=64, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    refunded = models.DecimalField(_("paid back"), max_digits=14, decimal_places=2, default=0)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["method", "transaction_id"],
                condition=~Q(transaction_id=""),
                name="payment_once_per_transaction",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("amount")),
                name="refunds_never_exceed_payment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.transaction_id} {self.amount}"
