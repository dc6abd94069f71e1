"""What can be bought: a catalogue made from the codes that a caller hands over."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zlib import crc32

_TITLES = (
    "婴儿纸尿裤 超薄透气 干爽 整箱装",
    "婴幼儿配方奶粉 3段 800g 罐装",
    "宽口径玻璃奶瓶 防胀气 240ml",
    "儿童安全座椅 汽车用 0-7岁 可躺",
    "高景观婴儿推车 轻便可折叠",
    "婴儿湿巾 手口专用 80抽*10包",
    "汽车刹车片 前轮 陶瓷 静音",
    "机油滤清器 滤芯 保养套装",
    "全合成机油 5W-30 4L",
    "雨刮器 无骨 静音 一对装",
    "空调滤芯 活性炭 防雾霾",
    "车载充电器 双口快充",
    "冷鲜乳酪 儿童奶酪棒 500g 冷链",
    "深海鳕鱼块 宝宝辅食 冷冻 400g",
    "低温鲜牛奶 950ml 冷藏配送",
    "进口车厘子 J级 2斤 冷链到家",
)
_PROPERTIES = ("规格:标准", "颜色:白", "颜色:黑", "尺码:L", "规格:大号", "净含量:500g")


@dataclass(frozen=True, slots=True)
class Item:
    """One sellable SKU of a shop; ``price`` is in cents."""

    code: str
    title: str
    price: int
    properties: str
    num_iid: int
    sku_id: str


SAMPLE_ITEMS = (
    Item("TEA-LJ-250", "龙井绿茶 明前 礼盒", 19800, "净含量:250g", 680000000001, "5200000000001"),
    Item("CUP-WH-350", "白瓷盖碗 350ml", 4400, "颜色:白", 680000000002, "5200000000002"),
)
_SAMPLE_BY_CODE = {item.code: item for item in SAMPLE_ITEMS}


def read_items(entries: Sequence[Any]) -> list[Item]:
    """Items from codes, or from objects ``{code, title?, price?, properties?}`` (yuan text).

    Title, price and platform ids that are not given follow from the code alone, so they are the
    same in every run. ``ValueError`` when an entry has no code.
    """
    return [_read_item(entry) for entry in entries]


def _read_item(entry: Any) -> Item:
    given = {"code": entry} if isinstance(entry, str) else entry
    code = given.get("code") if isinstance(given, dict) else None
    if not isinstance(code, str) or not code:
        raise ValueError(f"an item needs a code: {entry!r}")
    try:
        return _SAMPLE_BY_CODE.get(code) or _item(code, given)
    except ArithmeticError:
        raise ValueError(f"{code}: the price is not a number") from None


def sku_id_of(code: str) -> int:
    """The platform's SKU id for a seller code."""
    sample = _SAMPLE_BY_CODE.get(code)
    return int(sample.sku_id) if sample else 5_300_000_000_000 + crc32(code.encode())


def _item(code: str, given: dict[str, Any]) -> Item:
    mark = crc32(code.encode())
    price = given.get("price")
    return Item(
        code=code,
        title=str(given.get("title") or _TITLES[mark % len(_TITLES)]),
        price=int(Decimal(str(price)) * 100) if price is not None else 990 + mark % 600 * 50,
        properties=str(given.get("properties") or _PROPERTIES[mark // 7 % len(_PROPERTIES)]),
        num_iid=690_000_000_000 + mark,
        sku_id=str(sku_id_of(code)),
    )
