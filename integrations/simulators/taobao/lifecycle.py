"""Moves of a trade as its JSON shows them; every function changes the document it is given."""

from collections.abc import Collection
from typing import Any

from .documents import Document
from .receivers import Receiver

UNPAID = frozenset(
    {"TRADE_NO_CREATE_PAY", "WAIT_BUYER_PAY", "PAY_PENDING", "WAIT_PRE_AUTH_CONFIRM"}
)
TO_SHIP = frozenset({"WAIT_SELLER_SEND_GOODS", "SELLER_CONSIGNED_PART"})
ENDED = frozenset({"TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO", "TRADE_FINISHED"})
STATUSES = UNPAID | TO_SHIP | ENDED | frozenset({"WAIT_BUYER_CONFIRM_GOODS", "TRADE_BUYER_SIGNED"})
# A line with one of these has no refund that is being worked on.
REFUND_AT_REST = frozenset({"NO_REFUND", "CLOSED", "SELLER_REFUSE_BUYER", "SUCCESS"})
REFUND_STATUSES = REFUND_AT_REST | frozenset(
    {"WAIT_SELLER_AGREE", "WAIT_BUYER_RETURN_GOODS", "WAIT_SELLER_CONFIRM_GOODS"}
)


def lines(document: Document) -> list[dict[str, Any]]:
    """The lines of a trade."""
    found: list[dict[str, Any]] = document["orders"]["order"]
    return found


def move_to(document: Document, status: str, at: str) -> None:
    """Give trade and open lines a status and the time that goes with it.

    A status nobody knows is taken as it is: that is how an unknown status gets into the world.
    """
    document["status"] = status
    for line in lines(document):
        if line["status"] not in ENDED:
            line["status"] = status
    if status not in UNPAID and not status.startswith("TRADE_CLOSED"):
        document.setdefault("pay_time", at)
    if status in ("WAIT_BUYER_CONFIRM_GOODS", "TRADE_BUYER_SIGNED", "TRADE_FINISHED"):
        document.setdefault("consign_time", at)
    if status in ENDED:
        document["end_time"] = at
    if status == "TRADE_FINISHED":
        document["received_payment"] = document["payment"]


def ship(document: Document, oids: Collection[int], company: str, out_sid: str, at: str) -> None:
    """Mark lines as shipped; the trade follows when no open line is left to ship."""
    for line in lines(document):
        if line["oid"] in oids:
            line["status"] = "WAIT_BUYER_CONFIRM_GOODS"
            line["consign_time"] = at
            line["invoice_no"] = out_sid
            line["logistics_company"] = company
    waiting = any(line["status"] in TO_SHIP for line in lines(document))
    document["status"] = "SELLER_CONSIGNED_PART" if waiting else "WAIT_BUYER_CONFIRM_GOODS"
    document.setdefault("consign_time", at)


def set_receiver(document: Document, receiver: Receiver, shop_key: str) -> None:
    """The buyer gave another address: masks and oaid are new."""
    document.update(receiver.masked_fields(shop_key))


def set_refund(document: Document, oid: int, refund_id: str, status: str, at: str) -> None:
    """Open or move a refund of one line; a refund that succeeded closes the line."""
    line = next(line for line in lines(document) if line["oid"] == oid)
    line["refund_id"] = refund_id
    line["refund_status"] = status
    if status == "SUCCESS":
        line["status"] = "TRADE_CLOSED"
        if all(line["status"] in ENDED for line in lines(document)):
            move_to(document, "TRADE_CLOSED", at)


def set_buyer_message(document: Document, text: str) -> None:
    """The buyer wrote something; lists only show that there is a message."""
    document["buyer_message"] = text
    document["has_buyer_message"] = bool(text)
