"""The demo's customers. All invented."""

from __future__ import annotations

import random
from dataclasses import dataclass

from orders.receiver import Receiver

_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
_GIVEN = [
    "小满",
    "雨桐",
    "子涵",
    "浩然",
    "梓萱",
    "一诺",
    "欣怡",
    "思远",
    "嘉懿",
    "晨曦",
    "建国",
    "志强",
    "丽华",
    "秀英",
    "文博",
    "晓东",
    "海燕",
    "俊杰",
    "雪梅",
    "国栋",
]
_PLACES = (
    ("浙江省", "杭州市", "西湖区", "文三路"),
    ("浙江省", "宁波市", "鄞州区", "天童北路"),
    ("江苏省", "苏州市", "吴中区", "东吴北路"),
    ("江苏省", "南京市", "江宁区", "双龙大道"),
    ("上海市", "上海市", "浦东新区", "张杨路"),
    ("广东省", "广州市", "天河区", "体育东路"),
    ("广东省", "深圳市", "南山区", "科技园南路"),
    ("四川省", "成都市", "武侯区", "科华北路"),
    ("湖北省", "武汉市", "洪山区", "珞喻路"),
    ("山东省", "青岛市", "市南区", "香港中路"),
    ("河南省", "郑州市", "金水区", "花园路"),
    ("陕西省", "西安市", "雁塔区", "小寨东路"),
    ("福建省", "厦门市", "思明区", "湖滨南路"),
    ("重庆市", "重庆市", "渝中区", "解放碑步行街"),
    ("北京市", "北京市", "朝阳区", "建国路"),
)
_GARAGES = (
    "顺达汽修厂",
    "鑫诚汽车维修",
    "车享家养护中心",
    "老周汽修",
    "捷途汽车服务部",
    "四方汽配行",
)
_MESSAGES = (
    "请放丰巢，谢谢",
    "麻烦尽快发货，车等着修",
    "工作日送货，周末没人",
    "要发票，抬头已发客服",
    "宝宝急用，拜托发顺丰🙏",
    "请仔细检查包装，上次有破损",
)


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody who orders in the demo."""

    receiver: Receiver
    is_company: bool


def make_buyers(draw: random.Random, number: int) -> list[Buyer]:
    """That many buyers, a quarter of them garages."""
    return [_buyer(draw) for _ in range(number)]


def _buyer(draw: random.Random) -> Buyer:
    province, city, district, road = draw.choice(_PLACES)
    is_company = draw.random() < 0.25
    name = draw.choice(_FAMILY) + draw.choice(_GIVEN)
    street = f"{road} {draw.randrange(1, 900)} 号"
    street += (
        draw.choice(_GARAGES)
        if is_company
        else f" {draw.randrange(1, 30)} 幢 {draw.randrange(101, 2604)} 室"
    )
    phone = f"1{draw.choice(('38', '39', '86', '77', '55'))}{draw.randrange(10**8):08d}"
    return Buyer(Receiver(name, phone, province, city, district, street), is_company)


def message(draw: random.Random) -> str:
    """What a buyer writes, mostly nothing."""
    return draw.choice(_MESSAGES) if draw.random() < 0.25 else ""
