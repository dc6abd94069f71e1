"""Our accounts at payment systems, and notices that must not be played twice."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ordercenter.core.secrets import EncryptedJSONField


class PaymentAccount(models.Model):
    """Our account at a payment system, one in use for each.

    `credentials` of wechatpay: mchid, serial_no, private_key, api_v3_key, platform_serial,
    platform_public_key; of alipay: app_id, seller_id, private_key, alipay_public_key.
    `trouble` is why it is no longer used; a person mends it and switches it on again.
    """

    class System(models.TextChoices):
        WECHATPAY = "wechatpay", _("WeChat Pay")
        ALIPAY = "alipay", _("Alipay")

    system = models.CharField(_("payment system"), max_length=10, choices=System.choices)
    name = models.CharField(_("name"), max_length=60, unique=True)
    base_url = models.URLField(_("address"))
    credentials: Any = EncryptedJSONField(_("credentials"))
    is_active = models.BooleanField(_("active"), default=True)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("payment account")
        verbose_name_plural = _("payment accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["system"],
                condition=Q(is_active=True),
                name="one_active_payment_account_per_system",
            )
        ]

    def __str__(self) -> str:
        return self.name


class NoticeNonce(models.Model):
    """A nonce that a signed notice has used up; a second notice with it is a replay."""

    id = models.BigAutoField(primary_key=True)
    source = models.CharField(_("source"), max_length=20)
    nonce = models.CharField(_("nonce"), max_length=64)
    at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("used nonce")
        verbose_name_plural = _("used nonces")
        constraints = [models.UniqueConstraint(fields=["source", "nonce"], name="nonce_used_once")]
        indexes = [models.Index(fields=["at"], name="nonce_at")]

    def __str__(self) -> str:
        return self.nonce
