"""Shipping: what a seller tells the platform about parcels."""

import re

from ..files import load
from .documents import Document
from .errors import TopError, invalid_argument, shipping
from .lifecycle import ENDED, REFUND_AT_REST, TO_SHIP, UNPAID, lines, ship
from .platform import Call, Members
from .store import Shipment, Trade

_WAYBILL = re.compile(r"[A-Za-z0-9-]{8,35}")


def companies_get(call: Call) -> Members:
    """``taobao.logistics.companies.get``: carriers with the codes that shipping accepts."""
    names = {name.strip() for name in call.need("fields").split(",")}
    companies = load("taobao/logistics_companies.json")
    chosen = [{name: row[name] for name in row if name in names} for row in companies]
    return {"logistics_companies": {"logistics_company": chosen}}


def offline_send(call: Call) -> Members:
    """``taobao.logistics.offline.send``: the seller's own waybill for a whole or split trade.

    Accepted or refused, the call is remembered with what it said.
    """
    told = Shipment(
        shop=call.shop.key,
        tid=0,
        oids=[],
        out_sid=call.args.get("out_sid", "").strip(),
        company_code=call.args.get("company_code", "").strip(),
        is_split=call.args.get("is_split") == "1",
        at=call.platform.clock.text(),
    )
    try:
        _send(call, told)
    except TopError as error:
        told.refused = error.sub_code or error.msg
        raise
    finally:
        call.platform.store.shipments.append(told)
    return {"shipping": {"is_success": True}}


def _send(call: Call, told: Shipment) -> None:
    tid = call.need("tid")
    if not tid.isascii() or not tid.isdigit():
        raise invalid_argument("tid")
    told.tid = int(tid)
    for name in ("out_sid", "company_code"):
        if name not in call.args:
            call.need(name)
    trade = call.shop.get(told.tid)
    if trade is None:
        raise shipping("B01")
    _check_waybill(call, told, trade)
    document = trade.document()
    told.oids = _oids_to_ship(call, told, document)
    company = next(row["name"] for row in _companies() if row["code"] == told.company_code)
    oids, out_sid, at = told.oids, told.out_sid, told.at
    call.shop.edit(trade.tid, lambda doc: ship(doc, oids, company, out_sid, at), at)


def _companies() -> list[Document]:
    companies: list[Document] = load("taobao/logistics_companies.json")
    return companies


def _check_waybill(call: Call, told: Shipment, trade: Trade) -> None:
    """Carrier known, number well-formed, and not on somebody else's parcel.

    Two trades of one receiver may share a waybill: that is a merged parcel.
    """
    if not told.company_code:
        raise shipping("B56")
    if all(row["code"] != told.company_code for row in _companies()):
        raise shipping("B57")
    if not told.out_sid:
        raise shipping("B59")
    if not _WAYBILL.fullmatch(told.out_sid):
        raise shipping("B60")
    user = call.platform.store.waybill_user(told.company_code, told.out_sid)
    if user is not None and (user.shop, user.tid) != (told.shop, told.tid):
        other = call.platform.store.shop(user.shop).get(user.tid)
        if other is None or other.receiver != trade.receiver:
            raise shipping("B60")


def _oids_to_ship(call: Call, told: Shipment, document: Document) -> list[int]:
    """The lines this parcel takes; refuses what the state of trade and lines does not allow."""
    sub_tid = call.args.get("sub_tid", "").strip()
    if bool(sub_tid) != told.is_split:
        raise shipping("P38")
    if document["status"] in UNPAID:
        raise shipping("B02")
    if document["status"] not in TO_SHIP:
        raise shipping("B04")
    chosen = [line for line in lines(document) if line["status"] not in ENDED]
    if told.is_split:
        wanted = {part.strip() for part in sub_tid.split(",")}
        if wanted - {str(line["oid"]) for line in chosen}:
            raise shipping("CD22")
        chosen = [line for line in chosen if str(line["oid"]) in wanted]
        if any(line["status"] not in TO_SHIP for line in chosen):
            raise shipping("B04")
    chosen = [line for line in chosen if line["status"] in TO_SHIP]
    if not chosen:
        raise shipping("B04")
    if any(line["refund_status"] not in REFUND_AT_REST for line in chosen):
        raise shipping("B55")
    return [line["oid"] for line in chosen]
