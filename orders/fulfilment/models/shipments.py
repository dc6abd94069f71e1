from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from inventory.models import Sku, Warehouse
from ordercenter.core import moments
from ordercenter.core.lifecycle import Lifecycle
from orders.fulfilment.models.carriers import Carrier
from orders.fulfilment.models.tracking import TrackingState
from orders.models import Order, OrderLine
from orders.receiver import Receiver


class ShipmentState(models.TextChoices):
    PLANNED = "planned", _("planned")
    RELEASED = "released", _("to be picked")
    PICKING = "picking", _("being picked")
    PACKED = "packed", _("packed")
    DISPATCHED = "dispatched", _("left the warehouse")
    IN_TRANSIT = "in_transit", _("in transit")
    DELIVERED = "delivered", _("delivered")
    EXCEPTION = "exception", _("in trouble")
    CANCELLED = "cancelled", _("cancelled")


BEFORE_PICKING = (ShipmentState.PLANNED, ShipmentState.RELEASED)
BEFORE_PACKING = (*BEFORE_PICKING, ShipmentState.PICKING)
IN_THE_HOUSE = (*BEFORE_PACKING, ShipmentState.PACKED)
ON_THE_ROAD = (ShipmentState.DISPATCHED, ShipmentState.IN_TRANSIT)


class Shipment(Lifecycle):
    """Quantities of order lines that go from one warehouse to one receiver by one carrier.

    The receiver's columns are empty until the label is printed; from then on they say what the
    label says. Columns that tracking touches (`tracking_state`, `last_tracked_at`) are outside
    the version that people see.
    """

    KIND = "shipment"

    state = FSMField(
        _("state"), choices=ShipmentState.choices, default=ShipmentState.PLANNED, protected=True
    )
    number = models.CharField(
        _("shipment number"), max_length=24, unique=True, editable=False, db_default=Value("")
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="shipments", verbose_name=_("order")
    )
    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, related_name="shipments", verbose_name=_("warehouse")
    )
    carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("carrier")
    )
    waybill = models.CharField(_("waybill number"), max_length=40, blank=True)
    weight_grams = models.PositiveIntegerField(_("weight (g)"), null=True, blank=True)

    receiver_name = models.CharField(_("receiver"), max_length=100, blank=True)
    receiver_phone = models.CharField(_("phone"), max_length=40, blank=True)
    receiver_phone_tail = models.CharField(_("phone, last four"), max_length=4, blank=True)
    receiver_province = models.CharField(_("province"), max_length=40, blank=True)
    receiver_city = models.CharField(_("city"), max_length=40, blank=True)
    receiver_district = models.CharField(_("district"), max_length=40, blank=True)
    receiver_street = models.CharField(_("street"), max_length=300, blank=True)
    receiver_token = models.CharField(_("channel's receiver token"), max_length=300, blank=True)
    receiver_is_masked = models.BooleanField(_("masked by the channel"), default=False)

    planned_at = models.DateTimeField(_("planned at"), default=moments.now)
    label_printed_at = models.DateTimeField(_("label printed"), null=True, blank=True)
    left_warehouse_at = models.DateTimeField(_("left the warehouse"), null=True, blank=True)
    carrier_picked_up_at = models.DateTimeField(_("carrier has it"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)

    tracking_state = models.CharField(
        _("tracking"), max_length=20, choices=TrackingState.choices, blank=True, editable=False
    )
    last_tracked_at = models.DateTimeField(_("last trace"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        permissions = [
            ("plan_shipment", _("Can plan shipments")),
            ("release_shipment", _("Can release shipments to the warehouse")),
            ("start_picking_shipment", _("Can pick shipments")),
            ("pack_shipment", _("Can pack shipments")),
            ("unpack_shipment", _("Can open packed shipments again")),
            ("split_shipment", _("Can split shipments")),
            ("rejoin_shipment", _("Can put split shipments together again")),
            ("set_carrier_shipment", _("Can choose carriers and waybills")),
            ("print_label_shipment", _("Can print labels")),
            ("void_label_shipment", _("Can void labels")),
            ("dispatch_shipment", _("Can dispatch shipments")),
            ("collect_shipment", _("Can note the carrier's pickup")),
            ("deliver_shipment", _("Can note deliveries")),
            ("recover_shipment", _("Can end a shipment's trouble")),
            ("cancel_shipment", _("Can cancel shipments")),
            ("track_shipment", _("Can take in traces")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "waybill"],
                condition=~Q(waybill=""),
                name="waybill_once_per_carrier",
            ),
            models.CheckConstraint(
                condition=Q(waybill="") | Q(carrier__isnull=False), name="waybill_has_a_carrier"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["dispatched", "in_transit", "delivered"])
                | Q(left_warehouse_at__isnull=False),
                name="shipment_on_the_road_has_left",
            ),
        ]
        indexes = [
            models.Index(fields=["waybill"], condition=~Q(waybill=""), name="shipment_waybill"),
            models.Index(
                fields=["warehouse", "state", "id"],
                condition=Q(state__in=["planned", "released", "picking", "packed"]),
                name="shipment_in_the_house",
            ),
            models.Index(
                fields=["state", "last_tracked_at"],
                condition=Q(state__in=["dispatched", "in_transit", "exception"]),
                name="shipment_on_the_road",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def stream(self) -> str:
        """A shipment is part of its lead order's story."""
        return f"{Order.KIND}:{self.order_id}"

    @property
    def is_live(self) -> bool:
        """False for shipments that were called off; their quantities may be planned anew."""
        return bool(self.state != ShipmentState.CANCELLED)

    @property
    def printed_receiver(self) -> Receiver | None:
        """Who stands on the label; None while there is no label."""
        return Receiver.from_columns(self) if self.label_printed_at else None

    def clock_key(self) -> Mapping[str, str]:
        return {"priority": self.order.urgency}

    @transition(
        state,
        source=ShipmentState.PLANNED,
        target=ShipmentState.RELEASED,
        permission="fulfilment.release_shipment",
    )
    def release(self) -> None:
        """Its goods are promised; the warehouse may pick it."""

    @transition(
        state,
        source=ShipmentState.RELEASED,
        target=ShipmentState.PICKING,
        permission="fulfilment.start_picking_shipment",
    )
    def start_picking(self) -> None:
        """Somebody collects the goods; what is in the parcel is settled."""

    @transition(
        state,
        source=ShipmentState.PICKING,
        target=ShipmentState.PACKED,
        permission="fulfilment.pack_shipment",
    )
    def pack(self) -> None:
        """Every piece was checked and the parcel is closed."""

    @transition(
        state,
        source=ShipmentState.PACKED,
        target=ShipmentState.PICKING,
        permission="fulfilment.unpack_shipment",
    )
    def unpack(self) -> None:
        """The parcel is open again; every piece will be checked anew."""

    @transition(
        state,
        source=ShipmentState.PACKED,
        target=ShipmentState.DISPATCHED,
        permission="fulfilment.dispatch_shipment",
    )
    def dispatch(self) -> None:
        """The parcel has left our warehouse; the carrier's pickup is another fact."""

    @transition(
        state,
        source=ShipmentState.DISPATCHED,
        target=ShipmentState.IN_TRANSIT,
        permission="fulfilment.collect_shipment",
    )
    def start_transit(self) -> None:
        """The carrier has the parcel."""

    @transition(
        state,
        source=[*ON_THE_ROAD, ShipmentState.EXCEPTION],
        target=ShipmentState.DELIVERED,
        permission="fulfilment.deliver_shipment",
    )
    def deliver(self) -> None:
        """The parcel is in the receiver's hands."""

    @transition(
        state,
        source=[*ON_THE_ROAD, ShipmentState.DELIVERED],
        target=ShipmentState.EXCEPTION,
    )
    def fail(self) -> None:
        """The carrier tells of trouble, or the parcel comes back."""

    @transition(
        state,
        source=ShipmentState.EXCEPTION,
        target=ShipmentState.IN_TRANSIT,
        permission="fulfilment.recover_shipment",
    )
    def recover(self) -> None:
        """The trouble is over; the parcel goes on."""

    @transition(
        state,
        source=list(IN_THE_HOUSE),
        target=ShipmentState.CANCELLED,
        permission="fulfilment.cancel_shipment",
    )
    def cancel(self) -> None:
        """The parcel will not leave; its quantities may be planned anew."""


class ShipmentLine(models.Model):
    """How many pieces of an order line go with the shipment, and how many were checked so far."""

    id = models.BigAutoField(primary_key=True)
    shipment = models.ForeignKey(
        Shipment, on_delete=models.PROTECT, related_name="lines", verbose_name=_("shipment")
    )
    order_line = models.ForeignKey(
        OrderLine,
        on_delete=models.PROTECT,
        related_name="shipment_lines",
        verbose_name=_("order line"),
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, verbose_name=_("SKU"))
    quantity = models.PositiveIntegerField(_("quantity"))
    packed = models.PositiveIntegerField(_("checked"), default=0)

    class Meta:
        verbose_name = _("shipment line")
        verbose_name_plural = _("shipment lines")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["shipment", "order_line"], name="order_line_once_per_shipment"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, packed__lte=F("quantity")),
                name="shipment_line_quantities",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.quantity}"
