"""A third kind of order, replacements, and work orders about returns and refunds."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_payments_and_refunds")]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="kind",
            field=models.CharField(
                choices=[("normal", "normal"), ("gift", "gift"), ("replacement", "replacement")],
                default="normal",
                max_length=12,
                verbose_name="kind",
            ),
        ),
        migrations.RemoveConstraint(model_name="order", name="gift_names_its_main_order"),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=~Q(kind__in=["gift", "replacement"]) | Q(main_order__isnull=False),
                name="gift_names_its_main_order",
            ),
        ),
        migrations.AlterField(
            model_name="workorder",
            name="kind",
            field=models.CharField(
                choices=[
                    ("bad_data", "data to be checked"),
                    ("shortage", "out of stock"),
                    ("hold", "on hold"),
                    ("channel_conflict", "channel says otherwise"),
                    ("paid_after_expiry", "paid after the hold expired"),
                    ("tracking", "parcel in trouble"),
                    ("write_back", "channel not told"),
                    ("claim_refund", "refund asked"),
                    ("return", "return to be looked at"),
                    ("refund", "refund in trouble"),
                    ("other", "other"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
    ]
