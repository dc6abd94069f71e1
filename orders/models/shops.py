from __future__ import annotations

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse

# Shops carry the channel's code; one without a name here is shown by its code.
CHANNEL_NAMES: dict[str, str | Promise] = {
    "taobao": _("Taobao / Tmall"),
    "tmall": _("Tmall"),
    "jd": _("JD"),
    "pinduoduo": _("Pinduoduo"),
    "douyin": _("Douyin"),
    "wechat_group": _("WeChat group"),
    "wechat_mini": _("WeChat mini program"),
    "alipay": _("Alipay"),
    "pos": _("Counter"),
    "manual": _("Entered by hand"),
    "api": _("Partners"),
}


def channel_name(code: str) -> str:
    """What people call a channel."""
    return str(CHANNEL_NAMES.get(code, code))


class Shop(models.Model):
    """A place where customers order: a channel's shop, a counter, a partner's system."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    channel = models.CharField(_("channel"), max_length=30, db_index=True)
    warehouses = models.ManyToManyField(
        Warehouse,
        blank=True,
        verbose_name=_("warehouses"),
        help_text=_("Asked by their rank. None chosen: every active warehouse."),
    )
    hold_minutes = models.PositiveSmallIntegerField(
        _("stock held for unpaid orders (minutes)"), default=30
    )
    ship_within_hours = models.PositiveSmallIntegerField(_("ship within (hours)"), default=48)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Partner(models.Model):
    """A company whose program talks to our API; it sees its own shops only."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    shops = models.ManyToManyField(Shop, verbose_name=_("shops"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A key to the API, for a partner. The secret itself is shown once and never stored."""

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="keys", verbose_name=_("partner")
    )
    prefix = models.CharField(_("key id"), max_length=16, unique=True)
    digest = models.CharField(_("digest"), max_length=64)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.partner}: {self.prefix}…"
