"""A customer's key is null where nothing identifies them, so one whole index serves batches."""

from django.db import migrations, models


def empty_to_null(apps, schema_editor):
    apps.get_model("orders", "Customer").objects.filter(match_key="").update(match_key=None)


def null_to_empty(apps, schema_editor):
    apps.get_model("orders", "Customer").objects.filter(match_key=None).update(match_key="")


class Migration(migrations.Migration):
    # Data and index change apart: PostgreSQL refuses both in one transaction.
    atomic = False
    dependencies = [("orders", "0006_replacement_orders")]

    operations = [
        migrations.RemoveConstraint(model_name="customer", name="customer_once_per_key"),
        migrations.AlterField(
            model_name="customer",
            name="match_key",
            field=models.CharField(max_length=120, null=True, verbose_name="match key"),
        ),
        migrations.RunPython(empty_to_null, null_to_empty),
        migrations.AlterField(
            model_name="customer",
            name="match_key",
            field=models.CharField(
                max_length=120, null=True, unique=True, verbose_name="match key"
            ),
        ),
    ]
