"""A workbook that came back: is it ours, whole and safe, and what stands in it?

Nothing is believed. The zip is looked at before any of it is parsed, the hidden base by its
marks, and the sheet people worked in by its headers.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.utils.dateparse import parse_datetime
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from orders.models import OrderState, Urgency
from orders.plain import SEPARATOR, plain
from orders.sheets.columns import (
    BASE_SHEET,
    BY_KEY,
    COLUMNS,
    ENTRIES,
    LOCKED,
    MERGED,
    MOST_ROWS,
    codes_of,
)
from orders.sheets.errors import BadWorkbook
from orders.sheets.exporting import FORMAT
from orders.sheets.signing import Signer, fingerprint

LARGEST_FILE = 100 * 1024 * 1024
# Unpacked: 200,000 rows of ours are about 300 MB. A small file that unpacks to more is a bomb.
LARGEST_UNPACKED = 600 * 1024 * 1024
# Above this a float no longer holds every whole number: the digits a person sees are not theirs.
EXACT = 2**53
# Stands before a value that no order can hold; the character itself never reaches an order.
UNREADABLE = "\x7f"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SHOWN = 10
# Order number, version, fingerprint, then the base of every merged column.
_BASE_VALUES = 3 + len(MERGED)
_CHUNK = 4 * 1024 * 1024
_LONGEST_TAG = 1024 * 1024

# Cells that would make the reader reserve memory for a whole empty plain (beyond column AZ or
# row 200,000), and cells that don't say where they are.
_OUT_OF_PLACE = re.compile(
    rb'<c(?:>| (?!r=")[^>]*>| r="(?:(?:[B-Z][A-Z]|[A-Z]{3})\d|'
    rb'[A-Z]{1,2}(?:\d{7}|[2-9]\d{5}))\d*"[^>/]*>)'
)
_PREFIXED = re.compile(rb"<\w{1,20}:(?:c|row|sheetData)[ />]")
_FORMULA = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<f[ />]')

Cell = Any


@dataclass(frozen=True, slots=True)
class Head:
    """What the export wrote down about itself; its mark was checked."""

    run_id: int
    issued_at: datetime
    is_masked: bool
    rows: int
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as a person left it. `number` counts from 1 for the header, as programs show it."""

    number: int
    token: str
    order_number: str
    fingerprint: str
    values: tuple[str, ...]
    entries: tuple[str, ...]


class Workbook:
    """A workbook of ours. Raises `BadWorkbook` for anything else, with what to do about it."""

    def __init__(self, path: Path) -> None:
        _sniff(path)
        self._path = path
        try:
            self._book = CalamineWorkbook.from_path(str(path))
            names = self._book.sheet_names
            if BASE_SHEET not in names:
                raise BadWorkbook("foreign")
            self._base = self._book.get_sheet_by_name(BASE_SHEET)
        except CalamineError as error:
            raise BadWorkbook("truncated") from error
        self.head = _read_head(self._base)
        self.signer = Signer(self.head.run_id)

    def base_rows(self) -> Iterator[tuple[str, ...]]:
        """Token, order number, version, fingerprint, base values; each row's mark is checked."""
        rows = self._base.iter_rows()
        next(rows)
        seen = 0
        for token, saw, *_more in rows:
            if not token:
                continue
            row = str(saw).split(SEPARATOR)
            if self.signer.row(str(saw)) != token or len(row) != _BASE_VALUES:
                raise BadWorkbook("tampered")
            seen += 1
            yield (str(token), *row)
        if seen != self.head.rows:
            raise BadWorkbook("tampered")

    def your_rows(self) -> Iterator[SheetRow]:
        """The rows of the sheet people worked in; empty ones are left out."""
        # The base is not needed any more; both at once would double the memory.
        del self._base
        try:
            sheet = self._book.get_sheet_by_name(self._main_name())
        except CalamineError as error:
            raise BadWorkbook("truncated") from error
        if sheet.total_height > MOST_ROWS + 1:
            raise BadWorkbook("too_many", most=f"{MOST_ROWS:,}")
        rows = sheet.iter_rows()
        first = sheet.start[0] if sheet.start else 0
        places = self._places(next(rows, []), sheet.start)
        _refuse_formulas(self._path, self._main_part(), places)
        return _rows(rows, places, first + 2)

    def _main_name(self) -> str:
        names = self._book.sheet_names
        return next((name for name in names if not name.startswith("_")), names[0])

    def _main_part(self) -> str:
        """The path of the main sheet inside the zip."""
        return _part_of(self._path, self._main_name())

    def _places(self, header: list[Cell], start: tuple[int, int] | None) -> dict[str, int]:
        titles = [plain(_as_text(cell)) for cell in header]
        counted = Counter(titles)
        wanted = {key: plain(title) for key, title in self.head.titles.items()}
        missing = [title for title in wanted.values() if not counted[title]]
        if missing:
            raise BadWorkbook("missing_columns", columns="、".join(missing))
        double = [title for title in wanted.values() if counted[title] > 1]
        if double:
            raise BadWorkbook("double_columns", columns="、".join(double))
        return {key: titles.index(title) for key, title in wanted.items()}


# -- before anything is parsed ---------------------------------------------------------------


def _sniff(path: Path) -> None:
    """Return for a zip that holds a workbook of bearable size."""
    size = path.stat().st_size
    if size == 0:
        raise BadWorkbook("empty")
    if size > LARGEST_FILE:
        raise BadWorkbook("too_large")
    with path.open("rb") as file:
        begin = file.read(8)
        if begin == _OLE:
            raise BadWorkbook("password" if _contains(path, _ENCRYPTED) else "old_format")
    if not begin.startswith(b"PK"):
        raise BadWorkbook("other_format")
    try:
        with zipfile.ZipFile(path) as archive:
            _look_into(archive)
    # A damaged directory shows itself in many ways; each means the file is not whole.
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as error:
        raise BadWorkbook("truncated") from error
    except RuntimeError as error:
        # What zipfile says of members with a password.
        raise BadWorkbook("password") from error


def _contains(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        tail = b""
        while chunk := file.read(_CHUNK):
            if mark in tail + chunk:
                return True
            tail = chunk[-len(mark) :]
    return False


def _look_into(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if sum(info.file_size for info in archive.infolist()) > LARGEST_UNPACKED:
        raise BadWorkbook("too_large")
    if "xl/workbook.xml" not in names:
        raise BadWorkbook("other_format")
    types = archive.read("[Content_Types].xml") if "[Content_Types].xml" in names else b""
    if b"macroEnabled" in types or any(name.endswith("vbaProject.bin") for name in names):
        raise BadWorkbook("macro")
    for name in sorted(names):
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            _refuse_out_of_place(archive, name)
        else:
            _read_through(archive, name)


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The member in pieces that begin and end at tags; the last two tags come again.

    Nothing hides at a seam, and no half of a tag is taken for a whole one. Reading to the end
    checks the CRC.
    """
    tail = b""
    with archive.open(name) as member:
        while chunk := member.read(_CHUNK):
            piece = tail + chunk
            yield piece
            last = piece.rfind(b"<")
            tail = piece[max(piece.rfind(b"<", 0, max(last, 0)), 0) :]
            if len(tail) > _LONGEST_TAG:
                raise BadWorkbook("too_wide")


def _refuse_out_of_place(archive: zipfile.ZipFile, name: str) -> None:
    for chunk in _chunks(archive, name):
        if _OUT_OF_PLACE.search(chunk) or (b":c" in chunk and _PREFIXED.search(chunk)):
            raise BadWorkbook("too_wide")


def _read_through(archive: zipfile.ZipFile, name: str) -> None:
    with archive.open(name) as member:
        while member.read(_CHUNK):
            pass


def _refuse_formulas(path: Path, part: str, places: Mapping[str, int]) -> None:
    """No cell of ours may compute: what it shows is not what stands in it."""
    ours = {_letter(place) for place in places.values()}
    found: dict[str, None] = {}
    with zipfile.ZipFile(path) as archive:
        for chunk in _chunks(archive, part):
            if b"<f" not in chunk:
                continue
            for match in _FORMULA.finditer(chunk):
                if match[1].decode() in ours:
                    found[(match[1] + match[2]).decode()] = None
    if found:
        raise BadWorkbook("formula", cells=_some(list(found)))


def _letter(place: int) -> str:
    return chr(65 + place) if place < 26 else chr(64 + place // 26) + chr(65 + place % 26)


_SHEET = re.compile(r"<sheet\b[^>]*>")
_LINK = re.compile(r"<Relationship\b[^>]*>")


def _part_of(path: Path, sheet: str) -> str:
    """The member that holds the sheet of this name."""
    with zipfile.ZipFile(path) as archive:
        book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
        links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
        names = set(archive.namelist())
    ids = {
        _unescape(_attribute(tag, "name")): _attribute(tag, "r:id") for tag in _SHEET.findall(book)
    }
    for tag in _LINK.findall(links):
        if _attribute(tag, "Id") == ids.get(sheet):
            target = _attribute(tag, "Target").lstrip("/")
            part = target if target.startswith("xl/") else f"xl/{target}"
            if part in names:
                return part
    raise BadWorkbook("truncated")


def _attribute(tag: str, name: str) -> str:
    match = re.search(rf"""\s{name}=(?:"([^"]*)"|'([^']*)')""", tag)
    return (match[1] or match[2] or "") if match else ""


def _unescape(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


# -- the base --------------------------------------------------------------------------------


def _read_head(sheet: CalamineSheet) -> Head:
    first = next(sheet.iter_rows(), [])
    text, mark = (str(first[0]), str(first[1])) if len(first) > 1 else ("", "")
    try:
        told = json.loads(text)
        run_id = int(told["run"])
    except (ValueError, TypeError, KeyError) as error:
        raise BadWorkbook("tampered") from error
    if not Signer(run_id).is_head(text, mark):
        raise BadWorkbook("tampered")
    if told["format"] != FORMAT or set(told["titles"]) != set(BY_KEY):
        raise BadWorkbook("other_kind")
    issued_at = parse_datetime(told["issued"])
    assert issued_at is not None, "we wrote this moment ourselves"
    return Head(run_id, issued_at, told["masked"], told["rows"], told["titles"])


# -- the rows --------------------------------------------------------------------------------


def _rows(rows: Iterator[list[Cell]], places: Mapping[str, int], first: int) -> Iterator[SheetRow]:
    states, urgencies = codes_of(OrderState.choices), codes_of(Urgency.choices)
    words = {MERGED.index("state"): states, MERGED.index("urgency"): urgencies}
    merged = [places[key] for key in MERGED]
    entries = [places[key] for key in ENTRIES]
    locked = [(places[key], BY_KEY[key].is_number) for key in LOCKED]
    token, number = places["token"], places["number"]
    for place, cells in enumerate(rows, start=first):
        mark = _as_text(cells[token]).strip()
        if not mark and not any(_as_text(cell) for cell in cells):
            continue
        values = [_value(cells[at]) for at in merged]
        for at, codes in words.items():
            values[at] = codes.get(values[at], UNREADABLE + values[at])
        yield SheetRow(
            number=place,
            token=mark,
            order_number=_as_text(cells[number]),
            fingerprint=fingerprint([_locked(cells[at], is_sum) for at, is_sum in locked]),
            values=tuple(values),
            entries=tuple(_value(cells[at]) for at in entries),
        )


def _value(cell: Cell) -> str:
    """What a person wrote, in the form that is compared."""
    if isinstance(cell, str):
        return plain(cell) if cell else ""
    text = _as_text(cell)
    is_inexact = isinstance(cell, int | float) and abs(cell) >= EXACT
    return UNREADABLE + text if is_inexact else text


def _locked(cell: Cell, is_sum: bool) -> str:
    if is_sum and isinstance(cell, int | float):
        return f"{cell:.2f}"
    return plain(_as_text(cell))


def _as_text(cell: Cell) -> str:
    """A cell as text: numbers without the decimals that a program added, moments to the minute."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%Y-%m-%d}"
    return str(cell)


def _some(names: list[str]) -> str:
    """The first few, and how many more."""
    more = len(names) - _SHOWN
    return "、".join(names[:_SHOWN]) + (f" … +{more}" if more > 0 else "")


assert len({column.key for column in COLUMNS}) == len(COLUMNS)
