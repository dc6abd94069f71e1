"""Fitting words into a message that is limited in UTF-8 bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

ELLIPSIS = "…"


def cut(text: str, limit: int) -> str:
    """The text in at most `limit` bytes, cut between two characters and then ending in "…"."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    room = max(0, limit - len(ELLIPSIS.encode()))
    return raw[:room].decode(errors="ignore") + ELLIPSIS


def fit(lines: Sequence[str], limit: int, more: Callable[[int], str]) -> str:
    """The first lines that fit into `limit` bytes; `more(n)` tells of the n that do not.

    At least the first line is there, cut where it is too long by itself.
    """
    whole = "\n".join(lines)
    if len(whole.encode()) <= limit:
        return whole
    for shown in range(len(lines) - 1, 0, -1):
        text = "\n".join([*lines[:shown], more(len(lines) - shown)])
        if len(text.encode()) <= limit:
            return text
    tail = "\n" + more(len(lines) - 1) if len(lines) > 1 else ""
    return cut(lines[0], limit - len(tail.encode())) + tail
