"""Payments by the way they came, and what was promised back: never more than was paid."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

from ordercenter.core.triggers import keep_changes


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_api_use")]

    operations = [
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("wechatpay", "WeChat Pay"),
                            ("alipay", "Alipay"),
                            ("bank", "bank transfer"),
                            ("channel", "through the channel"),
                            ("other", "otherwise"),
                        ],
                        max_length=10,
                        verbose_name="paid by",
                    ),
                ),
                (
                    "transaction_id",
                    models.CharField(blank=True, max_length=64, verbose_name="transaction"),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                (
                    "refunded",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=14, verbose_name="paid back"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
                "ordering": ["at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=~Q(transaction_id=""),
                        fields=("method", "transaction_id"),
                        name="payment_once_per_transaction",
                    ),
                    models.CheckConstraint(
                        condition=Q(refunded__gte=0, refunded__lte=F("amount")),
                        name="refunds_never_exceed_payment",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="order",
            name="refunded_amount",
            field=models.DecimalField(
                decimal_places=2,
                db_default=0,
                default=0,
                editable=False,
                max_digits=14,
                verbose_name="refunded",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("paid_amount")),
                name="refunds_never_exceed_paid",
            ),
        ),
        keep_changes("orders_payment"),
    ]
