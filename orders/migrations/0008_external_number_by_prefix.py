"""Channel numbers are searched by their beginning as well, in any collation."""

from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_customer_key_null")]

    operations = [
        migrations.RemoveIndex(model_name="order", name="order_external"),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                OpClass(F("external_number"), name="varchar_pattern_ops"), name="order_external"
            ),
        ),
    ]
