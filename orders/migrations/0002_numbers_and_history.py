"""Order numbers (OC, date placed, running number) and the history of every change."""

from django.db import migrations

from ordercenter.core.triggers import keep_changes

NUMBERS = """
CREATE SEQUENCE orders_number;
CREATE FUNCTION orders_give_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.number := 'OC' || to_char(NEW.placed_at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD')
                     || to_char(nextval('orders_number'), 'FM99999990000000');
  RETURN NEW;
END $$;
CREATE TRIGGER order_gets_number BEFORE INSERT ON orders_order
  FOR EACH ROW WHEN (NEW.number = '') EXECUTE FUNCTION orders_give_number();
"""
DROP_NUMBERS = """
DROP TRIGGER order_gets_number ON orders_order;
DROP FUNCTION orders_give_number();
DROP SEQUENCE orders_number;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.RunSQL(NUMBERS, DROP_NUMBERS),
        keep_changes(
            "orders_order",
            ignore=("version", "state_since", "channel_status", "channel_modified_at"),
        ),
        keep_changes("orders_orderline"),
        keep_changes("orders_workorder", ignore=("version", "state_since")),
    ]
