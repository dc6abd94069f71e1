"""Notices to staff, and the robots that repeat them in group chats."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import ordercenter.core.secrets


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orders", "0003_time_limits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("role", models.CharField(blank=True, max_length=30, verbose_name="role")),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("info", "for information"),
                            ("warn", "needs attention"),
                            ("alarm", "alarm"),
                        ],
                        default="info",
                        max_length=5,
                        verbose_name="severity",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "group_title",
                    models.CharField(blank=True, max_length=200, verbose_name="title of several"),
                ),
                ("text", models.CharField(blank=True, max_length=1000, verbose_name="text")),
                ("link", models.CharField(blank=True, max_length=300, verbose_name="link")),
                (
                    "grouped_key",
                    models.CharField(blank=True, max_length=80, verbose_name="grouped by"),
                ),
                ("window_at", models.DateTimeField(verbose_name="minute")),
                ("count", models.PositiveIntegerField(default=1, verbose_name="how often")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="when"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="member of staff",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
            },
        ),
        migrations.CreateModel(
            name="NoticeCause",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("cause", models.CharField(max_length=80, verbose_name="cause")),
                ("audience", models.CharField(max_length=40, verbose_name="audience")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="when"
                    ),
                ),
            ],
            options={
                "verbose_name": "cause of a notice",
                "verbose_name_plural": "causes of notices",
                "indexes": [models.Index(fields=["created_at"], name="noticecause_created")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("cause", "audience"), name="cause_counted_once_per_audience"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeRead",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("count_seen", models.PositiveIntegerField(verbose_name="seen")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="when"
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reads",
                        to="integrations.notice",
                        verbose_name="notice",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="member of staff",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice that was read",
                "verbose_name_plural": "notices that were read",
            },
        ),
        migrations.CreateModel(
            name="Robot",
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
                    models.URLField(default="https://qyapi.weixin.qq.com", verbose_name="address"),
                ),
                (
                    "credentials",
                    ordercenter.core.secrets.EncryptedJSONField(verbose_name="credentials"),
                ),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="roles",
                    ),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="kinds",
                    ),
                ),
                ("quiet_from", models.TimeField(blank=True, null=True, verbose_name="quiet from")),
                (
                    "quiet_until",
                    models.TimeField(blank=True, null=True, verbose_name="quiet until"),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("trouble", models.CharField(blank=True, max_length=300, verbose_name="trouble")),
                (
                    "speaks_since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="speaks since",
                    ),
                ),
                (
                    "wait_until",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="waits until"
                    ),
                ),
                (
                    "recent_calls",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(),
                        default=list,
                        editable=False,
                        size=None,
                        verbose_name="latest calls",
                    ),
                ),
            ],
            options={
                "verbose_name": "group robot",
                "verbose_name_plural": "group robots",
                "permissions": [("resend_robotmessage", "Can send failed messages again")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("quiet_from__isnull", True), ("quiet_until__isnull", True)),
                            models.Q(("quiet_from__isnull", False), ("quiet_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="quiet_hours_have_two_ends",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RobotMessage",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("content", models.TextField(verbose_name="content")),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "pending"), ("sent", "sent"), ("failed", "failed")],
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
                ("answer", models.JSONField(default=dict, verbose_name="answer")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created"
                    ),
                ),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "notices",
                    models.ManyToManyField(
                        related_name="robot_messages",
                        to="integrations.notice",
                        verbose_name="notices",
                    ),
                ),
                (
                    "robot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="integrations.robot",
                        verbose_name="group robot",
                    ),
                ),
            ],
            options={
                "verbose_name": "message of a robot",
                "verbose_name_plural": "messages of robots",
            },
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["role", "-id"], name="notice_role"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["created_at"], name="notice_created"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("role", "user", "kind", "grouped_key", "window_at"),
                name="notice_once_per_group_and_minute",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("role", ""), ("user__isnull", False)),
                    models.Q(models.Q(("role", ""), _negated=True), ("user__isnull", True)),
                    _connector="OR",
                ),
                name="notice_is_for_a_role_or_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticeread",
            constraint=models.UniqueConstraint(
                fields=("user", "notice"), name="notice_read_once_per_person"
            ),
        ),
        migrations.AddIndex(
            model_name="robotmessage",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["robot", "id"],
                name="robotmessage_pending",
            ),
        ),
        migrations.AddIndex(
            model_name="robotmessage",
            index=models.Index(fields=["created_at"], name="robotmessage_created"),
        ),
    ]
