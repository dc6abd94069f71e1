from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _


class Temperature(models.TextChoices):
    AMBIENT = "ambient", _("ambient")
    CHILLED = "chilled", _("chilled")
    FROZEN = "frozen", _("frozen")


class Sku(models.Model):
    """One thing that can be counted, sold and shipped."""

    code = models.CharField(_("SKU code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200)
    barcode = models.CharField(_("barcode"), max_length=64, blank=True, db_index=True)
    category = models.CharField(_("category"), max_length=60, blank=True)
    brand = models.CharField(_("brand"), max_length=60, blank=True)
    spec = models.CharField(_("specification"), max_length=120, blank=True)
    unit = models.CharField(_("unit"), max_length=10, default="件")
    weight_grams = models.PositiveIntegerField(_("weight (g)"), default=0)
    temperature = models.CharField(
        _("temperature"),
        max_length=10,
        choices=Temperature.choices,
        default=Temperature.AMBIENT,
    )
    price = models.DecimalField(_("list price (CNY)"), max_digits=12, decimal_places=2, default=0)
    is_active = models.BooleanField(_("on sale"), default=True)

    class Meta:
        verbose_name = _("SKU")
        verbose_name_plural = _("SKUs")
        indexes = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="sku_name_trgm"),
            GinIndex(OpClass(Upper("code"), name="gin_trgm_ops"), name="sku_code_trgm"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Warehouse(models.Model):
    """A building that goods leave from. A smaller `rank` is asked first."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    province = models.CharField(_("province"), max_length=30, blank=True)
    city = models.CharField(_("city"), max_length=30, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    contact = models.CharField(_("contact"), max_length=60, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    rank = models.PositiveSmallIntegerField(_("rank"), default=100)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        ordering = ["rank", "code"]

    def __str__(self) -> str:
        return self.name


class Bin(models.Model):
    """A place on a shelf: aisle, bay, level."""

    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, verbose_name=_("warehouse"))
    code = models.CharField(_("bin"), max_length=20)
    aisle = models.PositiveSmallIntegerField(_("aisle"), default=0)
    bay = models.PositiveSmallIntegerField(_("bay"), default=0)
    level = models.PositiveSmallIntegerField(_("shelf level"), default=0)

    class Meta:
        verbose_name = _("bin")
        verbose_name_plural = _("bins")
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "code"], name="bin_once_per_warehouse")
        ]

    def __str__(self) -> str:
        return self.code


class Batch(models.Model):
    """Pieces of one SKU that came in together. On QC hold they can't be promised."""

    class Quality(models.TextChoices):
        PASSED = "passed", _("passed")
        HOLD = "hold", _("on hold")

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, verbose_name=_("SKU"))
    code = models.CharField(_("batch"), max_length=40)
    inbound_at = models.DateTimeField(_("came in"))
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    quality = models.CharField(
        _("quality"), max_length=8, choices=Quality.choices, default=Quality.PASSED
    )

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        constraints = [models.UniqueConstraint(fields=["sku", "code"], name="batch_once_per_sku")]

    def __str__(self) -> str:
        return self.code
