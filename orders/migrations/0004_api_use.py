"""Requests counted for each API key; unlogged, for a lost count does no harm."""

from django.db import migrations

CREATE = """
CREATE UNLOGGED TABLE orders_apiuse (
  key_id bigint PRIMARY KEY,
  minute bigint NOT NULL,
  taken bigint NOT NULL
) WITH (fillfactor = 50);
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_time_limits")]

    operations = [migrations.RunSQL(CREATE, "DROP TABLE orders_apiuse")]
