"""The paper that goes onto a returning parcel: RMA number as a barcode, where to, what is in it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from orders.fulfilment.paper import Paper
from rma.models import Return

_MOST_GOODS = 10


def draw_return_label(rma: Return) -> bytes:
    """The label as a PDF, in Chinese; the same return gives the same bytes."""
    return _ReturnLabel(rma).as_pdf()


class _ReturnLabel(Paper):
    def __init__(self, rma: Return) -> None:
        super().__init__(rma.number)
        self.rma = rma

    def draw(self) -> None:
        self.text(_("Return"), 20)
        self.text(
            _("Freight paid by the receiver") if self.rma.is_our_fault else _("Freight prepaid"), 11
        )
        self.barcode(self.rma.number)
        self.rule()
        self._address()
        self.rule()
        lines = self.rma.lines.select_related("sku").order_by("pk")
        self.goods((f"{x.sku.code} × {x.authorised}  {x.sku.name}" for x in lines), _MOST_GOODS)
        self.rule()
        self.text(_("Order %(number)s") % {"number": self.rma.order.number}, 9)
        self.text(
            _("Put this paper onto the parcel, and the goods with all parts into it."), 9, most=2
        )

    def _address(self) -> None:
        house = self.rma.warehouse
        if house is None:
            self.text(_("Ask us for the address."), 12)
            return
        self.text(f"{_('To')}  {house.name} {house.contact} {house.phone}", 12, most=2)
        self.text(f"{house.province}{house.city}{house.address}", 12, most=3)
        self.text(f"{_('From')}  {self.rma.order.receiver_name}", 9)
