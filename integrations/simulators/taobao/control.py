"""What tests and demo may do with the simulated shops, under ``/control/taobao/``."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..clock import parse_time
from ..inputs import Input, Routes
from . import lifecycle
from .documents import Document
from .generator import Order, generate
from .goods import SAMPLE_ITEMS, Item, read_items
from .platform import Platform
from .receivers import Receiver
from .samples import SAMPLE_SHOP
from .spoiling import read_spoil
from .store import Shop, Trade
from .trickle import Trickle


class TaobaoControl:
    """Makes and changes trades, lets shops do business, shows what the seller told."""

    def __init__(self, platform: Platform, items: Sequence[Item] = SAMPLE_ITEMS) -> None:
        self._platform = platform
        self._items = items
        self._trickles: dict[str, Trickle] = {}

    def routes(self) -> Routes:
        """The addresses below ``/control/``."""
        return {
            ("GET", "taobao/accounts"): (self._accounts, ""),
            ("POST", "taobao/session"): (self._session, "shop works"),
            ("POST", "taobao/generate"): (
                self._generate,
                "shop count seed paid_share modified_from modified_to skus",
            ),
            ("POST", "taobao/trickle"): (self._trickle, "shop per_minute skus at_once"),
            ("GET", "taobao/trades"): (self._trades, "shop status limit"),
            ("GET", "taobao/trade"): (self._trade, "shop tid"),
            ("POST", "taobao/change"): (
                self._change,
                "shop tid modified status address buyer_message refund fields",
            ),
            ("POST", "taobao/spoil"): (self._spoil, "shop tid count how where"),
            ("GET", "taobao/shipments"): (self._shipments, ""),
            ("GET", "taobao/stock"): (self._stock, ""),
        }

    def trickle(self, shop: str) -> Trickle:
        """The business of one shop, made on first use."""
        if shop not in self._trickles:
            self._trickles[shop] = Trickle(self._platform, shop, self._items)
        return self._trickles[shop]

    def end_business(self) -> None:
        """No shop makes trades by itself any more."""
        for trickle in self._trickles.values():
            trickle.run(0)
        self._trickles.clear()

    def _shop(self, given: Input) -> Shop:
        key = given.text("shop", SAMPLE_SHOP)
        if key not in self._platform.accounts.sellers:
            raise ValueError(f"no such shop: {key}")
        return self._platform.store.shop(key)

    def _accounts(self, given: Input) -> dict[str, Any]:
        accounts = self._platform.accounts
        return {
            "apps": [{"key": app.key, "secret": app.secret} for app in accounts.apps.values()],
            "shops": [
                {
                    "shop": seller.key,
                    "nick": seller.nick,
                    "app_key": seller.app_key,
                    "session": seller.session,
                    "refresh_token": seller.refresh_token,
                    "code": seller.code,
                    "session_works": seller.session_works,
                }
                for seller in accounts.sellers.values()
            ],
        }

    def _session(self, given: Input) -> dict[str, Any]:
        shop = self._shop(given)
        seller = self._platform.accounts.sellers[shop.key]
        seller.session_works = given.flag("works")
        return {"shop": shop.key, "works": seller.session_works}

    def _generate(self, given: Input) -> dict[str, Any]:
        shop, now = self._shop(given), self._platform.clock.epoch()
        order = Order(
            count=given.whole("count"),
            seed=given.whole("seed", 1),
            paid_share=given.number("paid_share", 0.8),
            modified_from=_moment(given, "modified_from", now - 3600),
            modified_to=_moment(given, "modified_to", now - 120),
            items=_items(given.row("skus"), self._items),
        )
        tids = generate(shop, order)
        return {
            "shop": shop.key,
            "count": len(tids),
            "first_tid": str(tids[0]) if tids else "",
            "last_tid": str(tids[-1]) if tids else "",
        }

    def _trickle(self, given: Input) -> dict[str, Any]:
        shop = self._shop(given)
        trickle = self.trickle(shop.key)
        per_minute = given.number("per_minute")
        trickle.items = _items(given.row("skus"), trickle.items)
        for _ in range(given.whole("at_once", 0)):
            trickle.tick()
        trickle.run(per_minute)
        return {"shop": shop.key, "per_minute": per_minute, "made": trickle.made}

    def _trades(self, given: Input) -> dict[str, Any]:
        shop, status = self._shop(given), given.text("status", "")
        limit = given.whole("limit", 50)
        trades = shop.newest(len(shop)) if status else shop.newest(limit)
        chosen = [trade for trade in trades if not status or trade.status == status][:limit]
        return {
            "count": len(shop),
            "trades": [
                {"tid": str(trade.tid), "status": trade.status, "modified": trade.modified}
                for trade in chosen
            ],
        }

    def _trade(self, given: Input) -> dict[str, Any]:
        shop = self._shop(given)
        trade = _find(shop, given)
        return {"trade": trade.document(), "receiver": trade.receiver.as_dict()}

    def _change(self, given: Input) -> dict[str, Any]:
        shop = self._shop(given)
        trade = _find(shop, given)
        at = given.text("modified", self._platform.clock.text())
        parse_time(at)
        changes = self._read_changes(given, shop, trade, at)

        def apply(document: Document) -> None:
            for change in changes:
                change(document)

        shop.edit(trade.tid, apply, at)
        return {"tid": str(trade.tid), "status": trade.status, "modified": trade.modified}

    def _read_changes(
        self, given: Input, shop: Shop, trade: Trade, at: str
    ) -> list[Callable[[Document], None]]:
        """The changes a body asks for, checked but not applied yet."""
        changes: list[Callable[[Document], None]] = []
        if given.has("status"):
            status = given.text("status")
            changes.append(lambda doc: lifecycle.move_to(doc, status, at))
        if given.has("address"):
            receiver = replace(trade.receiver, oaid="", **_address(given.table("address")))
            trade.receiver = receiver
            changes.append(lambda doc: lifecycle.set_receiver(doc, receiver, shop.key))
        if given.has("buyer_message"):
            message = given.text("buyer_message")
            changes.append(lambda doc: lifecycle.set_buyer_message(doc, message))
        if given.has("refund"):
            changes.append(self._read_refund(Input(given.table("refund")), shop, trade, at))
        if given.has("fields"):
            fields = given.table("fields")
            if fields.keys() & {"tid", "modified", "orders"}:
                raise ValueError("fields cannot replace tid, modified or orders")
            changes.append(lambda doc: doc.update(fields))
        return changes

    def _read_refund(
        self, given: Input, shop: Shop, trade: Trade, at: str
    ) -> Callable[[Document], None]:
        """A refund of one line, the first unless ``oid`` says which; also seen in refund lists."""
        document = trade.document()
        if unknown := given.rest_after("oid", "status"):
            raise ValueError(f"unknown: {', '.join(unknown)}")
        oid = given.whole("oid", lifecycle.lines(document)[0]["oid"])
        status = given.text("status", "WAIT_SELLER_AGREE")
        line = next((line for line in lifecycle.lines(document) if line["oid"] == oid), None)
        if line is None or status not in lifecycle.REFUND_STATUSES:
            raise ValueError("a refund needs an oid of the trade and a known status")
        refund_id = str(line.get("refund_id") or f"2{oid % 10**17:017d}")
        rows = self._platform.store.refunds.setdefault(shop.key, [])
        rows[:] = [row for row in rows if row["refund_id"] != refund_id]
        rows.append(_refund_row(trade, line, refund_id, status, at))
        return lambda doc: lifecycle.set_refund(doc, oid, refund_id, status, at)

    def _spoil(self, given: Input) -> dict[str, Any]:
        shop, how, where = self._shop(given), given.text("how"), given.text("where", "both")
        spoil = None if how == "none" else read_spoil(how, where)
        trades = shop.newest(given.whole("count")) if given.has("count") else [_find(shop, given)]
        for trade in trades:
            trade.spoil = spoil
        return {"spoiled": [str(trade.tid) for trade in trades], "how": how}

    def _shipments(self, given: Input) -> dict[str, Any]:
        told = [shipment.describe() for shipment in self._platform.store.shipments]
        return {
            "accepted": [row for row in told if not row["refused"]],
            "refused": [row for row in told if row["refused"]],
        }

    def _stock(self, given: Input) -> dict[str, Any]:
        stock = self._platform.store.stock
        return {
            "stock": [
                {"shop": shop, "sku_id": str(sku_id), "quantity": quantity}
                for (shop, sku_id), quantity in stock.items()
            ]
        }


def _moment(given: Input, name: str, default: float) -> float:
    return parse_time(given.text(name)) if given.has(name) else default


def _find(shop: Shop, given: Input) -> Trade:
    tid = given.whole("tid")
    trade = shop.get(tid)
    if trade is None:
        raise ValueError(f"shop {shop.key} has no trade {tid}")
    return trade


def _address(given: dict[str, Any]) -> dict[str, str]:
    known = set(Receiver.__dataclass_fields__) - {"oaid"}
    if not given or given.keys() - known or any(not isinstance(v, str) for v in given.values()):
        raise ValueError(f"address takes texts for {sorted(known)}")
    return given


def _refund_row(
    trade: Trade, line: dict[str, Any], refund_id: str, status: str, at: str
) -> Document:
    """A refund as the list call shows it; what the line cost goes back in full."""
    returned = status in ("WAIT_SELLER_CONFIRM_GOODS", "WAIT_BUYER_RETURN_GOODS")
    return {
        "refund_id": refund_id,
        "tid": trade.tid,
        "oid": line["oid"],
        "total_fee": line["total_fee"],
        "refund_fee": line["divide_order_fee"],
        "payment": "0.00",
        "status": status,
        "order_status": line["status"],
        "good_status": "BUYER_RETURNED_GOODS" if returned else "BUYER_NOT_RECEIVED",
        "has_good_return": returned,
        "reason": "不想要了",
        "desc": "",
        "refund_phase": "onsale",
        "refund_version": int(parse_time(at)) * 1000,
        "num": line["num"],
        "outer_id": line["outer_sku_id"],
        "sku": f"{line['sku_id']}|{line['sku_properties_name']}",
        "created": at,
        "modified": at,
        "dispute_type": "REFUND_AND_RETURN" if returned else "REFUND",
        "operation_contraint": "null",
    }


def _items(entries: list[Any], default: Sequence[Item]) -> Sequence[Item]:
    return read_items(entries) if entries else default
