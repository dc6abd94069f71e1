"""Carriers to begin with; more are entered in the admin."""

from django.db import migrations

CARRIERS = [
    # code, name, Kuaidi100, Taobao, asks for the phone, cold chain, numbers are ours
    ("SF", "顺丰速运", "shunfeng", "SF", True, False, False),
    ("SFCOLD", "顺丰冷运", "shunfenglengyun", "SF", True, True, False),
    ("ZTO", "中通快递", "zhongtong", "ZTO", True, False, False),
    ("YTO", "圆通速递", "yuantong", "YTO", False, False, False),
    ("STO", "申通快递", "shentong", "STO", False, False, False),
    ("YUNDA", "韵达快递", "yunda", "YUNDA", False, False, False),
    ("JD", "京东快递", "jd", "JD", False, False, False),
    ("EMS", "EMS", "ems", "EMS", False, False, False),
    ("OWN", "自有配送", "", "", False, False, True),
]


def enter_carriers(apps, schema_editor):
    Carrier = apps.get_model("fulfilment", "Carrier")
    Carrier.objects.bulk_create(
        Carrier(
            code=code,
            name=name,
            kuaidi100_code=kuaidi100,
            taobao_code=taobao,
            needs_phone_tail=phone,
            is_cold_chain=cold,
            numbers_are_ours=ours,
        )
        for code, name, kuaidi100, taobao, phone, cold, ours in CARRIERS
    )


def drop_carriers(apps, schema_editor):
    Carrier = apps.get_model("fulfilment", "Carrier")
    Carrier.objects.filter(code__in=[row[0] for row in CARRIERS]).delete()


class Migration(migrations.Migration):
    dependencies = [("fulfilment", "0002_numbers_and_history")]

    operations = [migrations.RunPython(enter_carriers, drop_carriers)]
