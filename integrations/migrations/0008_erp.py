"""Accounts at ERPs, documents on their way into the books, and the daily check."""

from decimal import Decimal

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import ordercenter.core.secrets


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0007_mail"),
        ("orders", "0009_who_is_pressed"),
        ("rma", "0003_policies"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ErpPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "tolerance",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0.50"),
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="difference without alarm (%)",
                    ),
                ),
                (
                    "number_headers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        size=None,
                        verbose_name="headers of the order number",
                    ),
                ),
                (
                    "amount_headers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        size=None,
                        verbose_name="headers of the amount",
                    ),
                ),
                (
                    "refund_headers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        help_text="Empty: the export has no such column, refunds are amounts below zero.",
                        size=None,
                        verbose_name="headers of the refund",
                    ),
                ),
                (
                    "date_headers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        help_text="Where the export has such a column, only rows of the day are counted.",
                        size=None,
                        verbose_name="headers of the date",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule of the ERP check",
                "verbose_name_plural": "rules of the ERP check",
            },
        ),
        migrations.CreateModel(
            name="ErpAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.CharField(default="kingdee", max_length=20, verbose_name="ERP")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("base_url", models.URLField(blank=True, verbose_name="address")),
                (
                    "credentials",
                    ordercenter.core.secrets.EncryptedJSONField(verbose_name="credentials"),
                ),
                ("options", models.JSONField(blank=True, default=dict, verbose_name="options")),
                (
                    "pushes",
                    models.BooleanField(default=True, verbose_name="push orders and refunds"),
                ),
                ("checks", models.BooleanField(default=True, verbose_name="check every morning")),
                (
                    "pushes_since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="push orders placed since",
                    ),
                ),
                ("is_active", models.BooleanField(default=False, verbose_name="active")),
                ("trouble", models.CharField(blank=True, max_length=300, verbose_name="trouble")),
            ],
            options={
                "verbose_name": "ERP account",
                "verbose_name_plural": "ERP accounts",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("is_active",),
                        name="one_active_erp_account",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ErpCheck",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(verbose_name="day")),
                (
                    "source",
                    models.CharField(
                        choices=[("upload", "uploaded export"), ("erp", "asked of the ERP")],
                        max_length=6,
                        verbose_name="compared with",
                    ),
                ),
                (
                    "source_name",
                    models.CharField(blank=True, max_length=120, verbose_name="file or account"),
                ),
                ("is_scheduled", models.BooleanField(default=False, verbose_name="by itself")),
                ("our_orders", models.PositiveIntegerField(verbose_name="our orders")),
                ("their_orders", models.PositiveIntegerField(verbose_name="orders in the ERP")),
                (
                    "our_total",
                    models.DecimalField(decimal_places=2, max_digits=16, verbose_name="our total"),
                ),
                (
                    "their_total",
                    models.DecimalField(
                        decimal_places=2, max_digits=16, verbose_name="total in the ERP"
                    ),
                ),
                (
                    "our_refunds",
                    models.DecimalField(
                        decimal_places=2, max_digits=16, verbose_name="our refunds"
                    ),
                ),
                (
                    "their_refunds",
                    models.DecimalField(
                        decimal_places=2, max_digits=16, verbose_name="refunds in the ERP"
                    ),
                ),
                (
                    "tolerance",
                    models.DecimalField(
                        decimal_places=2, max_digits=5, verbose_name="tolerance (%)"
                    ),
                ),
                (
                    "share",
                    models.DecimalField(
                        decimal_places=6, max_digits=18, verbose_name="largest difference"
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("equal", "agrees"),
                            ("within", "small differences"),
                            ("alarm", "differs"),
                        ],
                        max_length=6,
                        verbose_name="result",
                    ),
                ),
                (
                    "differing",
                    models.PositiveIntegerField(default=0, verbose_name="lines that differ"),
                ),
                (
                    "left_out",
                    models.PositiveIntegerField(default=0, verbose_name="rows of other days"),
                ),
                ("made_by_label", models.CharField(max_length=80, verbose_name="made by")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
            ],
            options={
                "verbose_name": "ERP check",
                "verbose_name_plural": "ERP checks",
                "permissions": [
                    ("run_erpcheck", "Can check our figures against the ERP"),
                    ("export_erp", "Can download the workbook for the ERP"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ErpCheckLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=80, verbose_name="order number")),
                ("shop", models.CharField(blank=True, max_length=80, verbose_name="shop")),
                (
                    "our_total",
                    models.DecimalField(
                        decimal_places=2, max_digits=16, null=True, verbose_name="our total"
                    ),
                ),
                (
                    "their_total",
                    models.DecimalField(
                        decimal_places=2, max_digits=16, null=True, verbose_name="total in the ERP"
                    ),
                ),
                (
                    "our_refund",
                    models.DecimalField(decimal_places=2, max_digits=16, verbose_name="our refund"),
                ),
                (
                    "their_refund",
                    models.DecimalField(
                        decimal_places=2, max_digits=16, verbose_name="refund in the ERP"
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("missing", "not in the ERP"),
                            ("not_booked", "in the ERP, but not audited"),
                            ("unknown", "only in the ERP"),
                            ("amount", "amounts differ"),
                            ("refund", "refunds differ"),
                        ],
                        max_length=10,
                        verbose_name="what differs",
                    ),
                ),
                (
                    "check_made",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="integrations.erpcheck",
                        verbose_name="ERP check",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
            ],
            options={
                "verbose_name": "line that differs",
                "verbose_name_plural": "lines that differ",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ErpDocument",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("sale", "sale"), ("refund", "refund")],
                        max_length=6,
                        verbose_name="kind",
                    ),
                ),
                ("number", models.CharField(max_length=40, verbose_name="document number")),
                ("day", models.DateField(verbose_name="day")),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "on its way"),
                            ("booked", "in the books"),
                            ("refused", "refused"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("step", models.PositiveSmallIntegerField(default=0, verbose_name="step")),
                (
                    "reference",
                    models.CharField(blank=True, max_length=64, verbose_name="their number"),
                ),
                ("answer", models.JSONField(blank=True, default=dict, verbose_name="answer")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created"
                    ),
                ),
                (
                    "booked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="booked at"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="integrations.erpaccount",
                        verbose_name="ERP account",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erp_documents",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erp_documents",
                        to="rma.refund",
                        verbose_name="refund",
                    ),
                ),
            ],
            options={
                "verbose_name": "ERP document",
                "verbose_name_plural": "ERP documents",
                "permissions": [("push_erpdocument", "Can push refused documents again")],
            },
        ),
        migrations.AddIndex(
            model_name="erpcheck",
            index=models.Index(fields=["day", "-id"], name="erpcheck_day"),
        ),
        migrations.AddConstraint(
            model_name="erpcheck",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_scheduled", True)),
                fields=("day",),
                name="one_erp_check_by_itself_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="erpcheckline",
            constraint=models.UniqueConstraint(
                fields=("check_made", "number"), name="line_once_per_check"
            ),
        ),
        migrations.AddIndex(
            model_name="erpdocument",
            index=models.Index(fields=["state", "-id"], name="erpdocument_state"),
        ),
        migrations.AddConstraint(
            model_name="erpdocument",
            constraint=models.UniqueConstraint(
                fields=("account", "kind", "number"), name="erp_document_once_per_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="erpdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "sale"), ("refund__isnull", True)),
                    models.Q(("kind", "refund"), ("refund__isnull", False)),
                    _connector="OR",
                ),
                name="erp_refund_names_its_refund",
            ),
        ),
    ]
