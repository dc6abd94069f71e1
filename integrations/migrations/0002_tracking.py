"""Parcels that are followed, the account we ask with, and incoming calls."""

import django.db.models.functions.datetime
from django.db import migrations, models

import integrations.models.tracking
import ordercenter.core.secrets


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0001_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="InboundCall",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("source", models.CharField(max_length=20, verbose_name="source")),
                ("path_token", models.CharField(max_length=64, verbose_name="address")),
                ("headers", models.JSONField(default=dict, verbose_name="headers")),
                ("body", models.BinaryField(verbose_name="body")),
                ("sha256", models.CharField(max_length=64, verbose_name="hash")),
                ("repeats", models.PositiveIntegerField(default=0, verbose_name="came again")),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="received at",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "new"),
                            ("done", "done"),
                            ("refused", "refused"),
                            ("failed", "failed"),
                        ],
                        default="new",
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
                ("error", models.CharField(blank=True, max_length=1000, verbose_name="error")),
                ("processed_at", models.DateTimeField(null=True, verbose_name="processed")),
            ],
            options={
                "verbose_name": "incoming call",
                "verbose_name_plural": "incoming calls",
                "permissions": [("replay_inboundcall", "Can read incoming calls again")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "new")), fields=["not_before"], name="call_new"
                    ),
                    models.Index(fields=["received_at"], name="call_received"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "path_token", "sha256"), name="call_stored_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TrackingAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                (
                    "base_url",
                    models.URLField(default="https://poll.kuaidi100.com", verbose_name="address"),
                ),
                (
                    "credentials",
                    ordercenter.core.secrets.EncryptedJSONField(verbose_name="credentials"),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("trouble", models.CharField(blank=True, max_length=300, verbose_name="trouble")),
            ],
            options={
                "verbose_name": "tracking account",
                "verbose_name_plural": "tracking accounts",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("is_active",),
                        name="one_active_tracking_account",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TrackingSubscription",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("shipment_id", models.BigIntegerField(verbose_name="parcel")),
                ("company", models.CharField(max_length=40, verbose_name="carrier's code")),
                ("number", models.CharField(max_length=40, verbose_name="parcel number")),
                (
                    "phone_tail",
                    models.CharField(blank=True, max_length=4, verbose_name="phone, last four"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("active", "active"),
                            ("ended", "ended"),
                            ("aborted", "given up by the service"),
                            ("refused", "refused"),
                        ],
                        default="planned",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        default=integrations.models.tracking.new_token,
                        editable=False,
                        max_length=64,
                        unique=True,
                        verbose_name="address",
                    ),
                ),
                (
                    "salt",
                    models.CharField(
                        default=integrations.models.tracking.new_salt,
                        editable=False,
                        max_length=64,
                        verbose_name="salt",
                    ),
                ),
                ("answer", models.JSONField(default=dict, verbose_name="answer")),
                ("heard_at", models.DateTimeField(null=True, verbose_name="last heard")),
                ("last_polled_at", models.DateTimeField(null=True, verbose_name="last asked")),
                ("next_poll_at", models.DateTimeField(null=True, verbose_name="asked again at")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created"
                    ),
                ),
            ],
            options={
                "verbose_name": "parcel that is followed",
                "verbose_name_plural": "parcels that are followed",
                "indexes": [
                    models.Index(fields=["number"], name="subscription_number"),
                    models.Index(
                        condition=models.Q(("state", "active")),
                        fields=["next_poll_at"],
                        name="subscription_poll",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shipment_id", "number"), name="parcel_followed_once_per_number"
                    )
                ],
            },
        ),
    ]
