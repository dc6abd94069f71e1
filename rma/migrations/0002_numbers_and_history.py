"""Return numbers (RMA, date, running number), refund numbers (RF …), and field history."""

from django.db import migrations

from ordercenter.core.triggers import keep_changes

NUMBERS = """
CREATE SEQUENCE rma_return_number;
CREATE SEQUENCE rma_refund_number;
CREATE FUNCTION rma_give_return_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.number := 'RMA' || to_char(NEW.requested_at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD')
                      || to_char(nextval('rma_return_number'), 'FM9999999000000');
  RETURN NEW;
END $$;
CREATE FUNCTION rma_give_refund_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.number := 'RF' || to_char(NEW.planned_at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD')
                     || to_char(nextval('rma_refund_number'), 'FM99999990000000');
  RETURN NEW;
END $$;
CREATE TRIGGER return_gets_number BEFORE INSERT ON rma_return
  FOR EACH ROW WHEN (NEW.number = '') EXECUTE FUNCTION rma_give_return_number();
CREATE TRIGGER refund_gets_number BEFORE INSERT ON rma_refund
  FOR EACH ROW WHEN (NEW.number = '') EXECUTE FUNCTION rma_give_refund_number();
"""
DROP_NUMBERS = """
DROP TRIGGER refund_gets_number ON rma_refund;
DROP TRIGGER return_gets_number ON rma_return;
DROP FUNCTION rma_give_refund_number();
DROP FUNCTION rma_give_return_number();
DROP SEQUENCE rma_refund_number;
DROP SEQUENCE rma_return_number;
"""


class Migration(migrations.Migration):
    dependencies = [("rma", "0001_initial"), ("core", "0002_append_only")]

    operations = [
        migrations.RunSQL(NUMBERS, DROP_NUMBERS),
        keep_changes("rma_return", ignore=("version", "state_since")),
        keep_changes("rma_returnline"),
        keep_changes("rma_refund", ignore=("version", "state_since", "next_check_at", "checks")),
        keep_changes("rma_unknownparcel", ignore=("version", "state_since")),
    ]
