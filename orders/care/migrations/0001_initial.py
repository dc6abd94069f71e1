"""Questions of customers, look-ups without a login, and alarms about urgent orders."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orders", "0009_who_is_pressed"),
    ]

    operations = [
        migrations.CreateModel(
            name="TrackAttempt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("ip", models.GenericIPAddressField(verbose_name="address")),
                ("number", models.CharField(max_length=64, verbose_name="number")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("open", "being looked at"),
                            ("found", "found"),
                            ("wrong", "wrong"),
                            ("refused", "too many tries"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                ("device", models.CharField(blank=True, max_length=200, verbose_name="device")),
                ("at", models.DateTimeField(verbose_name="when")),
            ],
            options={
                "verbose_name": "look-up by a customer",
                "verbose_name_plural": "look-ups by customers",
                "indexes": [
                    models.Index(fields=["ip", "at"], name="track_attempt_ip"),
                    models.Index(fields=["number", "at"], name="track_attempt_number"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Inquiry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="first asked")),
                ("asked_by", models.CharField(max_length=80, verbose_name="noted by")),
                ("door", models.CharField(max_length=10, verbose_name="where from")),
                (
                    "text",
                    models.CharField(blank=True, max_length=500, verbose_name="what was asked"),
                ),
                ("times", models.PositiveSmallIntegerField(default=1, verbose_name="times asked")),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="answered"),
                ),
                (
                    "answered_by",
                    models.CharField(blank=True, max_length=80, verbose_name="answered by"),
                ),
                (
                    "answer_kind",
                    models.CharField(
                        blank=True,
                        choices=[("news", "parcel news"), ("staff", "customer service")],
                        max_length=8,
                        verbose_name="kind of answer",
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=200, verbose_name="where it is")),
                (
                    "expected_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="expected at the customer's"
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, max_length=500, verbose_name="reason told"),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inquiries",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
            ],
            options={
                "verbose_name": "question where it is",
                "verbose_name_plural": "questions where it is",
                "permissions": [
                    ("ask_where", "Can ask where an order is"),
                    ("urge_order", "Can urge an order"),
                    ("note_inquiry", "Can note that a customer asks where it is"),
                    ("answer_inquiry", "Can answer where it is"),
                ],
                "indexes": [models.Index(fields=["asked_at"], name="inquiry_asked")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True)),
                        fields=("order",),
                        name="one_open_inquiry_per_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            ("answered_at__gte", models.F("asked_at")),
                            _connector="OR",
                        ),
                        name="inquiry_answered_after_asked",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UrgentAlarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wanted_by", models.DateTimeField(verbose_name="wanted by")),
                ("told_at", models.DateTimeField(verbose_name="director told at")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="urgent_alarms",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
            ],
            options={
                "verbose_name": "urgent alarm",
                "verbose_name_plural": "urgent alarms",
                "constraints": [
                    models.UniqueConstraint(fields=("order", "wanted_by"), name="urgent_alarm_once")
                ],
            },
        ),
    ]
