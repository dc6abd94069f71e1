"""The rule of the daily check with the headers that ERPs write, and who gets its alarm."""

from django.db import migrations

NUMBERS = ["订单编号", "订单号", "销售订单号", "单据编号", "原单号", "平台单号"]
AMOUNTS = ["价税合计", "订单金额", "金额", "含税金额", "总金额", "应收金额"]
REFUNDS = ["退款金额", "退款", "退货金额"]
DATES = ["日期", "单据日期", "业务日期", "订单日期"]


def enter(apps, schema_editor):
    policy = apps.get_model("integrations", "ErpPolicy")
    if not policy.objects.exists():
        policy.objects.create(
            number_headers=NUMBERS,
            amount_headers=AMOUNTS,
            refund_headers=REFUNDS,
            date_headers=DATES,
        )
    apps.get_model("integrations", "MailRoute").objects.get_or_create(
        kind="erp.check", role="finance"
    )


class Migration(migrations.Migration):
    dependencies = [("integrations", "0008_erp")]

    # What people have changed since is not taken away on the way back.
    operations = [migrations.RunPython(enter, migrations.RunPython.noop)]
