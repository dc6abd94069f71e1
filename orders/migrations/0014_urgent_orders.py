"""Urgent orders whose goods are still here are few among very many: a small index finds them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0013_fill_card"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(
                    models.Q(("urgency", "normal"), _negated=True),
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
                ),
                fields=["wanted_by", "ship_by"],
                name="order_urgent",
            ),
        ),
    ]
