"""Ways in which a single trade can be served malformed; the stored trade stays sound."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .documents import Document

Where = Literal["both", "list", "detail"]


@dataclass(frozen=True, slots=True)
class Spoil:
    """How a trade is malformed, and in which answers."""

    kind: str
    where: Where = "both"

    def shows_in(self, *, detail: bool) -> bool:
        """Whether a list row or a detail answer is affected."""
        return self.where in ("both", "detail" if detail else "list")


def _line(document: Document) -> Document:
    line: Document = document["orders"]["order"][0]
    return line


def _unknown_status(document: Document) -> None:
    document["status"] = "WAIT_PLATFORM_INSPECTION"


def _missing_tid(document: Document) -> None:
    document.pop("tid")
    document.pop("tid_str", None)


def _text_in_num(document: Document) -> None:
    _line(document)["num"] = "两件"


def _absurd_number(document: Document) -> None:
    _line(document)["num"] = 10**15
    document["payment"] = "99999999999999999999.99"


def _negative_money(document: Document) -> None:
    document["payment"] = "-1.00"


def _long_text(document: Document) -> None:
    _line(document)["title"] = "超长标题" * 5000
    document["buyer_nick"] = "长" * 5000
    if "receiver_name" in document:
        document["receiver_name"] = "长" * 5000
        document["buyer_message"] = "请尽快发货。" * 20000


def _emoji(document: Document) -> None:
    document["buyer_nick"] = "🐱👨\u200d👩\u200d👧**"
    _line(document)["title"] = "龙井🍵𠮷祥\u202e礼盒"
    if "receiver_name" in document:
        document["receiver_name"] = "𠮷**"
        document["buyer_message"] = "生日礼物🎁请写贺卡❤️\u200d🔥"


def _nul_character(document: Document) -> None:
    document["buyer_nick"] = "林\x00**"
    if "receiver_name" in document:
        document["buyer_message"] = "请放\x00丰巢"


def _missing_lines(document: Document) -> None:
    document.pop("orders")


def _lines_not_wrapped(document: Document) -> None:
    document["orders"] = document["orders"]["order"]


def _bad_time(document: Document) -> None:
    document["created"] = "2026-13-45 99:00:00"


def _null_fields(document: Document) -> None:
    for name in ("payment", "created", "buyer_nick"):
        document[name] = None
    _line(document)["outer_sku_id"] = None


def _unknown_sku(document: Document) -> None:
    _line(document)["outer_sku_id"] = "NO-SUCH-SKU-404"


KINDS: dict[str, Callable[[Document], None]] = {
    "unknown_status": _unknown_status,
    "missing_tid": _missing_tid,
    "text_in_num": _text_in_num,
    "absurd_number": _absurd_number,
    "negative_money": _negative_money,
    "long_text": _long_text,
    "emoji": _emoji,
    "nul_character": _nul_character,
    "missing_lines": _missing_lines,
    "lines_not_wrapped": _lines_not_wrapped,
    "bad_time": _bad_time,
    "null_fields": _null_fields,
    "unknown_sku": _unknown_sku,
}


def read_spoil(kind: str, where: str = "both") -> Spoil:
    """A spoil by name; ``ValueError`` for one that does not exist."""
    if kind not in KINDS:
        raise ValueError(f"no such spoil: {kind}; known: {sorted(KINDS)}")
    if where not in _PLACES:
        raise ValueError(f"where is one of {sorted(_PLACES)}")
    return Spoil(kind, _PLACES[where])


_PLACES: dict[str, Where] = {"both": "both", "list": "list", "detail": "detail"}
