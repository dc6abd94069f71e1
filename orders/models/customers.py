from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Customer(models.Model):
    """Somebody who orders. `match_key` is how a new order finds them: phone or channel id.

    It is null, not empty, for somebody nothing identifies: a partial index could not serve the
    look-up of a whole batch.
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        COMPANY = "company", _("company")

    name = models.CharField(_("name"), max_length=100, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True, db_index=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.PERSON)
    match_key = models.CharField(_("match key"), max_length=120, null=True, unique=True)
    level = models.CharField(_("member level"), max_length=20, blank=True)
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"))

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return self.name or self.phone or str(self.pk)
