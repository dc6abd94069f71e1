"""The ledger is append-only; every change of what lies in the warehouse is kept.

`reserved` is not watched: its history is the reservations, and a law compares the two.
"""

from django.db import migrations

from ordercenter.core.triggers import append_only, keep_changes


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]

    operations = [
        append_only("inventory_movement"),
        keep_changes(
            "inventory_stocklevel",
            ignore=("reserved", "low_since"),
            only=("on_hand", "held", "defective", "safety"),
        ),
    ]
