"""What the outside world remembers over a restart: trades, parcels, tokens, messages.

Faults, counters and limits are not saved. The file is written whole and put in place by a
rename, so it is never half a file; after a kill, what happened since the last save is lost.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .alipay.service import Alipay
from .alipay.service import Trade as AlipayTrade
from .keys import KeyPair
from .kingdee.bills import FORMS, Bill
from .kingdee.service import Kingdee
from .kuaidi100.parcels import Parcel, TraceLine
from .kuaidi100.pushing import Subscription
from .taobao.receivers import Receiver
from .taobao.store import Shipment
from .wechatpay.service import Refund as WeChatRefund
from .wechatpay.service import Trade as WeChatTrade
from .wechatpay.service import WeChatPay
from .wecom.robot import Message

if TYPE_CHECKING:
    from .world import World

FORMAT = 1


def save(world: World, path: Path) -> None:
    """Write the state of the world to ``path``."""
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(_dump(world), ensure_ascii=False), "utf-8")
    os.replace(new, path)


def restore(world: World, path: Path) -> bool:
    """Take up the state that was saved; false, and nothing changed, when there is none.

    Raises ``ValueError`` for a file of another make.
    """
    if not path.exists():
        return False
    saved = json.loads(path.read_text("utf-8"))
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise ValueError(f"{path} was not written by these simulators")
    _load_taobao(world, saved["taobao"])
    _load_kuaidi100(world, saved["kuaidi100"])
    world.robots.messages.extend(Message(**message) for message in saved["wecom"])
    # A file of before payments were played has none.
    if "wechatpay" in saved:
        _load_wechatpay(world.wechatpay, saved["wechatpay"])
        _load_alipay(world.alipay, saved["alipay"])
    if "kingdee" in saved:
        _load_kingdee(world.kingdee, saved["kingdee"])
    return True


def _dump(world: World) -> dict[str, Any]:
    store, service = world.taobao.store, world.kuaidi100
    return {
        "format": FORMAT,
        "taobao": {
            "sellers": [asdict(seller) for seller in world.taobao.accounts.sellers.values()],
            "shops": {
                key: [[trade.document(), trade.receiver.as_dict()] for trade in shop]
                for key, shop in store.shops.items()
            },
            "refunds": store.refunds,
            "shipments": [asdict(shipment) for shipment in store.shipments],
            "stock": [[shop, sku_id, quantity] for (shop, sku_id), quantity in store.stock.items()],
        },
        "kuaidi100": {
            "parcels": [asdict(parcel) for parcel in service.parcels.values()],
            "subscriptions": [asdict(s) for s in service.subscriptions.values()],
        },
        "wecom": [asdict(message) for message in world.robots.messages],
        "wechatpay": _dump_wechatpay(world.wechatpay),
        "alipay": _dump_alipay(world.alipay),
        "kingdee": _dump_kingdee(world.kingdee),
    }


def _dump_keys(service: WeChatPay | Alipay) -> dict[str, str]:
    """Private keys that were needed so far: the merchant has entered them elsewhere."""
    return {
        name: getattr(service, name).private_pem
        for name in ("merchant", "platform")
        if getattr(service, name).was_made
    }


def _dump_wechatpay(service: WeChatPay) -> dict[str, Any]:
    return {
        "keys": _dump_keys(service),
        "trades": [asdict(trade) for trade in service.trades.values()],
        "refunds": [asdict(refund) for refund in service.refunds.values()],
        "paid": service.paid,
    }


def _dump_alipay(service: Alipay) -> dict[str, Any]:
    return {
        "keys": _dump_keys(service),
        "trades": [
            asdict(trade)
            | {
                "total": str(trade.total),
                "refunds": {number: str(amount) for number, amount in trade.refunds.items()},
            }
            for trade in service.trades.values()
        ],
        "paid": service.paid,
    }


def _load_keys(service: WeChatPay | Alipay, saved: dict[str, str]) -> None:
    for name, pem in saved.items():
        setattr(service, name, KeyPair(pem))


def _load_wechatpay(service: WeChatPay, saved: dict[str, Any]) -> None:
    _load_keys(service, saved["keys"])
    service.trades.update({row["transaction_id"]: WeChatTrade(**row) for row in saved["trades"]})
    service.refunds.update({row["out_refund_no"]: WeChatRefund(**row) for row in saved["refunds"]})
    service.paid.update(saved["paid"])


def _load_alipay(service: Alipay, saved: dict[str, Any]) -> None:
    _load_keys(service, saved["keys"])
    for row in saved["trades"]:
        row["total"] = Decimal(row["total"])
        row["refunds"] = {number: Decimal(amount) for number, amount in row["refunds"].items()}
        service.trades[row["trade_no"]] = AlipayTrade(**row)
    service.paid.update(saved["paid"])


def _load_taobao(world: World, saved: dict[str, Any]) -> None:
    store, accounts = world.taobao.store, world.taobao.accounts
    for row in saved["sellers"]:
        seller = accounts.sellers[row["key"]]
        accounts.use_session(seller, row["session"])
        seller.refresh_token = row["refresh_token"]
        seller.session_works, seller.code_used = row["session_works"], row["code_used"]
    for key, trades in saved["shops"].items():
        for document, receiver in trades:
            store.shop(key).put(document, Receiver(**receiver))
    store.refunds.update(saved["refunds"])
    store.shipments.extend(Shipment(**row) for row in saved["shipments"])
    store.stock.update({(shop, sku_id): quantity for shop, sku_id, quantity in saved["stock"]})


def _load_kuaidi100(world: World, saved: dict[str, Any]) -> None:
    service = world.kuaidi100
    for row in saved["parcels"]:
        row["trace"] = [TraceLine(**line) for line in row["trace"]]
        service.parcels[row["number"]] = Parcel(**row)
    for row in saved["subscriptions"]:
        subscription = Subscription(**row)
        service.subscriptions[subscription.company, subscription.number] = subscription


def _dump_kingdee(service: Kingdee) -> dict[str, Any]:
    return {
        "last_id": service.last_id,
        "made": service.made,
        "bills": [asdict(bill) | {"form": bill.form.id} for bill in service.bills.values()],
    }


def _load_kingdee(service: Kingdee, saved: dict[str, Any]) -> None:
    service.last_id, service.made = saved["last_id"], saved["made"]
    for row in saved["bills"]:
        bill = Bill(**(row | {"form": FORMS[row["form"]]}))
        service.bills[bill.form.id, bill.number] = bill
