"""What a piece cost when it was bought, and an index that finds the last purchase."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0002_ledger"),
    ]

    operations = [
        migrations.AddField(
            model_name="movement",
            name="unit_cost",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                max_digits=14,
                null=True,
                verbose_name="purchase cost of a piece",
            ),
        ),
        migrations.AddIndex(
            model_name="movement",
            index=models.Index(
                condition=models.Q(("unit_cost__isnull", False)),
                fields=["level", "-at"],
                name="movement_purchase",
            ),
        ),
        migrations.AddConstraint(
            model_name="movement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("unit_cost__isnull", True),
                    models.Q(("reason", "received"), ("unit_cost__gte", 0)),
                    _connector="OR",
                ),
                name="only_purchases_have_a_cost",
            ),
        ),
    ]
