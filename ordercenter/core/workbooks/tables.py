"""A table that somebody uploads: a workbook's first sheet or a text, as rows of cells.

A text may be UTF-8, UTF-16 with its mark, or GB 18030 (GBK), with commas, tabs or semicolons;
above the header may stand remarks and titles.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from python_calamine import CalamineError, CalamineWorkbook

from ordercenter.core.workbooks.cells import plain_header
from ordercenter.core.workbooks.checking import (
    LARGEST_FILE,
    Cell,
    cell_text,
    refuse_formulas,
    require_workbook,
)
from ordercenter.core.workbooks.errors import BadWorkbook

# How a zip begins, and a workbook of before 2007.
_WORKBOOKS = (b"PK", b"\xd0\xcf\x11\xe0")

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Limits:
    """So many entries at most, and the header in one of the first rows."""

    rows: int
    header_within: int

    @property
    def everything(self) -> int:
        """So many rows at most, with remarks above and below the entries."""
        return self.rows + 2 * self.header_within


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as (number, cells); numbers count from 1 as programs show them, lines in a text.

    All cells of a text are texts, and its rows may differ in length. `sheet` is empty for a text.
    """

    path: Path
    rows: Sequence[tuple[int, list[Cell]]]
    sheet: str = ""

    def refuse_formulas(self, columns: Collection[int]) -> None:
        """Return when no cell in these columns computes. Raises `BadWorkbook`."""
        if self.sheet:
            refuse_formulas(self.path, self.sheet, columns)


@dataclass(frozen=True, slots=True)
class Header(Generic[K]):
    """The row that comes closest to a header; it is one when nothing is missing.

    `place` counts rows from 0, `columns` are places in the row.
    """

    place: int
    titles: list[str]
    columns: Mapping[K, int]
    missing: Sequence[K]

    def doubled(self) -> list[str]:
        """The titles of our columns that stand there twice."""
        ours = (self.titles[column] for column in self.columns.values())
        return [title for title in ours if self.titles.count(title) > 1]


def read_table(path: Path, limits: Limits, *, refuse: type[BadWorkbook]) -> Table:
    """The whole table. Raises `refuse`, the room's own words, or `BadWorkbook`."""
    with path.open("rb") as file:
        begin = file.read(8)
    if begin.startswith(_WORKBOOKS):
        require_workbook(path)
        return _sheet(path, limits, refuse)
    if path.stat().st_size > LARGEST_FILE:
        raise refuse("too_large")
    return Table(path, list(_text_rows(path.read_bytes(), limits, refuse)))


def find_header(
    table: Table,
    wanted: Mapping[K, Sequence[str]],
    *,
    within: int,
    lacks: Callable[[Mapping[K, int]], Sequence[K]],
) -> Header[K]:
    """The first row that has all it needs, else the one that lacks least.

    `wanted` are titles in the order of preference; `lacks` says what is missing beside columns.
    """
    names = {key: [plain_header(title) for title in titles] for key, titles in wanted.items()}
    closest: Header[K] = Header(-1, [], {}, lacks({}))
    for place, (_number, cells) in enumerate(table.rows[:within]):
        titles = [plain_header(cell_text(cell)) for cell in cells]
        columns = {
            key: titles.index(found)
            for key, known in names.items()
            if (found := next((title for title in known if title in titles), None)) is not None
        }
        missing = lacks(columns)
        if not missing or len(missing) < len(closest.missing):
            closest = Header(place, titles, columns, missing)
        if not missing:
            break
    return closest


def _sheet(path: Path, limits: Limits, refuse: type[BadWorkbook]) -> Table:
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            name = book.sheet_names[0]
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height > limits.everything:
                raise refuse("too_many", most=f"{limits.rows:,}")
            rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, IndexError) as error:
        raise refuse("truncated") from error
    return Table(path, list(enumerate(rows, start=1)), name)


def _text_rows(
    content: bytes, limits: Limits, refuse: type[BadWorkbook]
) -> Iterator[tuple[int, list[Cell]]]:
    if not content.strip():
        raise refuse("empty")
    text = _decoded(content, refuse)
    sample = "\n".join(text.splitlines()[: limits.header_within])
    delimiter = max(",\t;", key=sample.count)
    # A cell that ends with a tab in a file with commas keeps it; who reads the cell drops it.
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if reader.line_num > limits.everything:
                raise refuse("too_many", most=f"{limits.rows:,}")
            yield reader.line_num, list(cells)
    except csv.Error as error:
        raise refuse("truncated") from error


def _decoded(content: bytes, refuse: type[BadWorkbook]) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in content:
        raise refuse("other_format")
    elif content.startswith(codecs.BOM_UTF8):
        encodings = ("utf-8-sig",)
    else:
        encodings = ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise refuse("other_format")
        return text
    raise refuse("encoding")
