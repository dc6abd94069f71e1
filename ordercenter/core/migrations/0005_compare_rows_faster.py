"""A changed row is compared with what it was key by key, not by joining all its columns."""

from django.db import migrations

from ordercenter.core.triggers import KEEP_CHANGE


class Migration(migrations.Migration):
    dependencies = [("core", "0004_clocks_know_their_hours")]

    # Both ways of comparing find the same; there is nothing to take back.
    operations = [migrations.RunSQL(KEEP_CHANGE, migrations.RunSQL.noop)]
