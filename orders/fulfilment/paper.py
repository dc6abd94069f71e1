"""A sheet of label paper (100 × 150 mm) and a pen that moves from its top to its bottom."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from io import BytesIO

from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 100 * mm, 150 * mm
MARGIN = 4 * mm
INNER = WIDTH - 2 * MARGIN
# Adobe's Chinese font by name: every viewer and label printer driver brings it along.
CHINESE = "STSong-Light"
_LATIN = "Helvetica-Bold"
_BARS_HIGH = 18 * mm
_LINE_HIGH = 1.3


class Paper(ABC):
    """Base of what is printed on one sheet; `draw` moves the pen."""

    # Nothing is written below this.
    foot = MARGIN

    def __init__(self, title: str) -> None:
        if CHINESE not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
        self._buffer = BytesIO()
        self.canvas = Canvas(self._buffer, pagesize=(WIDTH, HEIGHT), pageCompression=0, invariant=1)
        self.canvas.setTitle(title)
        self.y = HEIGHT - MARGIN

    @abstractmethod
    def draw(self) -> None:
        """Write everything."""

    def as_pdf(self) -> bytes:
        """The sheet in Chinese; the same content gives the same bytes."""
        with translation.override("zh-hans"):
            self.draw()
        self.canvas.save()
        return self._buffer.getvalue()

    def text(self, text: str, size: float, most: int = 1) -> None:
        """Write the text over at most so many lines, as long as there is room above the foot."""
        self.canvas.setFont(CHINESE, size)
        for line in list(wrap(text, size))[:most]:
            if self.y - size * _LINE_HIGH < self.foot:
                return
            self.y -= size * _LINE_HIGH
            self.canvas.drawString(MARGIN, self.y, line)

    def rule(self) -> None:
        """A line across the sheet."""
        self.y -= 2.5 * mm
        self.canvas.line(MARGIN, self.y, WIDTH - MARGIN, self.y)
        self.y -= 1 * mm

    def barcode(self, code: str) -> None:
        """The code as bars (Code 128), as wide as fits, and as text below them."""
        bar = 0.33 * mm
        bars = Code128(code, barHeight=_BARS_HIGH, barWidth=bar, quiet=0)
        if bars.width > INNER:
            narrow = bar * INNER / bars.width
            bars = Code128(code, barHeight=_BARS_HIGH, barWidth=narrow, quiet=0)
        self.y -= _BARS_HIGH
        bars.drawOn(self.canvas, (WIDTH - bars.width) / 2, self.y)
        self.y -= 5 * mm
        self.canvas.setFont(_LATIN, 13)
        self.canvas.drawCentredString(WIDTH / 2, self.y, code)
        self.y -= 2 * mm

    def goods(self, lines: Iterable[str], most: int) -> None:
        """A line for each kind of goods; how many more there are than fit."""
        lines = list(lines)
        for line in lines[:most]:
            self.text(line, 9)
        if len(lines) > most:
            self.text(_("… and %(more)d more") % {"more": len(lines) - most}, 9)


def wrap(text: str, size: float) -> Iterator[str]:
    """The text in pieces that fit between the margins at this font size."""
    line = ""
    for letter in " ".join(text.split()):
        if pdfmetrics.stringWidth(line + letter, CHINESE, size) > INNER:
            yield line
            line = ""
        line += letter
    if line:
        yield line
