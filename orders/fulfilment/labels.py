"""Drawing the label that goes onto a parcel: 100 × 150 mm, one page, Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from orders.fulfilment.models import Shipment
from orders.models import Order, Urgency
from orders.receiver import Receiver

WIDTH, HEIGHT = 100 * mm, 150 * mm
_MARGIN = 4 * mm
_INNER = WIDTH - 2 * _MARGIN
# Adobe's Chinese font by name: every viewer and label printer driver brings it along.
_CHINESE = "STSong-Light"
_LATIN = "Helvetica-Bold"
_MOST_GOODS = 8
_MOST_NOTES = 4
_URGENT = {Urgency.YELLOW: "急", Urgency.ORANGE: "加急", Urgency.RED: "特急"}


def draw_label(shipment: Shipment) -> bytes:
    """The label as a PDF; the same shipment gives the same bytes. Its receiver is the kept one."""
    if _CHINESE not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), pageCompression=0, invariant=1)
    canvas.setTitle(shipment.waybill)
    with translation.override("zh-hans"):
        _Label(canvas, shipment).draw()
    canvas.save()
    return buffer.getvalue()


class _Label:
    """A pen that moves from the top of the label to its bottom."""

    def __init__(self, canvas: Canvas, shipment: Shipment) -> None:
        self.canvas = canvas
        self.shipment = shipment
        self.order: Order = shipment.order
        self.y = HEIGHT - _MARGIN

    def draw(self) -> None:
        self._head()
        self._barcode()
        self._rule()
        self._receiver(Receiver.from_columns(self.shipment))
        self._rule()
        self._sender()
        self._rule()
        self._goods()
        self._notes()
        self._foot()

    def _head(self) -> None:
        self.y -= 7 * mm
        self.canvas.setFont(_CHINESE, 18)
        self.canvas.drawString(_MARGIN, self.y, str(self.shipment.carrier or ""))
        mark = _URGENT.get(Urgency(self.order.urgency))
        if mark:
            width = pdfmetrics.stringWidth(mark, _CHINESE, 20) + 4 * mm
            left = WIDTH - _MARGIN - width
            self.canvas.rect(left, self.y - 2 * mm, width, 9 * mm, fill=1)
            self.canvas.setFillGray(1)
            self.canvas.setFont(_CHINESE, 20)
            self.canvas.drawString(left + 2 * mm, self.y, mark)
            self.canvas.setFillGray(0)
        self.y -= 4 * mm

    def _barcode(self) -> None:
        bars = Code128(self.shipment.waybill, barHeight=18 * mm, barWidth=0.33 * mm, quiet=0)
        if bars.width > _INNER:
            narrow = 0.33 * mm * _INNER / bars.width
            bars = Code128(self.shipment.waybill, barHeight=18 * mm, barWidth=narrow, quiet=0)
        self.y -= 18 * mm
        bars.drawOn(self.canvas, (WIDTH - bars.width) / 2, self.y)
        self.y -= 5 * mm
        self.canvas.setFont(_LATIN, 13)
        self.canvas.drawCentredString(WIDTH / 2, self.y, self.shipment.waybill)
        self.y -= 2 * mm

    def _receiver(self, to: Receiver) -> None:
        self._text(f"{_('To')}  {to.name}  {to.phone}", 13)
        self._text(f"{to.province}{to.city}{to.district}{to.street}", 12, most=3)
        if to.token:
            self._text(
                _("Masked by the channel; its token ends with %(tail)s") % {"tail": to.token[-8:]},
                8,
            )

    def _sender(self) -> None:
        house = self.shipment.warehouse
        self._text(f"{_('From')}  {house.name} {house.contact} {house.phone}", 9)
        self._text(f"{house.province}{house.city}{house.address}", 8, most=2)

    def _goods(self) -> None:
        lines = list(self.shipment.lines.select_related("sku").order_by("pk"))
        for line in lines[:_MOST_GOODS]:
            self._text(f"{line.sku.code} × {line.quantity}  {line.sku.name}", 9)
        if len(lines) > _MOST_GOODS:
            self._text(_("… and %(more)d more") % {"more": len(lines) - _MOST_GOODS}, 9)

    def _notes(self) -> None:
        texts = [note.text for note in self.order.notes.all()[:_MOST_NOTES]]
        if self.order.buyer_message:
            texts.append(self.order.buyer_message)
        for text in texts:
            self._text(f"※ {text}", 9, most=2)

    def _foot(self) -> None:
        self.y = _MARGIN + 4 * mm
        self._rule()
        printed = timezone.localtime(self.shipment.label_printed_at)
        parts = [self.order.number, self.shipment.number, f"{printed:%Y-%m-%d %H:%M}"]
        if self.shipment.weight_grams:
            parts.append(f"{self.shipment.weight_grams / 1000:.2f} kg")
        self.canvas.setFont(_CHINESE, 7)
        self.canvas.drawString(_MARGIN, _MARGIN, "  ".join(parts))

    def _rule(self) -> None:
        self.y -= 2.5 * mm
        self.canvas.line(_MARGIN, self.y, WIDTH - _MARGIN, self.y)
        self.y -= 1 * mm

    def _text(self, text: str, size: float, most: int = 1) -> None:
        """Write the text over at most so many lines, as long as there is room above the foot."""
        self.canvas.setFont(_CHINESE, size)
        for line in list(wrap(text, size))[:most]:
            if self.y - size * 1.3 < _MARGIN + 6 * mm:
                return
            self.y -= size * 1.3
            self.canvas.drawString(_MARGIN, self.y, line)


def wrap(text: str, size: float) -> Iterator[str]:
    """The text in pieces that fit between the margins at this font size."""
    line = ""
    for letter in " ".join(text.split()):
        if pdfmetrics.stringWidth(line + letter, _CHINESE, size) > _INNER:
            yield line
            line = ""
        line += letter
    if line:
        yield line
