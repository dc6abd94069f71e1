"""A clock knows whether it runs at night, so that it can go on after a pause."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0003_working_hours")]

    operations = [
        migrations.AddField(
            model_name="timer",
            name="around_the_clock",
            field=models.BooleanField(default=False, verbose_name="also outside working hours"),
        ),
    ]
