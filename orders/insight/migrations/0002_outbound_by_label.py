"""An index, and statistics, for the question how an order left: on time, late, without a promise.

The expression is the one of the fact `outbound`; a test holds the two together.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("insight", "0001_daily_numbers"),
    ]

    operations = [
        migrations.RunSQL(
            """
            CREATE INDEX order_outbound_label ON orders_order (
              (CASE WHEN least(ship_by, wanted_by) IS NULL THEN 'no_promise'
                    WHEN dispatched_at <= least(ship_by, wanted_by) THEN 'on_time'
                    ELSE 'late' END), dispatched_at)
             WHERE dispatched_at IS NOT NULL
            """,
            "DROP INDEX order_outbound_label",
        ),
    ]
