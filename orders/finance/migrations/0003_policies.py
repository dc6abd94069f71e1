"""The gate, time limits and two formats to begin with; staff change them in the admin."""

from django.db import migrations

LIMITS = [
    # subject, stage, owner role, limit, supervisor after, director after (minutes)
    ("invoice", "to_issue", "finance", 960, 480, 960),
]
FORMATS = [
    {
        "name": "支付宝账务明细",
        "channels": ["taobao", "tmall", "alipay"],
        # The order number of a Taobao trade, as Alipay writes it.
        "number_prefixes": ["T200P"],
        "refund_words": ["退款"],
        "fee_words": ["收费", "服务费", "佣金", "手续费"],
        "aside_words": ["提现", "充值", "转账"],
        "columns": [
            ("flow", ["账务流水号"]),
            ("number", ["商户订单号"]),
            ("transaction", ["业务流水号"]),
            ("at", ["发生时间", "入账时间"]),
            ("income", ["收入金额（+元）", "收入（+元）"]),
            ("expense", ["支出金额（-元）", "支出（-元）"]),
            ("kind", ["业务类型", "业务描述"]),
            ("note", ["备注"]),
        ],
    },
    {
        "name": "通用结算单",
        "channels": [],
        "number_prefixes": [],
        "refund_words": ["退款"],
        "fee_words": ["服务费", "佣金", "手续费", "技术服务费"],
        "aside_words": ["提现", "充值", "转账"],
        "columns": [
            ("flow", ["流水号", "账务流水号"]),
            ("number", ["订单号", "订单编号", "主订单编号", "商户订单号"]),
            ("transaction", ["交易号", "支付单号", "支付宝交易号", "微信支付业务单号"]),
            ("at", ["结算时间", "时间", "入账时间", "确认收货时间"]),
            ("amount", ["结算金额", "金额", "打款商家金额（元）", "打款商家金额", "实收金额"]),
            ("fee", ["平台服务费", "服务费", "佣金", "手续费"]),
            ("kind", ["业务类型", "类型", "结算类型"]),
            ("note", ["备注"]),
        ],
    },
]


def set_policies(apps, schema_editor):
    apps.get_model("finance", "FinanceGate").objects.create(code="cost_look")
    ClockPolicy = apps.get_model("core", "ClockPolicy")
    ClockPolicy.objects.bulk_create(
        ClockPolicy(
            subject_kind=subject,
            stage=stage,
            owner_role=role,
            limit_minutes=limit,
            supervisor_after=supervisor,
            director_after=director,
        )
        for subject, stage, role, limit, supervisor, director in LIMITS
    )
    Format = apps.get_model("finance", "SettlementFormat")
    Column = apps.get_model("finance", "SettlementColumn")
    for wanted in FORMATS:
        columns = wanted["columns"]
        row = Format.objects.create(**{k: v for k, v in wanted.items() if k != "columns"})
        Column.objects.bulk_create(
            Column(format=row, field=field, headers=headers) for field, headers in columns
        )


def drop_policies(apps, schema_editor):
    apps.get_model("finance", "FinanceGate").objects.filter(code="cost_look").delete()
    apps.get_model("core", "ClockPolicy").objects.filter(subject_kind="invoice").delete()
    # By SQL: on the way back through several migrations the models of a cascade are of different
    # states, and Django refuses to ask one for the other.
    names = [wanted["name"] for wanted in FORMATS]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM finance_settlementcolumn c USING finance_settlementformat f"
            " WHERE f.id = c.format_id AND f.name = ANY(%s)",
            [names],
        )
        cursor.execute("DELETE FROM finance_settlementformat WHERE name = ANY(%s)", [names])


class Migration(migrations.Migration):
    dependencies = [("finance", "0002_numbers_and_history"), ("core", "0003_working_hours")]

    operations = [migrations.RunPython(set_policies, drop_policies)]
