from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import DomainError


@dataclass(frozen=True, slots=True)
class Shortage:
    """One SKU of which there is not enough."""

    sku: str
    wanted: int
    available: int


class OutOfStock(DomainError):
    """Some goods can't be promised; `shortages` is the whole list, not only the first."""

    code = "out_of_stock"
    title = _("Not enough stock.")

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        self.shortages = list(shortages)
        text = _("Not enough stock: %(list)s.") % {
            "list": "、".join(f"{s.sku} {s.available}/{s.wanted}" for s in self.shortages)
        }
        super().__init__(text, shortages=[asdict(s) for s in self.shortages])
