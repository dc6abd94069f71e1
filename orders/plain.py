"""The form of a text that survives any spreadsheet program: no control characters, no margins.

A sheet shows texts in this form and compares them in it, here and in SQL; both must agree.
"""

from __future__ import annotations

# Stands between the texts of one cell; every program keeps it, and no text contains it.
SEPARATOR = "\u241f"
# Control characters but tab and line feed, the two that XML can't hold, and the separator.
_REMOVED = "".join(chr(n) for n in (*range(1, 9), *range(11, 32), 127)) + "\ufffe\uffff\u241f"
_MARGINS = " \t\n\u00a0\u3000"
_TABLE = str.maketrans("", "", _REMOVED + "\x00")


def plain(text: str) -> str:
    """The text as a sheet shows it."""
    # Most texts hold nothing to remove, and this look at them is the fastest there is.
    if text.isprintable() and SEPARATOR not in text:
        return text.strip(_MARGINS)
    return text.translate(_TABLE).strip(_MARGINS)


def plain_sql(expression: str) -> str:
    """The same in SQL; the expression is ours, never a person's."""
    return f"btrim(translate({expression}, {_quoted(_REMOVED)}, ''), {_quoted(_MARGINS)})"


def _quoted(characters: str) -> str:
    return "E'" + "".join(f"\\u{ord(character):04x}" for character in characters) + "'"
