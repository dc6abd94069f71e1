"""The demo's goods: car parts, mother-and-baby, some of it cold, and two things for the table."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import product

from inventory.actions import Receipt, receive_goods, set_safety_stock
from inventory.models import Bin, Sku, StockLevel, Warehouse
from inventory.models.catalogue import Temperature
from ordercenter.core import moments
from ordercenter.core.actor import Actor

_PARTS = (
    # code, name, price from, grams
    ("BP", "前刹车片", 138, 1800),
    ("BR", "后刹车片", 118, 1500),
    ("BD", "刹车盘", 268, 7200),
    ("OF", "机油滤清器", 28, 320),
    ("AF", "空气滤清器", 36, 280),
    ("CF", "空调滤清器", 42, 210),
    ("FF", "汽油滤清器", 58, 380),
    ("SP", "火花塞（4支装）", 168, 260),
    ("WB", "无骨雨刮器（一对）", 79, 540),
    ("SA", "前减震器", 458, 4300),
    ("WP", "水泵总成", 236, 1900),
    ("TB", "正时皮带套装", 398, 1600),
    ("BT", "蓄电池 60Ah", 428, 15200),
    ("HL", "前大灯总成", 960, 3900),
    ("TR", "转向拉杆球头", 88, 720),
    ("CK", "离合器三件套", 620, 6400),
)
# What a thing is bought for, as a share of its list price.
_COST_SHARE = Decimal("0.58")
_CARS = (
    "大众 朗逸 1.5L", "大众 迈腾 2.0T", "大众 速腾 1.4T", "丰田 卡罗拉 1.2T", "丰田 凯美瑞 2.5L",
    "丰田 汉兰达 2.5L", "本田 思域 1.5T", "本田 雅阁 1.5T", "本田 CR-V 1.5T", "日产 轩逸 1.6L",
    "日产 天籁 2.0L", "日产 奇骏 2.5L", "别克 英朗 1.5L", "别克 君威 2.0T", "别克 GL8 2.0T",
    "福特 福克斯 1.5L", "福特 锐界 2.0T", "吉利 帝豪 1.5L", "吉利 博越 1.8T", "长安 逸动 1.6L",
    "长安 CS75 1.5T", "哈弗 H6 1.5T", "比亚迪 宋 1.5T", "比亚迪 秦 1.5L", "奇瑞 瑞虎8 1.6T",
    "荣威 RX5 1.5T", "现代 伊兰特 1.5L", "起亚 K3 1.5L", "马自达 昂克赛拉 1.5L", "奥迪 A4L 2.0T",
    "奥迪 A6L 2.0T", "奥迪 Q5L 2.0T", "宝马 3系 2.0T", "宝马 5系 2.0T", "宝马 X3 2.0T",
    "奔驰 C级 1.5T", "奔驰 E级 2.0T", "奔驰 GLC 2.0T", "沃尔沃 S60 2.0T", "雪佛兰 科鲁兹 1.5L",
)  # fmt: skip
_GRADES = (("A", "原厂品质", 1.0), ("B", "经济型", 0.62), ("C", "性能升级", 1.45))
_BABY = (
    ("DP", "纸尿裤", ("NB", "S", "M", "L", "XL", "XXL"), 89, 2100),
    ("PP", "拉拉裤", ("M", "L", "XL", "XXL", "XXXL"), 99, 2200),
    ("MK", "婴幼儿配方奶粉 800g", ("1段", "2段", "3段", "4段"), 268, 1100),
    ("BB", "宽口径玻璃奶瓶", ("120ml", "160ml", "240ml"), 68, 320),
    ("WW", "手口湿巾 80抽×10包", ("原味", "芦荟"), 59, 4200),
    ("CS", "儿童安全座椅", ("0-4岁", "3-12岁"), 1299, 12500),
    ("ST", "高景观婴儿推车", ("雅黑", "奶咖", "藏青"), 1599, 11200),
    ("TC", "婴儿连体衣", ("59码", "66码", "73码", "80码", "90码"), 79, 260),
)
_BRANDS = ("贝乐", "小鹿妈咪", "暖芽", "安心熊", "初生季")
_COLD = (
    ("CH", "儿童奶酪棒 500g", Temperature.CHILLED, 49, 650),
    ("YG", "低温酸奶 12杯", Temperature.CHILLED, 56, 1500),
    ("FM", "冷藏鲜牛奶 950ml", Temperature.CHILLED, 18, 1000),
    ("CD", "深海鳕鱼块 400g", Temperature.FROZEN, 88, 600),
    ("SM", "三文鱼肉泥 辅食 240g", Temperature.FROZEN, 76, 420),
    ("BF", "牛里脊辅食粒 300g", Temperature.FROZEN, 69, 480),
)
# The channel simulator's recorded trades ask for these two.
_TABLE = (
    ("TEA-LJ-250", "龙井绿茶 明前 礼盒", 198, 420),
    ("CUP-WH-350", "白瓷盖碗 350ml", 44, 380),
)
WAREHOUSES = (
    ("HZ", "杭州中心仓", "浙江省", "杭州市", "萧山区新街街道物流园 3 号", 1),
    ("GZ", "广州白云仓", "广东省", "广州市", "白云区太和镇大源路 18 号", 2),
    ("CD", "成都双流仓", "四川省", "成都市", "双流区航空港物流大道 66 号", 3),
)
CLERK = Actor.system("command:opening stock")


@dataclass(frozen=True, slots=True)
class Goods:
    """A SKU to be made; price in yuan, weight in grams."""

    code: str
    name: str
    category: str
    brand: str
    spec: str
    price: Decimal
    grams: int
    temperature: Temperature = Temperature.AMBIENT


def all_goods() -> Iterator[Goods]:
    """The whole catalogue, the same in every run."""
    for number, ((code, name, price, grams), (car, grade)) in enumerate(
        product(_PARTS, product(_CARS, _GRADES))
    ):
        letter, word, factor = grade
        yield Goods(
            f"{code}-{number // len(_GRADES) % len(_CARS) + 1:02d}-{letter}",
            f"{car} {name}",
            "汽车配件",
            car.split()[0],
            word,
            Decimal(round(price * factor)),
            grams,
        )
    for code, name, sizes, price, grams in _BABY:
        for (place, brand), (step, size) in product(enumerate(_BRANDS, 1), enumerate(sizes, 1)):
            yield Goods(
                f"{code}-{place}{step}", f"{brand} {name} {size}", "母婴用品", brand, size,
                Decimal(price + 7 * place + 3 * step), grams,
            )  # fmt: skip
    for code, name, temperature, price, grams in _COLD:
        for place, brand in enumerate(_BRANDS, 1):
            yield Goods(
                f"{code}-{place}", f"{brand} {name}", "冷链食品", brand, "",
                Decimal(price + 2 * place), grams, temperature,
            )  # fmt: skip
    for code, name, price, grams in _TABLE:
        yield Goods(code, name, "茶具茶叶", "山里", "", Decimal(price), grams)


def ensure_goods() -> None:
    """Warehouses, SKUs, and opening stock received through the delivery-note action."""
    for code, name, province, city, address, rank in WAREHOUSES:
        Warehouse.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "province": province,
                "city": city,
                "address": address,
                "contact": "仓管",
                "phone": "0571-88880000",
                "rank": rank,
            },
        )
    Sku.objects.bulk_create(
        (
            Sku(
                code=item.code,
                name=item.name,
                category=item.category,
                brand=item.brand,
                spec=item.spec,
                price=item.price,
                weight_grams=item.grams,
                temperature=item.temperature,
                barcode=f"69{abs(_number_of(item.code)):011d}",
            )
            for item in all_goods()
        ),
        ignore_conflicts=True,
    )


def _number_of(code: str) -> int:
    return random.Random(code).randrange(10**11)


def ensure_stock() -> None:
    """Each SKU lies in one to three warehouses; food in batches that expire. Once only."""
    if StockLevel.objects.exists():
        return
    draw = random.Random(7)
    houses = list(Warehouse.objects.order_by("rank"))
    today = moments.now().date()
    for house in houses:
        receipts = []
        for sku in Sku.objects.order_by("pk"):
            if house.rank > 1 and draw.random() > 0.4 and not sku.code.startswith(("TEA", "CUP")):
                continue
            is_food = sku.temperature != Temperature.AMBIENT
            receipts.append(
                Receipt(
                    sku.pk,
                    house.pk,
                    _pieces(draw, sku.code),
                    bin_code=f"{draw.randrange(1, 25):02d}-{draw.randrange(1, 31):02d}"
                    f"-{draw.randrange(1, 6)}",
                    batch_code=f"B{today:%y%m}{draw.randrange(1, 9)}" if is_food else "",
                    expires_on=today + timedelta(days=365) if is_food else None,
                    unit_cost=(sku.price * _COST_SHARE).quantize(Decimal("0.01")),
                )
            )
        receive_goods(receipts, document=f"OPENING-{house.code}", actor=CLERK)
    _place_bins()
    _set_safety(draw)


def _pieces(draw: random.Random, code: str) -> int:
    """Plenty of most things, little of some: shortages and low stock are part of the story."""
    if code.startswith(("TEA", "CUP")):
        return 5000
    return draw.choice((4, 9, 30, 60, 80, 120, 200, 350))


def _place_bins() -> None:
    """Aisle, bay and shelf level of a bin are in its code."""
    rows = list(Bin.objects.all())
    for row in rows:
        row.aisle, row.bay, row.level = (int(part) for part in row.code.split("-"))
    Bin.objects.bulk_update(rows, ["aisle", "bay", "level"], batch_size=500)


def _set_safety(draw: random.Random) -> None:
    """Safety stock is part of the opening balance, like the goods."""
    for level in StockLevel.objects.filter(on_hand__lt=10).order_by("pk")[:40]:
        set_safety_stock(
            sku=level.sku_id, warehouse=level.warehouse_id, safety=draw.choice((5, 10)), actor=CLERK
        )
