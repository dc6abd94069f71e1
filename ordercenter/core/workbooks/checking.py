"""A file that somebody sends: is it a whole and safe workbook, and what does a cell say?

Nothing is believed. The zip is looked at before any of it is parsed.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any, Protocol

from ordercenter.core.workbooks.errors import BadWorkbook
from ordercenter.core.workbooks.writing import column_letter

LARGEST_FILE = 100 * 1024 * 1024
# Unpacked: 200,000 rows of ours are about 300 MB. A small file that unpacks to more is a bomb.
LARGEST_UNPACKED = 600 * 1024 * 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SHOWN = 10
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


class Readable(Protocol):
    """Anything bytes can be read from: a file, an upload."""

    def read(self, size: int, /) -> bytes: ...


def keep_upload(
    content: Readable, into: IO[bytes], *, largest: int, refusal: BadWorkbook
) -> tuple[int, str]:
    """Write the upload into a file, which then stands at its beginning.

    Returns its size in bytes and its SHA-256; raises `refusal` as soon as it is larger.
    """
    digest, size = hashlib.sha256(), 0
    while chunk := content.read(_CHUNK):
        size += len(chunk)
        if size > largest:
            raise refusal
        digest.update(chunk)
        into.write(chunk)
    into.seek(0)
    return size, digest.hexdigest()


def require_workbook(path: Path) -> None:
    """Return for a whole workbook of bearable size, without macros; raises `BadWorkbook`."""
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


def refuse_formulas(path: Path, sheet: str, columns: Collection[int]) -> None:
    """Return when no cell in these columns computes: what it shows is not what stands in it."""
    ours = {column_letter(place) for place in columns}
    found: dict[str, None] = {}
    with zipfile.ZipFile(path) as archive:
        for chunk in _chunks(archive, _part_of(path, sheet)):
            if b"<f" not in chunk:
                continue
            for match in _FORMULA.finditer(chunk):
                if match[1].decode() in ours:
                    found[(match[1] + match[2]).decode()] = None
    if found:
        raise BadWorkbook("formula", cells=some(list(found)))


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


def cell_text(cell: Cell) -> str:
    """The cell as text: numbers without decimals that a program added, moments to the minute."""
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


def some(names: list[str]) -> str:
    """The first few, and how many more."""
    more = len(names) - _SHOWN
    return "、".join(names[:_SHOWN]) + (f" … +{more}" if more > 0 else "")
