"""Drawing the paper that a customer puts onto the parcel that comes back: 100 × 150 mm."""

from __future__ import annotations

from io import BytesIO

from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from orders.fulfilment.labels import HEIGHT, WIDTH, wrap
from rma.models import Return

_MARGIN = 4 * mm
_CHINESE = "STSong-Light"
_LATIN = "Helvetica-Bold"
_MOST_GOODS = 10


def draw_return_label(rma: Return) -> bytes:
    """The label as a PDF, in Chinese; the same return gives the same bytes."""
    if _CHINESE not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), pageCompression=0, invariant=1)
    canvas.setTitle(rma.number)
    with translation.override("zh-hans"):
        _Paper(canvas, rma).draw()
    canvas.save()
    return buffer.getvalue()


class _Paper:
    """A pen that moves from the top of the paper to its bottom."""

    def __init__(self, canvas: Canvas, rma: Return) -> None:
        self.canvas = canvas
        self.rma = rma
        self.y = HEIGHT - _MARGIN

    def draw(self) -> None:
        self._text(_("Return"), 20)
        self._text(
            _("Freight paid by the receiver") if self.rma.is_our_fault else _("Freight prepaid"), 11
        )
        self._barcode()
        self._rule()
        self._address()
        self._rule()
        self._goods()
        self._rule()
        self._text(_("Order %(number)s") % {"number": self.rma.order.number}, 9)
        self._text(
            _("Put this paper onto the parcel, and the goods with all parts into it."), 9, most=2
        )

    def _barcode(self) -> None:
        bars = Code128(self.rma.number, barHeight=18 * mm, barWidth=0.4 * mm, quiet=0)
        self.y -= 20 * mm
        bars.drawOn(self.canvas, (WIDTH - bars.width) / 2, self.y)
        self.y -= 6 * mm
        self.canvas.setFont(_LATIN, 15)
        self.canvas.drawCentredString(WIDTH / 2, self.y, self.rma.number)

    def _address(self) -> None:
        house = self.rma.warehouse
        if house is None:
            self._text(_("Ask us for the address."), 12)
            return
        self._text(f"{_('To')}  {house.name} {house.contact} {house.phone}", 12, most=2)
        self._text(f"{house.province}{house.city}{house.address}", 12, most=3)
        self._text(f"{_('From')}  {self.rma.order.receiver_name}", 9)

    def _goods(self) -> None:
        lines = list(self.rma.lines.select_related("sku").order_by("pk"))
        for line in lines[:_MOST_GOODS]:
            self._text(f"{line.sku.code} × {line.authorised}  {line.sku.name}", 9)
        if len(lines) > _MOST_GOODS:
            self._text(_("… and %(more)d more") % {"more": len(lines) - _MOST_GOODS}, 9)

    def _rule(self) -> None:
        self.y -= 3 * mm
        self.canvas.line(_MARGIN, self.y, WIDTH - _MARGIN, self.y)
        self.y -= 1 * mm

    def _text(self, text: str, size: float, most: int = 1) -> None:
        self.canvas.setFont(_CHINESE, size)
        for line in list(wrap(text, size))[:most]:
            self.y -= size * 1.35
            self.canvas.drawString(_MARGIN, self.y, line)
