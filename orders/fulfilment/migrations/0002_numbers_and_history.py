"""Shipment numbers (SH, date planned, running number), our own waybills, and field history."""

from django.db import migrations

from ordercenter.core.triggers import keep_changes

NUMBERS = """
CREATE SEQUENCE fulfilment_number;
CREATE SEQUENCE fulfilment_own_waybill;
CREATE FUNCTION fulfilment_give_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.number := 'SH' || to_char(NEW.planned_at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD')
                     || to_char(nextval('fulfilment_number'), 'FM99999990000000');
  RETURN NEW;
END $$;
CREATE TRIGGER shipment_gets_number BEFORE INSERT ON fulfilment_shipment
  FOR EACH ROW WHEN (NEW.number = '') EXECUTE FUNCTION fulfilment_give_number();
"""
DROP_NUMBERS = """
DROP TRIGGER shipment_gets_number ON fulfilment_shipment;
DROP FUNCTION fulfilment_give_number();
DROP SEQUENCE fulfilment_own_waybill;
DROP SEQUENCE fulfilment_number;
"""


class Migration(migrations.Migration):
    dependencies = [("fulfilment", "0001_initial"), ("core", "0002_append_only")]

    operations = [
        migrations.RunSQL(NUMBERS, DROP_NUMBERS),
        keep_changes(
            "fulfilment_shipment",
            ignore=("version", "state_since", "tracking_state", "last_tracked_at"),
        ),
        keep_changes("fulfilment_shipmentline"),
    ]
