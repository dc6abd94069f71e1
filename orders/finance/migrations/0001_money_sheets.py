"""Settlement files and their differences, invoices, looks at costs, reconciliation sheets."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models

import ordercenter.core.moments
import orders.finance.models.settlements
import orders.finance.models.sheets


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orders", "0009_who_is_pressed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FinanceGate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("cost_look", "purchase cost looked at before an invoice is issued")
                        ],
                        max_length=30,
                        unique=True,
                        verbose_name="check",
                    ),
                ),
                ("is_on", models.BooleanField(default=True, verbose_name="switched on")),
            ],
            options={
                "verbose_name": "finance check",
                "verbose_name_plural": "finance checks",
            },
        ),
        migrations.CreateModel(
            name="SettlementFormat",
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
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="channels",
                    ),
                ),
                (
                    "number_prefixes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        help_text="Separated by commas, for example T200P.",
                        size=None,
                        verbose_name="prefixes of order numbers to drop",
                    ),
                ),
                (
                    "refund_words",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="words for refunds",
                    ),
                ),
                (
                    "fee_words",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="words for fees",
                    ),
                ),
                (
                    "aside_words",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="words for what concerns no order",
                    ),
                ),
            ],
            options={
                "verbose_name": "settlement format",
                "verbose_name_plural": "settlement formats",
            },
        ),
        migrations.CreateModel(
            name="CostLook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("looked_by", models.CharField(max_length=80, verbose_name="who")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "cost",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=14,
                        null=True,
                        verbose_name="purchase cost",
                    ),
                ),
                ("shown", models.JSONField(verbose_name="what was shown")),
                ("fingerprint", models.CharField(max_length=64)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "look at costs",
                "verbose_name_plural": "looks at costs",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
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
                            ("asked", "waits for packing"),
                            ("to_issue", "to be issued"),
                            ("issued", "issued"),
                            ("refused", "refused"),
                            ("void", "taken back"),
                        ],
                        default="asked",
                        max_length=50,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "request_number",
                    models.CharField(
                        db_default=models.Value(""),
                        editable=False,
                        max_length=24,
                        unique=True,
                        verbose_name="request number",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("general", "general VAT invoice"),
                            ("special", "special VAT invoice"),
                        ],
                        default="general",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("title", models.CharField(max_length=100, verbose_name="invoice title")),
                (
                    "tax_number",
                    models.CharField(blank=True, max_length=20, verbose_name="taxpayer number"),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, verbose_name="sent to (e-mail)"),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("asked_by", models.CharField(max_length=80, verbose_name="asked for by")),
                ("asked_at", models.DateTimeField(verbose_name="asked for")),
                ("code", models.CharField(blank=True, max_length=12, verbose_name="invoice code")),
                (
                    "number",
                    models.CharField(blank=True, max_length=20, verbose_name="invoice number"),
                ),
                ("issued_on", models.DateField(blank=True, null=True, verbose_name="invoice date")),
                (
                    "issued_by",
                    models.CharField(blank=True, max_length=80, verbose_name="issued by"),
                ),
                (
                    "red_number",
                    models.CharField(
                        blank=True, max_length=20, verbose_name="number of the red invoice"
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "end_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="why it ended"),
                ),
                (
                    "cost_look",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.costlook",
                        verbose_name="costs looked at",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice",
                "verbose_name_plural": "invoices",
                "permissions": [
                    ("ask_invoice", "Can ask for invoices"),
                    ("issue_invoice", "Can note issued invoices"),
                    ("refuse_invoice", "Can refuse invoices"),
                    ("take_back_invoice", "Can take invoices back"),
                    ("see_cost_invoice", "Can see purchase costs"),
                ],
            },
        ),
        migrations.AddField(
            model_name="costlook",
            name="invoice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="looks",
                to="finance.invoice",
                verbose_name="invoice",
            ),
        ),
        migrations.CreateModel(
            name="SettlementFile",
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
                ("first_day", models.DateField(verbose_name="first day")),
                ("last_day", models.DateField(verbose_name="last day")),
                ("name", models.CharField(max_length=200, verbose_name="file name")),
                (
                    "file",
                    models.FileField(
                        upload_to=orders.finance.models.settlements.settlement_path,
                        verbose_name="file",
                    ),
                ),
                ("size", models.PositiveBigIntegerField(verbose_name="bytes")),
                ("sha256", models.CharField(max_length=64)),
                ("loaded_by", models.CharField(max_length=80, verbose_name="who")),
                ("loaded_at", models.DateTimeField(verbose_name="loaded at")),
                ("matched_at", models.DateTimeField(verbose_name="compared at")),
                ("counts", models.JSONField(default=dict, verbose_name="outcomes")),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="orders.shop",
                        verbose_name="shop",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "format",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="finance.settlementformat",
                        verbose_name="settlement format",
                    ),
                ),
            ],
            options={
                "verbose_name": "settlement file",
                "verbose_name_plural": "settlement files",
                "permissions": [("load_settlementfile", "Can load settlement files")],
            },
        ),
        migrations.CreateModel(
            name="SettledOrder",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("settled", "settled in full"),
                            ("in_parts", "settled in parts"),
                            ("together", "settled with other orders"),
                            ("after_fee", "settled after the fee"),
                            ("after_refund", "settled less the refund"),
                            ("refunded", "paid back, nothing to settle"),
                            ("elsewhere", "settled by another file"),
                            ("differs", "amount differs"),
                            ("refund_differs", "refunds differ"),
                            ("missing", "missing in the settlement"),
                        ],
                        max_length=16,
                        verbose_name="outcome",
                    ),
                ),
                ("ours", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="ours")),
                (
                    "theirs",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="theirs"),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="finance.settlementfile",
                        verbose_name="settlement file",
                    ),
                ),
            ],
            options={
                "verbose_name": "settled order",
                "verbose_name_plural": "settled orders",
            },
        ),
        migrations.CreateModel(
            name="Difference",
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
                            ("open", "open"),
                            ("explained", "explained"),
                            ("accepted", "accepted"),
                        ],
                        default="open",
                        max_length=50,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("missing_theirs", "missing in the settlement"),
                            ("missing_ours", "missing at our side"),
                            ("unknown_order", "unknown order"),
                            ("amount", "amount differs"),
                            ("fee", "fee or commission"),
                            ("refunded", "refunded"),
                            ("refund_missing", "refund missing in the settlement"),
                            ("other_day", "other day"),
                            ("duplicate", "duplicate line"),
                        ],
                        max_length=16,
                        verbose_name="cause",
                    ),
                ),
                (
                    "number",
                    models.CharField(blank=True, max_length=200, verbose_name="number in the file"),
                ),
                ("row", models.PositiveIntegerField(blank=True, null=True, verbose_name="row")),
                ("ours", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="ours")),
                (
                    "theirs",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="theirs"),
                ),
                (
                    "accepted_by",
                    models.CharField(blank=True, max_length=80, verbose_name="accepted by"),
                ),
                (
                    "accepted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="accepted at"),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="differences",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="differences",
                        to="finance.settlementfile",
                        verbose_name="settlement file",
                    ),
                ),
            ],
            options={
                "verbose_name": "difference",
                "verbose_name_plural": "differences",
                "permissions": [("accept_difference", "Can accept differences")],
            },
        ),
        migrations.CreateModel(
            name="SettlementColumn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "field",
                    models.CharField(
                        choices=[
                            ("flow", "entry number"),
                            ("number", "order number"),
                            ("transaction", "transaction number"),
                            ("at", "when"),
                            ("amount", "amount (negative: out)"),
                            ("income", "income"),
                            ("expense", "expense"),
                            ("fee", "fee kept back"),
                            ("kind", "business kind"),
                            ("note", "note"),
                        ],
                        max_length=12,
                        verbose_name="our field",
                    ),
                ),
                (
                    "headers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        help_text="Separated by commas; the first one that is there counts.",
                        size=None,
                        verbose_name="their headers",
                    ),
                ),
                (
                    "format",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="columns",
                        to="finance.settlementformat",
                        verbose_name="settlement format",
                    ),
                ),
            ],
            options={
                "verbose_name": "settlement column",
                "verbose_name_plural": "settlement columns",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="SettlementLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("row", models.PositiveIntegerField(verbose_name="row")),
                ("raw", models.JSONField(verbose_name="as it came")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("payout", "money for an order"),
                            ("refund", "money back to a buyer"),
                            ("fee", "fee or commission"),
                            ("other", "something else"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "number",
                    models.CharField(blank=True, max_length=200, verbose_name="order number"),
                ),
                (
                    "transaction",
                    models.CharField(blank=True, max_length=64, verbose_name="transaction number"),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                (
                    "fee",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=14, verbose_name="fee kept back"
                    ),
                ),
                ("at", models.DateTimeField(blank=True, null=True, verbose_name="when")),
                ("identity", models.CharField(db_index=True, max_length=64)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("exact", "order and amount agree"),
                            ("by_transaction", "transaction and amount agree"),
                            ("in_parts", "agrees with other lines together"),
                            ("together", "pays several orders at once"),
                            ("after_fee", "agrees after the fee"),
                            ("after_refund", "agrees less the refund"),
                            ("refund_agrees", "refund agrees"),
                            ("fee", "fee or commission"),
                            ("aside", "concerns no order"),
                            ("amount_differs", "amount differs"),
                            ("refund_unknown", "refund not in our books"),
                            ("unknown_order", "unknown order"),
                            ("duplicate", "came before"),
                            ("other_day", "outside the period"),
                        ],
                        max_length=16,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlement_lines",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="finance.settlementfile",
                        verbose_name="settlement file",
                    ),
                ),
            ],
            options={
                "verbose_name": "settlement line",
                "verbose_name_plural": "settlement lines",
            },
        ),
        migrations.CreateModel(
            name="DailySheet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first_day", models.DateField(verbose_name="first day")),
                ("last_day", models.DateField(verbose_name="last day")),
                ("with_gifts", models.BooleanField(default=False, verbose_name="with gift orders")),
                (
                    "is_by_clock",
                    models.BooleanField(default=False, verbose_name="made by the clock"),
                ),
                ("operator", models.CharField(max_length=80, verbose_name="who")),
                ("made_at", models.DateTimeField(verbose_name="sheet made at")),
                ("name", models.CharField(max_length=120, verbose_name="file name")),
                (
                    "file",
                    models.FileField(
                        upload_to=orders.finance.models.sheets.sheet_path, verbose_name="file"
                    ),
                ),
                ("size", models.PositiveBigIntegerField(verbose_name="bytes")),
                ("figures", models.JSONField(default=dict, verbose_name="totals")),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "reconciliation sheet",
                "verbose_name_plural": "reconciliation sheets",
                "permissions": [("make_dailysheet", "Can make reconciliation sheets")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first_day__lte", models.F("last_day"))),
                        name="sheet_days_in_order",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_by_clock", True)),
                        fields=("first_day", "last_day"),
                        name="clock_makes_a_day_once",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["state", "-id"], name="invoice_state"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["issued_on"], name="invoice_issued"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="invoice_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["issued", "void"]), _negated=True),
                    models.Q(models.Q(("number", ""), _negated=True), ("issued_on__isnull", False)),
                    _connector="OR",
                ),
                name="issued_invoice_has_number_and_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "special"), _negated=True),
                    models.Q(("tax_number", ""), _negated=True),
                    _connector="OR",
                ),
                name="special_invoice_has_tax_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", ""), _negated=True),
                fields=("code", "number"),
                name="invoice_number_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="settledorder",
            constraint=models.UniqueConstraint(
                fields=("settlement", "order"), name="order_once_per_file"
            ),
        ),
        migrations.AddConstraint(
            model_name="settledorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        [
                            "settled",
                            "in_parts",
                            "together",
                            "after_fee",
                            "after_refund",
                            "refunded",
                            "elsewhere",
                            "differs",
                            "refund_differs",
                            "missing",
                        ],
                    )
                ),
                name="order_has_an_outcome",
            ),
        ),
        migrations.AddIndex(
            model_name="difference",
            index=models.Index(fields=["state", "-id"], name="difference_state"),
        ),
        migrations.AddIndex(
            model_name="difference",
            index=models.Index(fields=["settlement", "state"], name="difference_file"),
        ),
        migrations.AddConstraint(
            model_name="difference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "accepted"), _negated=True),
                    models.Q(
                        models.Q(("accepted_by", ""), _negated=True),
                        models.Q(("reason", ""), _negated=True),
                        ("accepted_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="accepted_difference_says_who_and_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementfile",
            constraint=models.UniqueConstraint(
                fields=("sha256",), name="settlement_once_by_content"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_day__lte", models.F("last_day"))),
                name="settlement_days_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementcolumn",
            constraint=models.UniqueConstraint(
                fields=("format", "field"), name="column_once_per_format"
            ),
        ),
        migrations.AddIndex(
            model_name="settlementline",
            index=models.Index(fields=["settlement", "outcome"], name="settlement_line_outcome"),
        ),
        migrations.AddIndex(
            model_name="settlementline",
            index=models.Index(fields=["at"], name="settlement_line_at"),
        ),
        migrations.AddConstraint(
            model_name="settlementline",
            constraint=models.UniqueConstraint(
                fields=("settlement", "row"), name="line_once_per_row"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        [
                            "exact",
                            "by_transaction",
                            "in_parts",
                            "together",
                            "after_fee",
                            "after_refund",
                            "refund_agrees",
                            "fee",
                            "aside",
                            "amount_differs",
                            "refund_unknown",
                            "unknown_order",
                            "duplicate",
                            "other_day",
                        ],
                    )
                ),
                name="line_has_an_outcome",
            ),
        ),
    ]
