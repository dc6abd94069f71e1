"""The parcel's label: 100 × 150 mm, a barcode of the waybill, who it goes to, what is in it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics

from orders.fulfilment.models import Shipment
from orders.fulfilment.paper import CHINESE, MARGIN, WIDTH, Paper
from orders.models import Order, Urgency
from orders.receiver import Receiver

_MOST_GOODS = 8
_MOST_NOTES = 4
_URGENT = {Urgency.YELLOW: "急", Urgency.ORANGE: "加急", Urgency.RED: "特急"}


def draw_label(shipment: Shipment) -> bytes:
    """The label as a PDF; the same shipment gives the same bytes. Its receiver is the kept one."""
    return _Label(shipment).as_pdf()


class _Label(Paper):
    foot = MARGIN + 6 * mm

    def __init__(self, shipment: Shipment) -> None:
        super().__init__(shipment.waybill)
        self.shipment = shipment
        self.order: Order = shipment.order

    def draw(self) -> None:
        self._head()
        self.barcode(self.shipment.waybill)
        self.rule()
        self._receiver(Receiver.from_columns(self.shipment))
        self.rule()
        self._sender()
        self.rule()
        lines = self.shipment.lines.select_related("sku").order_by("pk")
        self.goods((f"{x.sku.code} × {x.quantity}  {x.sku.name}" for x in lines), _MOST_GOODS)
        self._notes()
        self._foot()

    def _head(self) -> None:
        self.y -= 7 * mm
        self.canvas.setFont(CHINESE, 18)
        self.canvas.drawString(MARGIN, self.y, str(self.shipment.carrier or ""))
        mark = _URGENT.get(Urgency(self.order.urgency))
        if mark:
            width = pdfmetrics.stringWidth(mark, CHINESE, 20) + 4 * mm
            left = WIDTH - MARGIN - width
            self.canvas.rect(left, self.y - 2 * mm, width, 9 * mm, fill=1)
            self.canvas.setFillGray(1)
            self.canvas.setFont(CHINESE, 20)
            self.canvas.drawString(left + 2 * mm, self.y, mark)
            self.canvas.setFillGray(0)
        self.y -= 4 * mm

    def _receiver(self, to: Receiver) -> None:
        self.text(f"{_('To')}  {to.name}  {to.phone}", 13)
        self.text(f"{to.province}{to.city}{to.district}{to.street}", 12, most=3)
        if to.token:
            self.text(
                _("Masked by the channel; its token ends with %(tail)s") % {"tail": to.token[-8:]},
                8,
            )

    def _sender(self) -> None:
        house = self.shipment.warehouse
        self.text(f"{_('From')}  {house.name} {house.contact} {house.phone}", 9)
        self.text(f"{house.province}{house.city}{house.address}", 8, most=2)

    def _notes(self) -> None:
        texts = [note.text for note in self.order.notes.all()[:_MOST_NOTES]]
        if self.order.buyer_message:
            texts.append(self.order.buyer_message)
        for text in texts:
            self.text(f"※ {text}", 9, most=2)

    def _foot(self) -> None:
        self.y = MARGIN + 4 * mm
        self.rule()
        printed = timezone.localtime(self.shipment.label_printed_at)
        parts = [self.order.number, self.shipment.number, f"{printed:%Y-%m-%d %H:%M}"]
        if self.shipment.weight_grams:
            parts.append(f"{self.shipment.weight_grams / 1000:.2f} kg")
        self.canvas.setFont(CHINESE, 7)
        self.canvas.drawString(MARGIN, MARGIN, "  ".join(parts))
