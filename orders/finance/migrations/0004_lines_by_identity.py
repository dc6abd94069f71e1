"""Lines are found by their identity through one named index, without its twin for LIKE."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("finance", "0003_policies")]

    operations = [
        migrations.AlterField(
            model_name="settlementline",
            name="identity",
            field=models.CharField(max_length=64),
        ),
        migrations.AddIndex(
            model_name="settlementline",
            index=models.Index(fields=["identity"], name="settlement_line_identity"),
        ),
    ]
