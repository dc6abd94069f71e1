"""Runs of Excel exports and imports, and what became of each cell."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import orders.sheets.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SheetRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("export", "export"), ("import", "import")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("looked", "looked through, to be confirmed"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("partner_id", models.BigIntegerField(null=True, verbose_name="partner")),
                ("operator", models.CharField(max_length=80, verbose_name="who")),
                ("door", models.CharField(max_length=10, verbose_name="where from")),
                ("query", models.TextField(blank=True, verbose_name="filters")),
                (
                    "sees_receiver",
                    models.BooleanField(default=False, verbose_name="receivers in clear text"),
                ),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="file name")),
                (
                    "file",
                    models.FileField(
                        blank=True, upload_to=orders.sheets.models.sheet_path, verbose_name="file"
                    ),
                ),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="bytes")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                (
                    "phase",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("reading", "reading"),
                            ("comparing", "comparing"),
                            ("applying", "writing changes"),
                            ("writing", "writing the file"),
                        ],
                        max_length=10,
                        verbose_name="step",
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0, verbose_name="rows done")),
                ("total", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("counts", models.JSONField(default=dict, verbose_name="outcomes")),
                ("problem", models.TextField(blank=True, verbose_name="problem")),
                ("problem_code", models.CharField(blank=True, max_length=40)),
                ("created_at", models.DateTimeField(verbose_name="begun")),
                ("started_at", models.DateTimeField(null=True, verbose_name="work began")),
                ("beat_at", models.DateTimeField(null=True, verbose_name="last sign of life")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "Excel run",
                "verbose_name_plural": "Excel runs",
            },
        ),
        migrations.CreateModel(
            name="SheetCell",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("row", models.PositiveIntegerField(verbose_name="row")),
                ("order_id", models.BigIntegerField(null=True, verbose_name="order")),
                ("number", models.CharField(max_length=64, verbose_name="order number")),
                ("field", models.CharField(blank=True, max_length=20, verbose_name="column")),
                ("base", models.TextField(blank=True, verbose_name="as exported")),
                ("theirs", models.TextField(blank=True, verbose_name="on the order")),
                ("yours", models.TextField(blank=True, verbose_name="in the sheet")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("applied", "applied"),
                            ("merged", "the same already"),
                            ("conflict", "conflict"),
                            ("refused", "refused"),
                        ],
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=40, verbose_name="reason")),
                (
                    "message",
                    models.CharField(blank=True, max_length=300, verbose_name="explanation"),
                ),
                (
                    "changed_by",
                    models.CharField(blank=True, max_length=80, verbose_name="changed by"),
                ),
                ("changed_by_person", models.BooleanField(default=False)),
                ("changed_at", models.DateTimeField(null=True, verbose_name="changed at")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cells",
                        to="sheets.sheetrun",
                        verbose_name="Excel run",
                    ),
                ),
            ],
            options={
                "verbose_name": "Excel cell",
                "verbose_name_plural": "Excel cells",
            },
        ),
        migrations.AddIndex(
            model_name="sheetrun",
            index=models.Index(fields=["user", "-id"], name="sheetrun_user"),
        ),
        migrations.AddIndex(
            model_name="sheetrun",
            index=models.Index(fields=["created_at"], name="sheetrun_created"),
        ),
        migrations.AddIndex(
            model_name="sheetcell",
            index=models.Index(fields=["run", "outcome", "row"], name="sheetcell_outcome"),
        ),
        migrations.AddIndex(
            model_name="sheetcell",
            index=models.Index(fields=["run", "order_id"], name="sheetcell_order"),
        ),
    ]
