"""Returns with their lines, refunds, parcels without RMA, and the policy."""

from decimal import Decimal

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django_fsm
from django.db import migrations, models

import ordercenter.core.moments
import ordercenter.core.secrets
import rma.models.parcels


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("fulfilment", "0003_carriers"),
        ("inventory", "0002_ledger"),
        ("orders", "0007_customer_key_null"),
    ]

    operations = [
        migrations.CreateModel(
            name="Return",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "state_since",
                    models.DateTimeField(
                        default=ordercenter.core.moments.now, verbose_name="in this state since"
                    ),
                ),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("requested", "requested"),
                            ("authorised", "authorised"),
                            ("refused", "refused"),
                            ("on_the_way", "on the way back"),
                            ("received", "goods are here"),
                            ("inspected", "inspected"),
                            ("settling", "being settled"),
                            ("settled", "done and paid"),
                            ("closed", "closed"),
                        ],
                        default="requested",
                        max_length=50,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "number",
                    models.CharField(
                        db_default=models.Value(""),
                        editable=False,
                        max_length=24,
                        unique=True,
                        verbose_name="RMA number",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("return", "goods back, money back"),
                            ("exchange", "goods back, other goods"),
                            ("refund_only", "money back, goods stay"),
                            ("resend", "send again"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("no_reason", "no reason given (7 days)"),
                            ("wrong_item", "wrong item delivered"),
                            ("damaged", "damaged on the way"),
                            ("defective", "does not work"),
                            ("not_as_described", "not as described"),
                            ("incomplete", "something is missing"),
                            ("never_arrived", "never arrived"),
                            ("not_sent", "not sent any more"),
                            ("unannounced", "came back unannounced"),
                            ("other", "other"),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, max_length=500, verbose_name="customer's words"),
                ),
                ("checks", models.JSONField(default=list, verbose_name="eligibility")),
                (
                    "override_reason",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="allowed all the same"
                    ),
                ),
                ("decision", models.CharField(blank=True, max_length=300, verbose_name="decision")),
                (
                    "refund_amount",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=14, verbose_name="to be paid back"
                    ),
                ),
                ("wants", models.JSONField(default=list, verbose_name="wants instead")),
                (
                    "tracking_number",
                    models.CharField(blank=True, max_length=40, verbose_name="tracking number"),
                ),
                ("findings", models.JSONField(default=list, verbose_name="findings on arrival")),
                ("requested_by", models.CharField(max_length=80, verbose_name="asked for by")),
                ("requested_at", models.DateTimeField(verbose_name="asked for")),
                (
                    "authorised_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="authorised at"),
                ),
                ("posted_at", models.DateTimeField(blank=True, null=True, verbose_name="posted")),
                (
                    "received_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="goods here since"),
                ),
                (
                    "inspected_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="inspected at"),
                ),
                (
                    "settled_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="settled at"),
                ),
                (
                    "minutes_to_money",
                    models.PositiveIntegerField(
                        blank=True,
                        editable=False,
                        null=True,
                        verbose_name="minutes from arrival to money",
                    ),
                ),
                (
                    "carrier",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="fulfilment.carrier",
                        verbose_name="carrier",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "replacement",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaces",
                        to="orders.order",
                        verbose_name="replacement order",
                    ),
                ),
                (
                    "warehouse",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="inventory.warehouse",
                        verbose_name="goes back to",
                    ),
                ),
            ],
            options={
                "verbose_name": "return",
                "verbose_name_plural": "returns",
                "permissions": [
                    ("request_return", "Can ask for returns"),
                    ("override_return", "Can allow returns against the rules"),
                    ("authorise_return", "Can authorise and refuse returns"),
                    ("post_return", "Can note that goods are on their way back"),
                    ("print_label_return", "Can print return labels"),
                    ("receive_return", "Can receive returned goods"),
                    ("inspect_return", "Can inspect returned goods"),
                    ("settle_return", "Can settle exchanges and send goods again"),
                    ("close_return", "Can close returns"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "state_since",
                    models.DateTimeField(
                        default=ordercenter.core.moments.now, verbose_name="in this state since"
                    ),
                ),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("planned", "to be paid back now"),
                            ("sending", "sent, not confirmed yet"),
                            ("succeeded", "money is back"),
                            ("failed", "not paid back"),
                        ],
                        default="planned",
                        max_length=50,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "number",
                    models.CharField(
                        db_default=models.Value(""),
                        editable=False,
                        max_length=24,
                        unique=True,
                        verbose_name="refund number",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("wechatpay", "WeChat Pay"),
                            ("alipay", "Alipay"),
                            ("bank", "bank transfer"),
                            ("channel", "through the channel"),
                            ("other", "otherwise"),
                        ],
                        max_length=10,
                        verbose_name="paid back by",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                (
                    "payee",
                    ordercenter.core.secrets.EncryptedJSONField(
                        blank=True, default=dict, verbose_name="payee"
                    ),
                ),
                (
                    "reference",
                    models.CharField(blank=True, max_length=64, verbose_name="their number"),
                ),
                ("trouble", models.CharField(blank=True, max_length=300, verbose_name="trouble")),
                ("planned_by", models.CharField(max_length=80, verbose_name="planned by")),
                ("planned_at", models.DateTimeField(verbose_name="refund planned at")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                (
                    "done_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="paid back at"),
                ),
                (
                    "replaced_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="planned anew at"),
                ),
                (
                    "next_check_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="asked about at"),
                ),
                (
                    "checks",
                    models.PositiveSmallIntegerField(
                        default=0, editable=False, verbose_name="times asked"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="orders.payment",
                        verbose_name="payment",
                    ),
                ),
                (
                    "rma",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="rma.return",
                        verbose_name="return",
                    ),
                ),
            ],
            options={
                "verbose_name": "refund",
                "verbose_name_plural": "refunds",
                "permissions": [
                    ("approve_refund", "Can approve refunds"),
                    ("pay_out_refund", "Can note refunds paid by hand"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReturnLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("with_goods", models.BooleanField(default=True, verbose_name="goods come back")),
                ("requested", models.PositiveIntegerField(verbose_name="requested")),
                ("authorised", models.PositiveIntegerField(default=0, verbose_name="authorised")),
                ("received", models.PositiveIntegerField(default=0, verbose_name="pieces here")),
                ("ok", models.PositiveIntegerField(default=0, verbose_name="inspected: good")),
                (
                    "defective",
                    models.PositiveIntegerField(default=0, verbose_name="inspected: defective"),
                ),
                ("settled", models.PositiveIntegerField(default=0, verbose_name="pieces settled")),
                ("batch_code", models.CharField(blank=True, max_length=40, verbose_name="batch")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="inspection")),
                (
                    "order_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="return_lines",
                        to="orders.orderline",
                        verbose_name="order line",
                    ),
                ),
                (
                    "rma",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="rma.return",
                        verbose_name="return",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="inventory.sku",
                        verbose_name="SKU",
                    ),
                ),
            ],
            options={
                "verbose_name": "return line",
                "verbose_name_plural": "return lines",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ReturnPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True, max_length=30, unique=True, verbose_name="channel"
                    ),
                ),
                (
                    "no_reason_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        help_text="Counted from the day after delivery.",
                        verbose_name="days to return without a reason",
                    ),
                ),
                (
                    "quality_days",
                    models.PositiveSmallIntegerField(
                        default=30, verbose_name="days to return what is faulty"
                    ),
                ),
                (
                    "excluded_categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="categories not taken back without a reason",
                    ),
                ),
                (
                    "auto_refund_limit",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("200.00"),
                        help_text="0 sends every refund to finance.",
                        max_digits=14,
                        verbose_name="refunded without finance up to (CNY)",
                    ),
                ),
            ],
            options={
                "verbose_name": "return policy",
                "verbose_name_plural": "return policies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("auto_refund_limit__gte", 0)),
                        name="auto_refund_limit_not_negative",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UnknownParcel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "state_since",
                    models.DateTimeField(
                        default=ordercenter.core.moments.now, verbose_name="in this state since"
                    ),
                ),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("waiting", "whose is it?"),
                            ("assigned", "assigned"),
                            ("closed", "closed"),
                        ],
                        default="waiting",
                        max_length=50,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "tracking_number",
                    models.CharField(blank=True, max_length=40, verbose_name="tracking number"),
                ),
                (
                    "phone_tail",
                    models.CharField(
                        blank=True, max_length=4, verbose_name="sender's phone, last four"
                    ),
                ),
                ("sender", models.CharField(blank=True, max_length=100, verbose_name="sender")),
                (
                    "sku_codes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="SKUs found",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "photo",
                    models.FileField(
                        blank=True, upload_to=rma.models.parcels.photo_path, verbose_name="photo"
                    ),
                ),
                ("found_by", models.CharField(max_length=80, verbose_name="found by")),
                ("arrived_at", models.DateTimeField(verbose_name="arrived")),
                (
                    "rma",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parcels",
                        to="rma.return",
                        verbose_name="return",
                    ),
                ),
                (
                    "warehouse",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="inventory.warehouse",
                        verbose_name="lies in",
                    ),
                ),
            ],
            options={
                "verbose_name": "parcel without RMA",
                "verbose_name_plural": "parcels without RMA",
                "permissions": [
                    ("note_unknownparcel", "Can note parcels without RMA"),
                    ("assign_unknownparcel", "Can assign parcels without RMA"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="return",
            index=models.Index(fields=["state", "-id"], name="return_state"),
        ),
        migrations.AddIndex(
            model_name="return",
            index=models.Index(fields=["requested_at"], name="return_requested"),
        ),
        migrations.AddIndex(
            model_name="return",
            index=models.Index(
                condition=models.Q(("tracking_number", ""), _negated=True),
                fields=["tracking_number"],
                name="return_tracking",
            ),
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.CheckConstraint(
                condition=models.Q(("refund_amount__gte", 0)), name="return_amount_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("replacement__isnull", True),
                    ("kind__in", ["exchange", "resend"]),
                    _connector="OR",
                ),
                name="replacement_only_where_wanted",
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(fields=["state", "-id"], name="refund_state"),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(
                    ("next_check_at__isnull", False), ("state__in", ["planned", "sending"])
                ),
                fields=["next_check_at"],
                name="refund_next_check",
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(fields=["done_at"], name="refund_done"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="refund_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("method__in", ["wechatpay", "alipay"]), _negated=True),
                    ("payment__isnull", False),
                    _connector="OR",
                ),
                name="machine_refund_names_its_payment",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "succeeded"), _negated=True),
                    ("done_at__isnull", False),
                    _connector="OR",
                ),
                name="succeeded_refund_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.UniqueConstraint(
                fields=("rma", "order_line"), name="order_line_once_per_return"
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("authorised__lte", models.F("requested")), ("requested__gt", 0)
                ),
                name="return_line_authorised",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(("received__lte", models.F("authorised"))),
                name="return_line_received",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "received__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("ok"), "+", models.F("defective")
                        ),
                    )
                ),
                name="return_line_inspected",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "settled__lte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("ok"), "+", models.F("defective")
                            ),
                        ),
                        ("with_goods", True),
                    ),
                    models.Q(
                        ("received", 0),
                        ("settled__lte", models.F("authorised")),
                        ("with_goods", False),
                    ),
                    _connector="OR",
                ),
                name="return_line_settled",
            ),
        ),
        migrations.AddIndex(
            model_name="unknownparcel",
            index=models.Index(fields=["state", "-id"], name="unknown_parcel_state"),
        ),
        migrations.AddConstraint(
            model_name="unknownparcel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "assigned"), _negated=True),
                    ("rma__isnull", False),
                    _connector="OR",
                ),
                name="assigned_parcel_names_its_return",
            ),
        ),
    ]
