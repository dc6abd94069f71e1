from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A member of staff. Groups are roles; the name is written as it is spoken."""

    full_name = models.CharField(_("name"), max_length=60, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    wecom_id = models.CharField(_("WeCom account"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")

    def get_full_name(self) -> str:
        return self.full_name or super().get_full_name()
