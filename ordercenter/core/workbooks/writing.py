"""Workbooks written row by row: bounded memory, every text a text, nothing that computes.

A cell's text is never parsed by the program that opens it: texts are inline strings, and those
that look like a formula carry the mark `quotePrefix`, so that editing such a cell in place does
not turn it into one. The text itself stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from ordercenter.core.workbooks.zipping import Member, ZipWriter

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_AT_ONCE = 100
# What a program would read as the beginning of a formula, a command or a field.
FORMULA_STARTS = "=+-@\t"
_BETWEEN = "\x1f"
# A row with one of these is written cell by cell: markup, a formula's beginning, an escape.
# Plain searches, one after the other, are ten times as fast as one pattern; most batches have none.
_SPECIAL = ("&", "<", ">", "_x", *(_BETWEEN + start for start in FORMULA_STARTS))
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class Style(IntEnum):
    """How a cell looks and whether it can be edited. Each has a twin with the quote mark."""

    PLAIN = 0
    HEADER = 1
    HEADER_OPEN = 2
    LOCKED = 3
    LOCKED_LONG = 4
    OPEN = 5
    OPEN_LONG = 6
    MONEY = 7
    APPLIED = 8
    MERGED = 9
    CONFLICT = 10
    REFUSED = 11
    # Sums below or above a table, and remarks that may be long.
    SUM = 12
    SUM_MONEY = 13
    AMOUNT = 14
    COUNT = 15
    REMARK = 16


@dataclass(frozen=True, slots=True)
class _Look:
    fill: int = 0
    font: int = 0
    format: int = 49  # "@": text
    locked: bool = True
    wraps: bool = False


_FILLS = ("E5E7EB", "DBEAFE", "F3F4F6", "BBF7D0", "BFDBFE", "FECACA", "FED7AA")
_LOOKS = {
    Style.PLAIN: _Look(format=0),
    Style.HEADER: _Look(fill=2, font=1, wraps=True),
    Style.HEADER_OPEN: _Look(fill=3, font=1, wraps=True),
    Style.LOCKED: _Look(fill=4),
    Style.LOCKED_LONG: _Look(fill=4, wraps=True),
    Style.OPEN: _Look(locked=False),
    Style.OPEN_LONG: _Look(locked=False, wraps=True),
    Style.MONEY: _Look(fill=4, format=4),
    Style.APPLIED: _Look(fill=5, wraps=True),
    Style.MERGED: _Look(fill=6, wraps=True),
    Style.CONFLICT: _Look(fill=7, wraps=True),
    Style.REFUSED: _Look(fill=8, wraps=True),
    Style.SUM: _Look(fill=2, font=1),
    Style.SUM_MONEY: _Look(fill=2, font=1, format=4),
    Style.AMOUNT: _Look(format=4),
    Style.COUNT: _Look(format=3),
    Style.REMARK: _Look(),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a sheet. `choices` names a range of another sheet to choose from."""

    title: str
    width: float
    style: Style = Style.LOCKED
    header: Style = Style.HEADER
    is_number: bool = False
    # Nothing is ever written into it; the column's own style makes its cells editable.
    is_blank: bool = False
    is_hidden: bool = False
    choices: str = ""
    prompt: str = ""


def column_letter(place: int) -> str:
    """A for 0, B for 1 … AA for 26."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _is_special(texts: str) -> bool:
    """Whether one of these texts, with `_BETWEEN` between them, has to be written with care."""
    if texts[:1] and texts[0] in FORMULA_STARTS:
        return True
    # One character is looked for many times as fast as two, and most of these are rare.
    return any(special[-1] in texts and special in texts for special in _SPECIAL)


class SheetWriter:
    """One worksheet; a table with a frozen header when it has fields, bare rows otherwise."""

    def __init__(
        self,
        member: Member,
        fields: Sequence[Field] = (),
        *,
        width: int = 0,
        is_protected: bool = False,
        frozen: int = 1,
    ) -> None:
        self.member = member
        self.fields = tuple(fields) or tuple(Field("", 10, Style.PLAIN) for _place in range(width))
        self._has_header = bool(fields)
        self._is_protected = is_protected
        self._frozen = frozen
        self.rows = 0
        self._table_ends: int | None = None
        self._waiting: list[Sequence[str]] = []
        self._template = self._row_template()
        self._begin()

    # -- rows --------------------------------------------------------------------------------

    def add(self, values: Sequence[str]) -> None:
        """Append a row: one text for each field that is not blank; numbers as texts too."""
        self.rows += 1
        self._waiting.append(values)
        if len(self._waiting) >= ROWS_AT_ONCE:
            self._write_waiting()

    def add_sums(self, cells: Iterable[tuple[str, bool]]) -> None:
        """Append a row in bold; each cell says whether its text is a number."""
        self._write_waiting()
        self.rows += 1
        row = "".join(
            f'<c r="{column_letter(place)}{self.rows}" s="{Style.SUM_MONEY * 2}"><v>{text}</v></c>'
            if is_number
            else self._text_cell(column_letter(place), Style.SUM, text, self.rows)
            for place, (text, is_number) in enumerate(cells)
        )
        self._put(f'<row r="{self.rows}">{row}</row>')

    def end_table(self) -> None:
        """What follows is not filtered and sorted with the rows above."""
        self._table_ends = self.rows

    def add_styled(self, cells: Iterable[tuple[str, Style]]) -> None:
        """Append a row whose cells look each its own way."""
        self._write_waiting()
        self.rows += 1
        row = "".join(
            self._text_cell(column_letter(place), style, text, self.rows)
            for place, (text, style) in enumerate(cells)
        )
        self._put(f'<row r="{self.rows}">{row}</row>')

    def _write_waiting(self) -> None:
        """Write the rows of `add`; one look for special texts serves them all, mostly."""
        rows, first = self._waiting, self.rows - len(self._waiting) + 1
        if not rows:
            return
        self._waiting = []
        if not _is_special(_BETWEEN.join(map(_BETWEEN.join, rows))):
            xml = [self._quick(values, number) for number, values in enumerate(rows, first)]
        else:
            xml = [self._row(values, number) for number, values in enumerate(rows, first)]
        self.member.write("".join(xml).encode())

    def _row(self, values: Sequence[str], number: int) -> str:
        if _is_special(_BETWEEN.join(values)):
            return self._slow(values, number)
        return self._quick(values, number)

    def _quick(self, values: Sequence[str], number: int) -> str:
        return str(number).join(self._template) % tuple(values)

    def _put(self, row: str) -> None:
        """Write a row that stands below those that wait."""
        self.member.write(row.encode())

    def _row_template(self) -> list[str]:
        """The XML of a row in pieces between which its number stands; %s stands for each text."""
        cells = []
        for place, field in enumerate(self.fields):
            letter = column_letter(place)
            if field.is_blank:
                continue
            if field.is_number:
                cells.append(f'<c r="{letter}\x00" s="{field.style * 2}"><v>%s</v></c>')
            else:
                cells.append(
                    f'<c r="{letter}\x00" s="{field.style * 2}" t="inlineStr">'
                    f"<is><t{_preserving(field.style)}>%s</t></is></c>"
                )
        return f'<row r="\x00">{"".join(cells)}</row>'.split("\x00")

    def _slow(self, values: Sequence[str], number: int) -> str:
        cells, given = [], iter(values)
        for place, field in enumerate(self.fields):
            letter = column_letter(place)
            if field.is_blank:
                continue
            text = next(given)
            if field.is_number:
                cells.append(f'<c r="{letter}{number}" s="{field.style * 2}"><v>{text}</v></c>')
            else:
                cells.append(self._text_cell(letter, field.style, text, number))
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _text_cell(self, letter: str, style: Style, text: str, number: int) -> str:
        quoted = int(text[:1] in FORMULA_STARTS) if text else 0
        content = escape(_ESCAPE_LIKE.sub("_x005F_", text))
        return (
            f'<c r="{letter}{number}" s="{style * 2 + quoted}" t="inlineStr">'
            f"<is><t{_preserving(style)}>{content}</t></is></c>"
        )

    # -- around the rows ---------------------------------------------------------------------

    def _begin(self) -> None:
        parts = [_HEAD, f'<worksheet xmlns="{_MAIN}">']
        if self._has_header:
            parts.append(
                '<sheetViews><sheetView workbookViewId="0">'
                f'<pane xSplit="{self._frozen}" ySplit="1" '
                f'topLeftCell="{column_letter(self._frozen)}2" '
                'activePane="bottomRight" state="frozen"/></sheetView></sheetViews>'
            )
            columns = "".join(
                _column(place, field) for place, field in enumerate(self.fields, start=1)
            )
            parts.append(f'<sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols>')
        parts.append("<sheetData>")
        self.member.write("".join(parts).encode())
        if self._has_header:
            self.add_styled((field.title, field.header) for field in self.fields)

    def end(self) -> None:
        """Close the sheet; filters, drop-downs and protection reach to its last row."""
        self._write_waiting()
        parts = ["</sheetData>"]
        if self._is_protected:
            # What is 0 here stays allowed: widths, heights, sorting, filtering.
            parts.append(
                '<sheetProtection sheet="1" objects="1" scenarios="1" formatColumns="0" '
                'formatRows="0" sort="0" autoFilter="0"/>'
            )
        if self._has_header:
            last = column_letter(len(self.fields) - 1)
            parts.append(f'<autoFilter ref="A1:{last}{max(self._table_ends or self.rows, 1)}"/>')
        parts.append(self._validations())
        parts.append("</worksheet>")
        self.member.write("".join(parts).encode())

    def _validations(self) -> str:
        rules = [
            f'<dataValidation type="list" allowBlank="1" showInputMessage="1" '
            f'showErrorMessage="1" prompt={quoteattr(field.prompt)} '
            f'sqref="{column_letter(place)}2:{column_letter(place)}{max(self.rows, 2)}">'
            f"<formula1>{escape(field.choices)}</formula1></dataValidation>"
            for place, field in enumerate(self.fields)
            if field.choices
        ]
        if not rules:
            return ""
        return f'<dataValidations count="{len(rules)}">{"".join(rules)}</dataValidations>'


def _column(place: int, field: Field) -> str:
    hidden = ' hidden="1"' if field.is_hidden else ""
    return (
        f'<col min="{place}" max="{place}" width="{field.width}" style="{field.style * 2}" '
        f'customWidth="1"{hidden}/>'
    )


def _preserving(style: Style) -> str:
    long = style in (Style.LOCKED_LONG, Style.OPEN_LONG) or style >= Style.APPLIED
    return ' xml:space="preserve"' if long else ""


class WorkbookWriter:
    """A workbook of several sheets; the first one is written straight into the file."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._zip = ZipWriter(sink)
        self._sheets: list[tuple[str, bool, SheetWriter]] = []

    def first_sheet(
        self, title: str, fields: Sequence[Field], *, is_protected: bool = False, frozen: int = 1
    ) -> SheetWriter:
        """The sheet people see when they open the file."""
        member = self._zip.begin("xl/worksheets/sheet1.xml")
        sheet = SheetWriter(member, fields, is_protected=is_protected, frozen=frozen)
        self._sheets.append((title, False, sheet))
        return sheet

    def sheet_beside(
        self, title: str, fields: Sequence[Field] = (), *, width: int = 0, is_hidden: bool = False
    ) -> SheetWriter:
        """A further sheet, written while the first one grows."""
        member = self._zip.beside(f"xl/worksheets/sheet{len(self._sheets) + 1}.xml")
        sheet = SheetWriter(member, fields, width=width, is_protected=is_hidden)
        self._sheets.append((title, is_hidden, sheet))
        return sheet

    def close(self) -> None:
        """Complete the file."""
        for place, (_title, _hidden, sheet) in enumerate(self._sheets):
            sheet.end()
            if place == 0:
                self._zip.end(sheet.member)
            else:
                self._zip.take_in(sheet.member)
        self._zip.add("xl/workbook.xml", self._workbook())
        self._zip.add("xl/_rels/workbook.xml.rels", self._links())
        self._zip.add("xl/styles.xml", _styles())
        self._zip.add("_rels/.rels", _ROOT_LINKS)
        self._zip.add("[Content_Types].xml", self._types())
        self._zip.close()

    def _workbook(self) -> str:
        sheets = "".join(
            f'<sheet name={quoteattr(title)} sheetId="{place}" '
            f'state="{"veryHidden" if hidden else "visible"}" r:id="rId{place}"/>'
            for place, (title, hidden, _sheet) in enumerate(self._sheets, start=1)
        )
        return (
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><bookViews>'
            f'<workbookView activeTab="0"/></bookViews><sheets>{sheets}</sheets></workbook>'
        )

    def _links(self) -> str:
        links = "".join(
            f'<Relationship Id="rId{place}" Type="{_LINKS}/worksheet" '
            f'Target="worksheets/sheet{place}.xml"/>'
            for place in range(1, len(self._sheets) + 1)
        )
        place = len(self._sheets) + 1
        return (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
            f'<Relationship Id="rId{place}" Type="{_LINKS}/styles" Target="styles.xml"/>'
            "</Relationships>"
        )

    def _types(self) -> str:
        sheets = "".join(
            f'<Override PartName="/xl/worksheets/sheet{place}.xml" ContentType="{_TYPE}'
            '.worksheet+xml"/>'
            for place in range(1, len(self._sheets) + 1)
        )
        return (
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
            f"{sheets}</Types>"
        )


_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_ROOT_LINKS = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)


def _styles() -> str:
    fills = "".join(
        f'<fill><patternFill patternType="solid"><fgColor rgb="FF{colour}"/></patternFill></fill>'
        for colour in _FILLS
    )
    forms = "".join(
        _form(_LOOKS[style], quoted=quoted) for style in Style for quoted in (False, True)
    )
    return (
        f'{_HEAD}<styleSheet xmlns="{_MAIN}">'
        '<fonts count="2"><font><sz val="11"/><name val="Microsoft YaHei"/></font>'
        '<font><b/><sz val="11"/><name val="Microsoft YaHei"/></font></fonts>'
        f'<fills count="{len(_FILLS) + 2}"><fill><patternFill patternType="none"/></fill>'
        f'<fill><patternFill patternType="gray125"/></fill>{fills}</fills>'
        '<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border>'
        '<border><left/><right/><top/><bottom style="hair"><color rgb="FFD1D5DB"/></bottom>'
        "<diagonal/></border></borders>"
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        f'</cellStyleXfs><cellXfs count="{len(Style) * 2}">{forms}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )


def _form(look: _Look, *, quoted: bool) -> str:
    wraps = ' wrapText="1"' if look.wraps else ""
    quote = ' quotePrefix="1"' if quoted else ""
    return (
        f'<xf numFmtId="{look.format}" fontId="{look.font}" fillId="{look.fill}" borderId="1" '
        f'xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" '
        f'applyAlignment="1" applyProtection="1"{quote}>'
        f'<alignment vertical="top"{wraps}/><protection locked="{int(look.locked)}"/></xf>'
    )
