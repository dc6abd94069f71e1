from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models.catalogue import Batch, Bin, Sku, Warehouse


class StockLevel(models.Model):
    """How many pieces of a SKU one warehouse has, and how many of them are spoken for.

    `held` pieces lie on QC hold; `defective` ones lie apart and are not part of `on_hand`.
    The checks are the last line against overselling, whatever wrote the row.
    """

    KIND = "stock"

    sku = models.ForeignKey(
        Sku, on_delete=models.PROTECT, related_name="levels", verbose_name=_("SKU")
    )
    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, related_name="levels", verbose_name=_("warehouse")
    )
    on_hand = models.IntegerField(_("on hand"), default=0)
    reserved = models.IntegerField(_("reserved"), default=0)
    held = models.IntegerField(_("on QC hold"), default=0)
    defective = models.IntegerField(_("defective"), default=0)
    safety = models.IntegerField(_("safety stock"), default=0)
    low_since = models.DateTimeField(_("below safety stock since"), null=True, editable=False)

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        permissions = [
            ("receive_stock", _("Can receive goods")),
            ("adjust_stock", _("Can adjust stock")),
            ("hold_batch", _("Can put batches on QC hold")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], name="level_once"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0), name="stock_reserved_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(on_hand__gte=F("reserved") + F("held")), name="stock_never_oversold"
            ),
            models.CheckConstraint(
                condition=Q(held__gte=0, defective__gte=0, safety__gte=0),
                name="stock_parts_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku.code} @ {self.warehouse.code}"

    @property
    def available(self) -> int:
        """Pieces that can still be promised."""
        return self.on_hand - self.reserved - self.held

    @property
    def stream(self) -> str:
        return f"{self.KIND}:{self.pk}"


class Placement(models.Model):
    """Which of the pieces lie in which bin and came with which batch."""

    level = models.ForeignKey(
        StockLevel, on_delete=models.PROTECT, related_name="placements", verbose_name=_("level")
    )
    bin = models.ForeignKey(Bin, on_delete=models.PROTECT, null=True, verbose_name=_("bin"))
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, verbose_name=_("batch"))
    quantity = models.IntegerField(_("quantity"))

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        constraints = [
            models.UniqueConstraint(
                fields=["level", "bin", "batch"], nulls_distinct=False, name="placement_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="placement_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.level_id}: {self.quantity}"


class Reservation(models.Model):
    """Pieces promised to one order line: held → confirmed → consumed, or released.

    `line` is the number of the order line; this storey knows no more of it. `consumed` pieces
    have left the building already (partial shipments).
    """

    class State(models.TextChoices):
        HELD = "held", _("held")
        CONFIRMED = "confirmed", _("confirmed")
        CONSUMED = "consumed", _("consumed")
        RELEASED = "released", _("released")

    OPEN = (State.HELD, State.CONFIRMED)

    id = models.BigAutoField(primary_key=True)
    line = models.BigIntegerField(_("order line"))
    level = models.ForeignKey(StockLevel, on_delete=models.PROTECT, verbose_name=_("level"))
    quantity = models.IntegerField(_("quantity"))
    consumed = models.IntegerField(_("left already"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    expires_at = models.DateTimeField(_("expires"), null=True)
    made_at = models.DateTimeField(_("made"))
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.UniqueConstraint(
                fields=["line", "level"],
                condition=Q(state__in=["held", "confirmed"]),
                name="one_open_reservation_per_line_and_level",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, consumed__gte=0, consumed__lte=F("quantity")),
                name="reservation_quantities",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(expires_at__isnull=False),
                name="held_reservation_expires",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(state="held"), name="reservation_expiry"
            ),
            models.Index(
                fields=["level"],
                condition=Q(state__in=["held", "confirmed"]),
                name="reservation_open_level",
            ),
            models.Index(fields=["line"], name="reservation_line"),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.quantity} {self.state}"

    @property
    def open_quantity(self) -> int:
        """Pieces still promised and still here."""
        return self.quantity - self.consumed


class Movement(models.Model):
    """The ledger: every piece that came or went, why, by which document. Append-only.

    `unit_cost` is what one piece was bought for (CNY), where the receipt said so.
    """

    class Reason(models.TextChoices):
        RECEIVED = "received", _("received")
        DISPATCHED = "dispatched", _("dispatched")
        RETURNED = "returned", _("returned")
        COUNTED = "counted", _("stock count")
        DAMAGED = "damaged", _("damaged")
        CORRECTED = "corrected", _("correction")

    id = models.BigAutoField(primary_key=True)
    level = models.ForeignKey(
        StockLevel, on_delete=models.PROTECT, related_name="movements", verbose_name=_("level")
    )
    bin = models.ForeignKey(Bin, on_delete=models.PROTECT, null=True, verbose_name=_("bin"))
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, verbose_name=_("batch"))
    quantity = models.IntegerField(_("quantity"))
    defective = models.IntegerField(_("defective"), default=0)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    unit_cost = models.DecimalField(
        _("purchase cost of a piece"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    document = models.CharField(_("document"), max_length=80)
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor_label = models.CharField(_("who"), max_length=80)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        constraints = [
            models.CheckConstraint(
                condition=~Q(quantity=0) | ~Q(defective=0), name="movement_moves_something"
            ),
            models.CheckConstraint(
                condition=Q(unit_cost__isnull=True) | Q(unit_cost__gte=0, reason="received"),
                name="only_purchases_have_a_cost",
            ),
        ]
        indexes = [
            models.Index(fields=["level", "-at"], name="movement_level"),
            models.Index(fields=["document"], name="movement_document"),
            models.Index(
                fields=["level", "-at"],
                condition=Q(unit_cost__isnull=False),
                name="movement_purchase",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level_id} {self.quantity:+d} {self.reason}"
