from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Carrier(models.Model):
    """Who takes parcels away. The other codes are what outside systems call this carrier."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    kuaidi100_code = models.CharField(_("Kuaidi100 code"), max_length=40, blank=True)
    taobao_code = models.CharField(_("Taobao code"), max_length=40, blank=True)
    needs_phone_tail = models.BooleanField(
        _("tracking asks for the phone"),
        default=False,
        help_text=_("The carrier tells its trace only with the last four digits of the phone."),
    )
    is_cold_chain = models.BooleanField(_("cold chain"), default=False)
    numbers_are_ours = models.BooleanField(
        _("we give the waybill number"),
        default=False,
        help_text=_("Own delivery: the label gets a number of ours instead of a typed one."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name
