"""Access to channels, field mappings, raw messages, and what the channels were told."""

import django.core.validators
import django.db.models.deletion
import django_fsm
from django.db import migrations, models

import ordercenter.core.moments
import ordercenter.core.secrets


class Migration(migrations.Migration):
    dependencies = [
        ("fulfilment", "0001_initial"),
        ("integrations", "0002_tracking"),
        ("orders", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="MappingVersion",
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
                        choices=[("draft", "draft"), ("active", "in use"), ("retired", "retired")],
                        default="draft",
                        max_length=50,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                ("channel", models.CharField(max_length=30, verbose_name="channel")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("table", models.JSONField(verbose_name="table")),
                ("made_by", models.CharField(max_length=80, verbose_name="made by")),
                (
                    "made_at",
                    models.DateTimeField(default=ordercenter.core.moments.now, verbose_name="made"),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                (
                    "activated_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="in use since"),
                ),
            ],
            options={
                "verbose_name": "field mapping",
                "verbose_name_plural": "field mappings",
                "ordering": ["channel", "-number"],
                "permissions": [("edit_mapping", "Can edit and activate field mappings")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("channel", "number"), name="mapping_number_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "active")),
                        fields=("channel",),
                        name="one_active_mapping",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChannelOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "external_number",
                    models.CharField(max_length=64, verbose_name="channel's number"),
                ),
                ("base", models.JSONField(default=dict, verbose_name="what the channel said last")),
                ("lines", models.JSONField(default=list, verbose_name="channel's lines")),
                (
                    "modified_at",
                    models.DateTimeField(null=True, verbose_name="changed at the channel"),
                ),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="at_channel",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="orders.shop",
                        verbose_name="shop",
                    ),
                ),
            ],
            options={
                "verbose_name": "order at its channel",
                "verbose_name_plural": "orders at their channels",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shop", "external_number"), name="channel_order_once_per_shop"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChannelAccount",
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
                ("adapter", models.CharField(max_length=30, verbose_name="channel")),
                ("base_url", models.URLField(blank=True, verbose_name="address")),
                (
                    "credentials",
                    ordercenter.core.secrets.EncryptedJSONField(verbose_name="credentials"),
                ),
                ("options", models.JSONField(blank=True, default=dict, verbose_name="options")),
                (
                    "interval_minutes",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="pulled every (minutes)",
                    ),
                ),
                (
                    "overlap_minutes",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="looks back (minutes)",
                    ),
                ),
                ("is_paused", models.BooleanField(default=False, verbose_name="paused")),
                (
                    "pause_reason",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="reason of the pause"
                    ),
                ),
                (
                    "cursor_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="read up to"),
                ),
                (
                    "next_pull_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="next pull"),
                ),
                (
                    "last_pulled_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="last pull"
                    ),
                ),
                (
                    "progress",
                    models.JSONField(
                        blank=True, default=dict, editable=False, verbose_name="progress"
                    ),
                ),
                (
                    "last_error",
                    models.CharField(
                        blank=True, editable=False, max_length=500, verbose_name="last error"
                    ),
                ),
                (
                    "shop",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="account",
                        to="orders.shop",
                        verbose_name="shop",
                    ),
                ),
                (
                    "mapping",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the version of the channel that is in use.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="integrations.mappingversion",
                        verbose_name="field mapping",
                    ),
                ),
            ],
            options={
                "verbose_name": "channel access",
                "verbose_name_plural": "channel accesses",
                "permissions": [
                    ("pull_channelaccount", "Can pull orders from channels"),
                    ("pause_channelaccount", "Can pause and resume channels"),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_paused", False)),
                        fields=["next_pull_at"],
                        name="account_next_pull",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("interval_minutes__gte", 1), ("interval_minutes__lte", 60)
                        ),
                        name="account_interval_1_to_60",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("overlap_minutes__gte", 1), ("overlap_minutes__lte", 60)
                        ),
                        name="account_overlap_1_to_60",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_paused", False),
                            models.Q(("pause_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="account_pause_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RawMessage",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("api", models.CharField(max_length=60, verbose_name="asked by")),
                (
                    "external_number",
                    models.CharField(blank=True, max_length=64, verbose_name="channel's number"),
                ),
                (
                    "channel_modified_at",
                    models.DateTimeField(null=True, verbose_name="changed at the channel"),
                ),
                ("sha256", models.CharField(max_length=64, verbose_name="hash")),
                ("body", models.TextField(verbose_name="message")),
                ("received_at", models.DateTimeField(verbose_name="received")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "to be read"),
                            ("applied", "taken over"),
                            ("unchanged", "nothing new in it"),
                            ("stale", "older than what we know"),
                            ("quarantined", "needs a person"),
                        ],
                        default="new",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_fetched", "The channel did not give the order's details."),
                            ("malformed", "The message can't be read at all."),
                            (
                                "other_order",
                                "The message is about another order than the one asked for.",
                            ),
                            ("field_missing", "A field that is needed is missing."),
                            ("wrong_form", "A value does not have the form it should have."),
                            ("out_of_range", "A number is too large, too small or negative."),
                            ("too_long", "A code or number is longer than we can keep."),
                            (
                                "unknown_word",
                                "The mapping does not know this word (state, kind …).",
                            ),
                            (
                                "partly_shipped",
                                "Part of the order had left before we knew it.",
                            ),
                            ("not_placed", "The order could not be entered."),
                            ("not_updated", "The order could not be changed."),
                            (
                                "left_before",
                                "The goods had left before we knew the order: nothing to do.",
                            ),
                            ("asked_again", "A later answer of the channel took its place."),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=500, verbose_name="detail")),
                ("processed_at", models.DateTimeField(null=True, verbose_name="read")),
                (
                    "mapping",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="integrations.mappingversion",
                        verbose_name="read by mapping",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="raw_messages",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="raw_messages",
                        to="orders.shop",
                        verbose_name="shop",
                    ),
                ),
            ],
            options={
                "verbose_name": "channel message",
                "verbose_name_plural": "channel messages",
                "permissions": [("retry_rawmessage", "Can let channel messages be read again")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "new")),
                        fields=["shop", "channel_modified_at", "id"],
                        name="raw_new",
                    ),
                    models.Index(
                        condition=models.Q(("state", "quarantined")),
                        fields=["-id"],
                        name="raw_quarantined",
                    ),
                    models.Index(
                        fields=["shop", "external_number", "channel_modified_at"], name="raw_number"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shop", "api", "external_number", "sha256"), name="raw_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "quarantined"), _negated=True),
                            models.Q(("problem", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="quarantined_raw_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ToldChannel",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "not told yet"),
                            ("told", "told"),
                            ("refused", "refused"),
                        ],
                        default="pending",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("waybill", models.CharField(max_length=40, verbose_name="waybill number")),
                ("at", models.DateTimeField(null=True, verbose_name="when")),
                ("answer", models.JSONField(default=dict, verbose_name="answer")),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="told",
                        to="orders.orderline",
                        verbose_name="order line",
                    ),
                ),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="told",
                        to="fulfilment.shipment",
                        verbose_name="shipment",
                    ),
                ),
            ],
            options={
                "verbose_name": "parcel told to the channel",
                "verbose_name_plural": "parcels told to the channels",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("line", "shipment"), name="told_once_per_parcel"
                    )
                ],
            },
        ),
    ]
