"""Working hours to begin with: every day from 9 to 21; edited in the admin."""

from datetime import time

from django.db import migrations


def open_every_day(apps, schema_editor):
    WorkingHours = apps.get_model("core", "WorkingHours")
    if WorkingHours.objects.exists():  # the way back leaves what people may have edited
        return
    WorkingHours.objects.bulk_create(
        WorkingHours(weekday=day, starts=time(9), ends=time(21)) for day in range(7)
    )


class Migration(migrations.Migration):
    dependencies = [("core", "0002_append_only")]

    operations = [migrations.RunPython(open_every_day, migrations.RunPython.noop)]
