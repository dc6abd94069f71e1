"""By when and why somebody wants an order; work orders of urgent, urging and asking customers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0008_external_number_by_prefix"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="urgent_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("customer_leaders", "the customer's leaders press"),
                    ("competitor", "a competitor is after the order"),
                    ("vehicle_stands", "a vehicle stands in repair"),
                    ("baby_food", "a baby is out of food"),
                    ("event_gift", "gifts for an event"),
                    ("missed_goods", "goods that were left out"),
                    ("quality_exchange", "exchange of defective goods"),
                    ("sample", "sample"),
                    ("contract_risk", "risk of breach of contract"),
                    ("holiday_gift", "holiday present"),
                    ("store_empty", "a store is out of stock"),
                    ("other", "another reason"),
                ],
                db_default="",
                default="",
                max_length=20,
                verbose_name="why urgent",
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="wanted_by",
            field=models.DateTimeField(blank=True, null=True, verbose_name="wanted by"),
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
                    ("urgent", "urgent order"),
                    ("urged", "customer urges"),
                    ("inquiry", "customer asks where it is"),
                    ("other", "other"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "pending_payment",
                            "pending_review",
                            "pending_finance",
                            "preparing",
                            "packed",
                        ],
                    ),
                    ("wanted_by__isnull", False),
                ),
                fields=["wanted_by"],
                name="order_wanted_by",
            ),
        ),
    ]
