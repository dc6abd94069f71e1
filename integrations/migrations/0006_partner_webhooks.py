"""Webhooks of partners, and the messages on their way to them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import integrations.models.partners
import ordercenter.core.secrets


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_clocks_know_their_hours"),
        ("integrations", "0005_payment_accounts"),
        ("orders", "0009_who_is_pressed"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "number",
                    models.CharField(
                        default=integrations.models.partners.new_number,
                        max_length=24,
                        unique=True,
                        verbose_name="number",
                    ),
                ),
                ("url", models.CharField(max_length=500, verbose_name="address")),
                (
                    "description",
                    models.CharField(blank=True, max_length=120, verbose_name="description"),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="kinds",
                    ),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        default=list,
                        size=None,
                        verbose_name="scopes",
                    ),
                ),
                (
                    "secrets",
                    ordercenter.core.secrets.EncryptedJSONField(
                        editable=False, verbose_name="signing secrets"
                    ),
                ),
                (
                    "previous_until",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="old secret signs until"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created"
                    ),
                ),
                ("trouble", models.CharField(blank=True, max_length=300, verbose_name="trouble")),
                (
                    "last_sequence",
                    models.BigIntegerField(
                        default=0, editable=False, verbose_name="newest message"
                    ),
                ),
                (
                    "failures",
                    models.PositiveIntegerField(
                        default=0, editable=False, verbose_name="failures in a row"
                    ),
                ),
                (
                    "failing_since",
                    models.DateTimeField(editable=False, null=True, verbose_name="failing since"),
                ),
                (
                    "paused_until",
                    models.DateTimeField(editable=False, null=True, verbose_name="paused until"),
                ),
                (
                    "reached_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="last reached"),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhooks",
                        to="orders.partner",
                        verbose_name="partner",
                    ),
                ),
            ],
            options={
                "verbose_name": "partner's webhook",
                "verbose_name_plural": "partners' webhooks",
                "permissions": [("manage_webhookendpoint", "Can set up webhooks of partners")],
            },
        ),
        migrations.CreateModel(
            name="PartnerDelivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField(verbose_name="number")),
                ("kind", models.CharField(max_length=60, verbose_name="what")),
                ("stream", models.CharField(max_length=40, verbose_name="story")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("done", "taken"),
                            ("dead", "dead letter"),
                            ("withheld", "withheld"),
                        ],
                        default="pending",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                (
                    "not_before",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="not before",
                    ),
                ),
                ("status", models.PositiveSmallIntegerField(null=True, verbose_name="HTTP status")),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=300, verbose_name="last error"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created"
                    ),
                ),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.event",
                        verbose_name="event",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="integrations.webhookendpoint",
                        verbose_name="partner's webhook",
                    ),
                ),
            ],
            options={
                "verbose_name": "message to a partner",
                "verbose_name_plural": "messages to partners",
                "permissions": [("resend_partnerdelivery", "Can send messages to partners again")],
            },
        ),
        migrations.AddIndex(
            model_name="webhookendpoint",
            index=models.Index(fields=["partner", "-id"], name="webhook_partner"),
        ),
        migrations.AddIndex(
            model_name="partnerdelivery",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["endpoint", "sequence"],
                name="partnerdelivery_pending",
            ),
        ),
        migrations.AddIndex(
            model_name="partnerdelivery",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["endpoint", "stream", "sequence"],
                name="partnerdelivery_stream",
            ),
        ),
        migrations.AddIndex(
            model_name="partnerdelivery",
            index=models.Index(
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state", "dead")),
                name="partnerdelivery_dead",
            ),
        ),
        migrations.AddIndex(
            model_name="partnerdelivery",
            index=models.Index(
                condition=models.Q(("state", "pending"), _negated=True),
                fields=["finished_at"],
                name="partnerdelivery_old",
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerdelivery",
            constraint=models.UniqueConstraint(
                fields=("endpoint", "sequence"), name="partnerdelivery_sequence_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerdelivery",
            constraint=models.UniqueConstraint(
                fields=("endpoint", "event"), name="partnerdelivery_once_per_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("sequence__gt", 0)), name="partnerdelivery_sequence_counts"
            ),
        ),
    ]
