"""The database itself keeps the timeline: append-only rows, field history, a wake-up call."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

from ordercenter.core.triggers import DROP_FUNCTIONS, FUNCTIONS, append_only


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        append_only("core_event"),
        append_only("core_fieldchange"),
    ]
