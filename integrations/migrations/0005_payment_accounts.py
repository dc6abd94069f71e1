"""Accounts at payment systems, and the nonces of their notices that were used up."""

import django.db.models.functions.datetime
from django.db import migrations, models

import ordercenter.core.secrets


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0004_tell_channels_again"),
    ]

    operations = [
        migrations.CreateModel(
            name="NoticeNonce",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("source", models.CharField(max_length=20, verbose_name="source")),
                ("nonce", models.CharField(max_length=64, verbose_name="nonce")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="when"
                    ),
                ),
            ],
            options={
                "verbose_name": "used nonce",
                "verbose_name_plural": "used nonces",
                "indexes": [models.Index(fields=["at"], name="nonce_at")],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "nonce"), name="nonce_used_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "system",
                    models.CharField(
                        choices=[("wechatpay", "WeChat Pay"), ("alipay", "Alipay")],
                        max_length=10,
                        verbose_name="payment system",
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("base_url", models.URLField(verbose_name="address")),
                (
                    "credentials",
                    ordercenter.core.secrets.EncryptedJSONField(verbose_name="credentials"),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("trouble", models.CharField(blank=True, max_length=300, verbose_name="trouble")),
            ],
            options={
                "verbose_name": "payment account",
                "verbose_name_plural": "payment accounts",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("system",),
                        name="one_active_payment_account_per_system",
                    )
                ],
            },
        ),
    ]
