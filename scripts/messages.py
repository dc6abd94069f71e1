"""Translations without gettext's tools: merge locale/parts/*.po, compile, and check.

`python -m scripts.messages` writes the .po and .mo of both domains, django and djangojs (what the
admin's scripts say); `--check` changes nothing and fails when a source text of ours has no Chinese,
or when a compiled catalogue is out of date.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PARTS = ROOT / "locale" / "parts"
TARGET = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES"
# What the admin's own scripts say; everything else is for Python and templates.
SCRIPTS = "djangojs"
DOMAINS = ("django", SCRIPTS)
# A fixed date: the same texts give the same bytes.
MADE = datetime(2026, 1, 1, tzinfo=UTC)
ROOMS = ("ordercenter", "inventory", "orders", "rma", "integrations", "templates")
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
_TEMPLATE_TEXT = re.compile(r"{%\s*(?:trans|translate)\s+(?:\"([^\"]+)\"|'([^']+)')")
_TEMPLATE_BLOCK = re.compile(
    r"{%\s*blocktrans(?:late)?([^%]*)%}(.*?){%\s*endblocktrans(?:late)?\s*%}", re.S
)


def merged(domain: str = "django") -> Catalog:
    """One catalogue of all parts. Two parts that translate one text differently are an error."""
    catalog = Catalog(
        locale="zh_Hans",
        project="Order Center",
        fuzzy=False,
        creation_date=MADE,
        revision_date=MADE,
    )
    for path in sorted(PARTS.glob("*.po")):
        if (path.stem == SCRIPTS) != (domain == SCRIPTS):
            continue
        with path.open("rb") as file:
            part = read_po(file, locale="zh_Hans", ignore_obsolete=True)
        for message in part:
            if not message.id:
                continue
            known = catalog.get(message.id, message.context)
            if known is not None and known.string != message.string:
                raise SystemExit(f"{path.name}: {message.id!r} is translated differently elsewhere")
            catalog.add(
                message.id, message.string, context=message.context, flags=message.flags - {"fuzzy"}
            )
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def source_texts() -> set[str]:
    """Every text of ours that is marked for translation."""
    texts: set[str] = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if "migrations" not in path.parts:
                texts.update(_python_texts(path))
        for path in (ROOT / room).rglob("*.html"):
            texts.update(_template_texts(path.read_text("utf-8")))
    return texts


def _python_texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id not in CALLS:
            continue
        position = 1 if node.func.id.startswith("p") else 0
        if len(node.args) > position:
            argument = node.args[position]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def _template_texts(text: str) -> Iterator[str]:
    for match in _TEMPLATE_TEXT.finditer(text):
        yield match.group(1) or match.group(2)
    for match in _TEMPLATE_BLOCK.finditer(text):
        body = re.split(r"{%\s*plural\s*%}", match.group(2))[0]
        if "trimmed" in match.group(1):
            body = " ".join(line.strip() for line in body.strip().splitlines() if line.strip())
        yield re.sub(r"{{\s*([\w.]+)[^}]*}}", r"%(\1)s", body)


def missing(catalog: Catalog) -> list[str]:
    """Source texts without a Chinese one."""
    known: set[str] = set()
    for message in catalog:
        if message.string and any(message.string):
            known.update([message.id] if isinstance(message.id, str) else message.id)
    return sorted(text for text in source_texts() if text and text not in known)


def main(arguments: list[str]) -> int:
    catalogs = {domain: merged(domain) for domain in DOMAINS}
    absent = missing(catalogs["django"])
    for text in absent:
        print(f"no Chinese: {text!r}")
    if "--check" in arguments:
        is_stale = not all(_is_compiled(*each) for each in catalogs.items())
        if is_stale:
            print("the compiled catalogue is out of date: run python -m scripts.messages")
        return int(bool(absent) or is_stale)
    TARGET.mkdir(parents=True, exist_ok=True)
    for domain, catalog in catalogs.items():
        with (TARGET / f"{domain}.po").open("wb") as file:
            write_po(file, catalog, sort_output=True, omit_header=True, width=100)
        (TARGET / f"{domain}.mo").write_bytes(compiled(catalog))
    print(f"{sum(map(len, catalogs.values()))} texts, {len(absent)} without Chinese")
    return 0


def _is_compiled(domain: str, catalog: Catalog) -> bool:
    path = TARGET / f"{domain}.mo"
    return path.exists() and path.read_bytes() == compiled(catalog)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
