"""Makes believable trades, the same ones for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from ..clock import format_time
from .documents import Document
from .goods import Item
from .people import invent_message, invent_receiver
from .receivers import Receiver
from .store import Shop

FIRST_TID = 4_200_000_000_000_000_000
TIDS_PER_SEED = 100_000_000_000
_COUPON_ID = "shopbonus-1_2"


@dataclass(frozen=True, slots=True)
class Order:
    """What to generate: how many, paid how often, modified when (Unix seconds)."""

    count: int
    seed: int
    paid_share: float
    modified_from: float
    modified_to: float
    items: Sequence[Item]


def generate(shop: Shop, order: Order) -> list[int]:
    """Put ``order.count`` trades into the shop, spread over the modified window; their numbers.

    The same seed gives the same trades with the same numbers, also in another shop: the same
    number in two shops is two trades. About one buyer in three orders again.
    """
    chance = Random(order.seed)
    first = FIRST_TID + order.seed % 1_000_000 * TIDS_PER_SEED
    regulars = [invent_receiver(chance) for _ in range(max(1, order.count // 6))]
    span = max(0.0, order.modified_to - order.modified_from)
    tids = []
    for number in range(order.count):
        known = chance.random() < 0.33
        receiver = chance.choice(regulars) if known else invent_receiver(chance)
        modified = order.modified_from + span * (number + chance.random()) / order.count
        document = invent_trade(
            chance,
            tid=first + number * 10,
            shop_key=shop.key,
            receiver=receiver,
            items=order.items,
            modified=min(modified, order.modified_to),
            paid=chance.random() < order.paid_share,
        )
        shop.put(document, receiver)
        tids.append(document["tid"])
    return tids


def invent_trade(
    chance: Random,
    *,
    tid: int,
    shop_key: str,
    receiver: Receiver,
    items: Sequence[Item],
    modified: float,
    paid: bool,
) -> Document:
    """One trade with one to four lines; amounts add up the way Taobao adds them.

    ``tid`` has to leave the next nine numbers free for the lines.
    """
    status = "WAIT_SELLER_SEND_GOODS" if paid else "WAIT_BUYER_PAY"
    chosen = chance.sample(items, min(len(items), chance.choice((1, 1, 1, 2, 2, 3, 4))))
    postage = chance.choice((0, 0, 0, 800))
    lines, coupon = _lines(chance, tid, chosen, status, postage)
    goods = sum(item.price * line["num"] for item, line in zip(chosen, lines, strict=True))
    created = modified if not paid else modified - chance.randrange(60, 1500)
    message = invent_message(chance) if chance.random() < 0.15 else ""
    document: Document = {
        "tid": tid,
        "tid_str": str(tid),
        "status": status,
        "type": "fixed",
        "buyer_nick": f"{receiver.name[:1]}**",
        "buyer_open_uid": f"AAHk{tid % 1_000_003:07d}{receiver.mobile[-4:]}",
        "payment": yuan(goods - coupon + postage),
        "post_fee": yuan(postage),
        "total_fee": yuan(goods),
        "discount_fee": "0.00",
        "adjust_fee": "0.00",
        "received_payment": "0.00",
        "created": format_time(created),
    }
    if paid:
        document["pay_time"] = format_time(min(modified, created + chance.randrange(5, 60)))
    document |= {
        "modified": format_time(modified),
        "seller_flag": 0,
        "has_buyer_message": bool(message),
        "shipping_type": "express",
        "orders": {"order": lines},
        "buyer_message": message,
        "seller_memo": "",
    }
    document |= receiver.masked_fields(shop_key)
    if coupon:
        document["promotion_details"] = _promotion(lines[0]["oid"], coupon)
    return document


def yuan(cents: int) -> str:
    """Cents as the yuan text of TOP, two decimals."""
    return f"{cents // 100}.{cents % 100:02d}"


def _lines(
    chance: Random, tid: int, items: Sequence[Item], status: str, postage: int
) -> tuple[list[dict[str, Any]], int]:
    """Lines and the coupon in cents, which is taken off the first line.

    A single line has the trade's own number and its payment includes the postage.
    """
    lines, coupon = [], 0
    for place, item in enumerate(items):
        num = chance.choice((1, 1, 1, 1, 2, 2, 3))
        discount = 1000 if place == 0 and item.price * num >= 20000 and chance.random() < 0.4 else 0
        coupon += discount
        alone = len(items) == 1
        oid = tid if alone else tid + 1 + place
        lines.append(_line(oid, item, num, discount, postage if alone else 0, status))
    return lines, coupon


def _line(
    oid: int, item: Item, num: int, discount: int, postage: int, status: str
) -> dict[str, Any]:
    total = item.price * num - discount
    return {
        "oid": oid,
        "oid_str": str(oid),
        "num_iid": item.num_iid,
        "sku_id": item.sku_id,
        "outer_iid": item.code.rsplit("-", 1)[0],
        "outer_sku_id": item.code,
        "title": item.title,
        "sku_properties_name": item.properties,
        "num": num,
        "price": yuan(item.price),
        "total_fee": yuan(total),
        "payment": yuan(total + postage),
        "discount_fee": yuan(discount),
        "adjust_fee": "0.00",
        "divide_order_fee": yuan(total),
        "part_mjz_discount": "0.00",
        "status": status,
        "refund_status": "NO_REFUND",
        "buyer_rate": False,
        "seller_type": "B",
        "is_oversold": False,
        "cid": 50010850,
        "pic_path": "https://img.alicdn.com/bao/uploaded/demo.jpg",
    }


def _promotion(oid: int, coupon: int) -> dict[str, Any]:
    return {
        "promotion_detail": [
            {
                "id": oid,
                "promotion_name": "店铺优惠券",
                "discount_fee": yuan(coupon),
                "promotion_id": _COUPON_ID,
                "promotion_desc": "满200减10",
            }
        ]
    }
