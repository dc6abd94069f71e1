from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Reverse
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from inventory.models import Sku, Warehouse
from ordercenter.core.lifecycle import Lifecycle
from orders.models.customers import Customer
from orders.models.shops import Shop
from orders.receiver import Receiver


class OrderState(models.TextChoices):
    PENDING_PAYMENT = "pending_payment", _("to be paid")
    PENDING_REVIEW = "pending_review", _("to be reviewed")
    PENDING_FINANCE = "pending_finance", _("payment to be checked")
    PREPARING = "preparing", _("preparing")
    PACKED = "packed", _("packed")
    DISPATCHED = "dispatched", _("left the warehouse")
    IN_TRANSIT = "in_transit", _("in transit")
    DELIVERED = "delivered", _("delivered")
    COMPLETED = "completed", _("completed")
    CANCELLED = "cancelled", _("cancelled")
    CLOSED = "closed", _("closed")


class PaymentState(models.TextChoices):
    UNPAID = "unpaid", _("unpaid")
    PAID = "paid", _("paid")
    VERIFIED = "verified", _("paid and checked")
    REFUNDED = "refunded", _("refunded")


class OrderKind(models.TextChoices):
    NORMAL = "normal", _("normal")
    GIFT = "gift", _("gift")
    # What a customer gets for goods that came back or never arrived (rma).
    REPLACEMENT = "replacement", _("replacement")


class Urgency(models.TextChoices):
    NORMAL = "normal", _("normal")
    YELLOW = "yellow", _("urgent")
    ORANGE = "orange", _("very urgent")
    RED = "red", _("most urgent")


class UrgentReason(models.TextChoices):
    """Why somebody is pressed for time (F5)."""

    CUSTOMER_LEADERS = "customer_leaders", _("the customer's leaders press")
    COMPETITOR = "competitor", _("a competitor is after the order")
    VEHICLE_STANDS = "vehicle_stands", _("a vehicle stands in repair")
    BABY_FOOD = "baby_food", _("a baby is out of food")
    EVENT_GIFT = "event_gift", _("gifts for an event")
    MISSED_GOODS = "missed_goods", _("goods that were left out")
    QUALITY_EXCHANGE = "quality_exchange", _("exchange of defective goods")
    SAMPLE = "sample", _("sample")
    CONTRACT_RISK = "contract_risk", _("risk of breach of contract")
    HOLIDAY_GIFT = "holiday_gift", _("holiday present")
    STORE_EMPTY = "store_empty", _("a store is out of stock")
    OTHER = "other", _("another reason")


# Until goods are packed an order can still be called off without unpacking anything.
BEFORE_PACKING = (
    OrderState.PENDING_PAYMENT,
    OrderState.PENDING_REVIEW,
    OrderState.PENDING_FINANCE,
    OrderState.PREPARING,
)
# While goods are in the house somebody can still hurry.
CAN_HURRY = (*BEFORE_PACKING, OrderState.PACKED)


class Order(Lifecycle):
    """What a buyer was promised, 1:1 with the channel's order; never merged, never split.

    Columns that machines touch without meaning (`channel_modified_at`, `channel_status`) are
    outside the version that people see.
    """

    KIND = "order"

    state = FSMField(
        _("state"), choices=OrderState.choices, default=OrderState.PENDING_PAYMENT, protected=True
    )
    number = models.CharField(
        _("order number"), max_length=24, unique=True, editable=False, db_default=Value("")
    )
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, verbose_name=_("shop"))
    external_number = models.CharField(_("channel's number"), max_length=64)
    kind = models.CharField(
        _("kind"), max_length=12, choices=OrderKind.choices, default=OrderKind.NORMAL
    )
    main_order = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="gifts",
        verbose_name=_("main order"),
    )
    urgency = models.CharField(
        _("urgency"), max_length=10, choices=Urgency.choices, default=Urgency.NORMAL
    )
    wanted_by = models.DateTimeField(_("wanted by"), null=True, blank=True)
    urgent_reason = models.CharField(
        _("why urgent"),
        max_length=20,
        choices=UrgentReason.choices,
        blank=True,
        default="",
        db_default="",
    )
    tags = ArrayField(models.CharField(max_length=40), verbose_name=_("tags"), default=list)

    source = models.CharField(_("came by"), max_length=10)
    brought_in_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("brought in by"),
    )
    brought_in_label = models.CharField(_("brought in by (name)"), max_length=80, blank=True)
    brought_in_at = models.DateTimeField(_("brought in"))

    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        related_name="orders",
        verbose_name=_("customer"),
    )
    buyer_name = models.CharField(_("buyer"), max_length=100, blank=True)
    referrer_code = models.CharField(_("referrer code"), max_length=64, blank=True)
    buyer_message = models.CharField(_("buyer's message"), max_length=500, blank=True)
    seller_memo = models.CharField(_("seller's memo"), max_length=1000, blank=True)

    receiver_name = models.CharField(_("receiver"), max_length=100, blank=True)
    receiver_phone = models.CharField(_("phone"), max_length=40, blank=True)
    receiver_phone_tail = models.CharField(_("phone, last four"), max_length=4, blank=True)
    receiver_province = models.CharField(_("province"), max_length=40, blank=True)
    receiver_city = models.CharField(_("city"), max_length=40, blank=True)
    receiver_district = models.CharField(_("district"), max_length=40, blank=True)
    receiver_street = models.CharField(_("street"), max_length=300, blank=True)
    receiver_token = models.CharField(_("channel's receiver token"), max_length=300, blank=True)
    receiver_is_masked = models.BooleanField(_("masked by the channel"), default=False)

    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    goods_amount = models.DecimalField(_("goods"), max_digits=14, decimal_places=2, default=0)
    freight = models.DecimalField(_("freight"), max_digits=14, decimal_places=2, default=0)
    discount = models.DecimalField(_("discount"), max_digits=14, decimal_places=2, default=0)
    total = models.DecimalField(_("to pay"), max_digits=14, decimal_places=2, default=0)
    paid_amount = models.DecimalField(_("paid"), max_digits=14, decimal_places=2, default=0)
    refunded_amount = models.DecimalField(
        _("refunded"),
        max_digits=14,
        decimal_places=2,
        default=0,
        db_default=0,
        editable=False,
    )
    payment_state = models.CharField(
        _("payment"), max_length=10, choices=PaymentState.choices, default=PaymentState.UNPAID
    )
    refund_open = models.BooleanField(_("refund asked"), default=False)

    placed_at = models.DateTimeField(_("placed"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    ship_by = models.DateTimeField(_("ship by"), null=True, blank=True)
    dispatched_at = models.DateTimeField(_("left the warehouse"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("warehouse")
    )

    channel_status = models.CharField(_("channel's state"), max_length=40, blank=True)
    channel_modified_at = models.DateTimeField(_("changed at the channel"), null=True, blank=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        permissions = [
            ("place_order", _("Can enter orders")),
            ("fill_card_order", _("Can fill in urgent cards")),
            ("pay_order", _("Can note payments")),
            ("approve_order", _("Can review orders")),
            ("confirm_funds_order", _("Can check payments")),
            ("complete_order", _("Can complete orders")),
            ("cancel_order", _("Can cancel orders")),
            ("close_order", _("Can close orders")),
            ("change_address_order", _("Can change addresses")),
            ("revise_order", _("Can revise what was ordered")),
            ("revise_others_order", _("Can revise what others brought in")),
            ("allocate_order", _("Can allocate stock to orders")),
            ("note_order", _("Can write notes")),
            ("attach_order", _("Can attach files")),
            ("see_receiver_order", _("Can see receivers unmasked")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["shop", "external_number"], name="order_once_per_shop"),
            models.CheckConstraint(
                condition=~Q(kind__in=["gift", "replacement"]) | Q(main_order__isnull=False),
                name="gift_names_its_main_order",
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("paid_amount")),
                name="refunds_never_exceed_paid",
            ),
            models.CheckConstraint(
                condition=Q(total__gte=0, paid_amount__gte=0), name="order_amounts_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="order_state"),
            models.Index(fields=["shop", "-id"], name="order_shop"),
            models.Index(
                OpClass(F("external_number"), name="varchar_pattern_ops"), name="order_external"
            ),
            models.Index(fields=["placed_at"], name="order_placed"),
            models.Index(fields=["receiver_phone_tail", "-id"], name="order_phone_tail"),
            models.Index(
                OpClass(F("receiver_phone"), name="varchar_pattern_ops"), name="order_phone"
            ),
            models.Index(
                OpClass(F("receiver_name"), name="varchar_pattern_ops"), name="order_name"
            ),
            models.Index(
                OpClass(Reverse("receiver_name"), name="text_pattern_ops"), name="order_name_end"
            ),
            GinIndex(OpClass(F("receiver_phone"), name="gin_trgm_ops"), name="order_phone_trgm"),
            GinIndex(OpClass(F("receiver_name"), name="gin_trgm_ops"), name="order_name_trgm"),
            GinIndex(fields=["tags"], name="order_tags"),
            models.Index(
                fields=["ship_by"],
                condition=Q(state__in=["pending_review", "pending_finance", "preparing", "packed"]),
                name="order_ship_by",
            ),
            models.Index(
                fields=["wanted_by"],
                condition=Q(
                    wanted_by__isnull=False,
                    state__in=[
                        "pending_payment",
                        "pending_review",
                        "pending_finance",
                        "preparing",
                        "packed",
                    ],
                ),
                name="order_wanted_by",
            ),
            models.Index(
                fields=["wanted_by", "ship_by"],
                condition=~Q(urgency="normal")
                & Q(
                    state__in=[
                        "pending_payment",
                        "pending_review",
                        "pending_finance",
                        "preparing",
                        "packed",
                    ]
                ),
                name="order_urgent",
            ),
            # The moments by which days are counted; a new order has none of them.
            models.Index(
                fields=["dispatched_at"],
                condition=Q(dispatched_at__isnull=False),
                name="order_dispatched",
            ),
            models.Index(
                fields=["delivered_at"],
                condition=Q(delivered_at__isnull=False),
                name="order_delivered",
            ),
            models.Index(
                fields=["state_since"],
                condition=Q(state__in=["completed", "cancelled", "closed"]),
                name="order_ended",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def receiver(self) -> Receiver:
        """Where the goods go, as far as the channel lets us know."""
        return Receiver.from_columns(self)

    def clock_key(self) -> Mapping[str, str]:
        return {"channel": self.shop.channel, "priority": self.urgency}

    @transition(state, source=OrderState.PENDING_PAYMENT, target=OrderState.PENDING_REVIEW)
    def pay(self) -> None:
        """The buyer has paid; people may now look at the order."""

    @transition(
        state,
        source=OrderState.PENDING_REVIEW,
        target=OrderState.PENDING_FINANCE,
        permission="orders.approve_order",
    )
    def approve(self) -> None:
        """A person has read the order and found nothing wrong with it."""

    @transition(
        state,
        source=[OrderState.PENDING_FINANCE, OrderState.PREPARING],
        target=OrderState.PENDING_REVIEW,
        permission="orders.approve_order",
    )
    def send_back(self) -> None:
        """Something must be looked at again before work goes on."""

    @transition(
        state,
        source=OrderState.PENDING_FINANCE,
        target=OrderState.PREPARING,
        permission="orders.confirm_funds_order",
    )
    def confirm_funds(self) -> None:
        """Finance has found the money; the warehouse may begin."""

    @transition(state, source=OrderState.PREPARING, target=OrderState.PACKED)
    def pack(self) -> None:
        """The last parcel of the order is closed."""

    @transition(state, source=OrderState.PACKED, target=OrderState.PREPARING)
    def unpack(self) -> None:
        """A parcel was opened again or called off; goods are missing from the packed ones."""

    @transition(state, source=OrderState.PACKED, target=OrderState.DISPATCHED)
    def dispatch(self) -> None:
        """The last parcel has left our warehouse; the carrier's pickup is another fact."""

    @transition(state, source=OrderState.DISPATCHED, target=OrderState.IN_TRANSIT)
    def start_transit(self) -> None:
        """The carrier has the last parcel."""

    @transition(
        state,
        source=[OrderState.DISPATCHED, OrderState.IN_TRANSIT],
        target=OrderState.DELIVERED,
    )
    def deliver(self) -> None:
        """The last parcel is in the receiver's hands."""

    @transition(
        state,
        source=OrderState.DELIVERED,
        target=OrderState.COMPLETED,
        permission="orders.complete_order",
    )
    def complete(self) -> None:
        """The promise is kept; nothing is owed by either side."""

    @transition(
        state,
        source=[*BEFORE_PACKING, OrderState.PACKED],
        target=OrderState.CANCELLED,
        permission="orders.cancel_order",
    )
    def cancel(self) -> None:
        """The order is called off before any of its goods left."""

    @transition(
        state,
        source=[OrderState.DISPATCHED, OrderState.IN_TRANSIT, OrderState.DELIVERED],
        target=OrderState.CLOSED,
        permission="orders.close_order",
    )
    def close(self) -> None:
        """The order ended another way than planned after goods had left (returned, lost)."""


class OrderLine(models.Model):
    """One thing ordered. `sku` is empty as long as the channel's code is unknown to us."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="lines", verbose_name=_("order")
    )
    channel_line = models.CharField(_("channel's line"), max_length=64)
    sku = models.ForeignKey(
        Sku, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("SKU")
    )
    sku_code = models.CharField(_("SKU code"), max_length=64)
    title = models.CharField(_("title"), max_length=200, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = models.DecimalField(_("unit price"), max_digits=14, decimal_places=2, default=0)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, default=0)
    is_gift = models.BooleanField(_("gift"), default=False)
    refund_open = models.BooleanField(_("refund asked"), default=False)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.UniqueConstraint(fields=["order", "channel_line"], name="line_once_per_order"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_code} × {self.quantity}"
