"""E-mails on their way, and who is written to about what."""

import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0006_partner_webhooks")]

    operations = [
        migrations.CreateModel(
            name="Mail",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("cause", models.CharField(max_length=80, verbose_name="cause")),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                ("address", models.EmailField(max_length=254, verbose_name="e-mail address")),
                ("subject", models.CharField(max_length=200, verbose_name="e-mail subject")),
                ("body", models.TextField(verbose_name="text")),
                (
                    "message_id",
                    models.CharField(max_length=120, unique=True, verbose_name="message id"),
                ),
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
                ("answer", models.CharField(blank=True, max_length=300, verbose_name="answer")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created"
                    ),
                ),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
            ],
            options={
                "verbose_name": "e-mail",
                "verbose_name_plural": "e-mails",
                "permissions": [("resend_mail", "Can send failed e-mails again")],
                "indexes": [
                    models.Index(fields=["created_at"], name="mail_created"),
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["not_before"],
                        name="mail_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("cause", "address"), name="mail_once_per_cause")
                ],
            },
        ),
        migrations.CreateModel(
            name="MailRoute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cs", "Customer service"),
                            ("finance", "Finance"),
                            ("warehouse", "Warehouse"),
                            ("supervisor", "Supervisor"),
                            ("sales", "Sales"),
                            ("logistics", "Logistics"),
                            ("director", "Operations director"),
                            ("admin", "Administrator"),
                        ],
                        max_length=30,
                        verbose_name="role",
                    ),
                ),
                (
                    "addresses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="further addresses",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "e-mail route",
                "verbose_name_plural": "e-mail routes",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "role"), name="mail_route_once_per_role"
                    )
                ],
            },
        ),
    ]
