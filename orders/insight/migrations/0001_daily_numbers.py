"""Daily numbers, and how far the timeline has been read into them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orders", "0010_moments_that_count"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadUpTo",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("floor", models.BigIntegerField(null=True, verbose_name="read up to event")),
                ("seen", models.BigIntegerField(null=True, verbose_name="newest event seen")),
                (
                    "seen_before",
                    models.BigIntegerField(null=True, verbose_name="seen before transaction"),
                ),
                ("kept_at", models.DateTimeField(null=True, verbose_name="kept")),
            ],
            options={
                "verbose_name": "reading of the timeline",
                "verbose_name_plural": "reading of the timeline",
            },
        ),
        migrations.CreateModel(
            name="DailyNumber",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(verbose_name="day")),
                ("fact", models.CharField(max_length=20, verbose_name="figure")),
                ("label", models.CharField(blank=True, max_length=30, verbose_name="kind")),
                ("count", models.PositiveIntegerField(verbose_name="how many")),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=18, verbose_name="amount"
                    ),
                ),
                ("minutes", models.BigIntegerField(default=0, verbose_name="minutes, summed up")),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="orders.shop",
                        verbose_name="shop",
                    ),
                ),
            ],
            options={
                "verbose_name": "daily number",
                "verbose_name_plural": "daily numbers",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "fact", "shop", "label"), name="daily_number_once"
                    )
                ],
            },
        ),
    ]
