"""Numbers of invoice requests (FP, date, running number), field history, looks that stay."""

from django.db import migrations

from ordercenter.core.triggers import append_only, keep_changes

NUMBERS = """
CREATE SEQUENCE finance_invoice_number;
CREATE FUNCTION finance_give_invoice_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.request_number := 'FP' || to_char(NEW.asked_at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD')
                     || to_char(nextval('finance_invoice_number'), 'FM9999999000000');
  RETURN NEW;
END $$;
CREATE TRIGGER invoice_gets_number BEFORE INSERT ON finance_invoice
  FOR EACH ROW WHEN (NEW.request_number = '') EXECUTE FUNCTION finance_give_invoice_number();
"""
DROP_NUMBERS = """
DROP TRIGGER invoice_gets_number ON finance_invoice;
DROP FUNCTION finance_give_invoice_number();
DROP SEQUENCE finance_invoice_number;
"""


class Migration(migrations.Migration):
    dependencies = [("finance", "0001_money_sheets"), ("core", "0002_append_only")]

    operations = [
        migrations.RunSQL(NUMBERS, DROP_NUMBERS),
        keep_changes("finance_invoice", ignore=("version", "state_since")),
        keep_changes("finance_difference", ignore=("version", "state_since")),
        append_only("finance_costlook"),
        append_only("finance_settlementline"),
        append_only("finance_settledorder"),
    ]
