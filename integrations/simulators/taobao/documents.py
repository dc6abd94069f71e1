"""A trade as JSON: which fields an answer may hold, and the bytes it is served from.

A trade is kept as two runs of JSON members: the public ones, which lists and details share, and
the private ones, which only the detail call returns. A caller that asks for everything gets the
bytes as they are; any other selection is cut out of the parsed document.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..wire import to_json

Document = dict[str, Any]

PRIVATE_FIELDS = (
    "buyer_message",
    "seller_memo",
    "receiver_name",
    "receiver_state",
    "receiver_city",
    "receiver_district",
    "receiver_town",
    "receiver_address",
    "receiver_zip",
    "receiver_mobile",
    "receiver_phone",
    "oaid",
    "promotion_details",
)
PUBLIC_FIELDS = (
    "tid",
    "status",
    "type",
    "payment",
    "post_fee",
    "total_fee",
    "discount_fee",
    "adjust_fee",
    "received_payment",
    "created",
    "pay_time",
    "modified",
    "consign_time",
    "end_time",
    "buyer_nick",
    "buyer_open_uid",
    "seller_flag",
    "has_buyer_message",
    "step_trade_status",
    "shipping_type",
    "orders",
)
# The oaid is only given to callers that could also see the masked receiver (channels.md 1).
OAID_NEEDS = frozenset(
    {"receiver_name", "receiver_address", "created", "receiver_mobile", "receiver_phone"}
)
_PUBLIC = frozenset(PUBLIC_FIELDS)
_PRIVATE = frozenset(PRIVATE_FIELDS)
_SERVED_AS_STORED = _PUBLIC | _PRIVATE | {"tid_str"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What a ``fields`` argument asks for."""

    names: frozenset[str]
    line_names: frozenset[str]
    whole_public: bool
    whole: bool
    may_see_oaid: bool


@lru_cache(maxsize=256)
def read_selection(fields: str) -> Selection:
    """Read ``fields``; ``orders`` means whole lines, ``orders.oid`` single fields of them."""
    asked = {name.strip() for name in fields.split(",")} - {""}
    line_names = frozenset(n.partition(".")[2] for n in asked if n.startswith("orders."))
    names = frozenset(n for n in asked if "." not in n)
    if line_names and "orders" not in names:
        names |= {"orders"}
    else:
        line_names = frozenset()
    return Selection(
        names=names,
        line_names=line_names,
        whole_public=names >= _PUBLIC and not line_names,
        whole=names >= _PUBLIC | _PRIVATE and not line_names,
        may_see_oaid=names >= OAID_NEEDS,
    )


def select(document: Document, selection: Selection, *, detail: bool, oaid: bool) -> Document:
    """The part of a trade that was asked for and may be seen; nothing is added."""
    names = selection.names
    chosen: Document = {}
    for name, value in document.items():
        if (name in names or (name == "tid_str" and "tid" in names)) and (
            detail or name not in _PRIVATE
        ):
            chosen[name] = value
    if not oaid:
        chosen.pop("oaid", None)
    if selection.line_names and isinstance(chosen.get("orders"), dict):
        chosen["orders"] = {
            "order": [
                {name: line[name] for name in line if name in selection.line_names}
                for line in chosen["orders"].get("order", [])
            ]
        }
    return chosen


def split_members(document: Document) -> tuple[bytes, bytes]:
    """The public and the private members as JSON without braces."""
    public = {name: value for name, value in document.items() if name not in _PRIVATE}
    private = {name: value for name, value in document.items() if name in _PRIVATE}
    return to_json(public)[1:-1], to_json(private)[1:-1]


def join_members(public: bytes, private: bytes) -> Document:
    """The document again; the opposite of :func:`split_members`."""
    between = b"," if public and private else b""
    document: Document = json.loads(b"{" + public + between + private + b"}")
    return document


def is_served_as_stored(document: Document) -> bool:
    """Whether asking for all known fields gives exactly the stored bytes."""
    return _SERVED_AS_STORED.issuperset(document)
