"""Parcels on their way: stages, trace lines, and the trace as Kuaidi100 shows it."""

from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

COMPANIES = {
    "shunfeng": "顺丰速运",
    "zhongtong": "中通快递",
    "yuantong": "圆通速递",
    "shentong": "申通快递",
    "yunda": "韵达快递",
    "jtexpress": "极兔速递",
    "jd": "京东快递",
    "ems": "EMS",
    "youzhengguonei": "邮政快递包裹",
    "debangkuaidi": "德邦快递",
    "huitongkuaidi": "百世快递",
    "fengwang": "丰网速运",
}
NEEDS_PHONE = frozenset({"shunfeng", "zhongtong", "fengwang"})
_PREFIXES = (
    ("SF", "shunfeng"),
    ("YT", "yuantong"),
    ("JDV", "jd"),
    ("JD", "jd"),
    ("JT", "jtexpress"),
    ("DPK", "debangkuaidi"),
    ("755", "zhongtong"),
    ("76", "zhongtong"),
    ("78", "zhongtong"),
    ("77", "shentong"),
    ("43", "yunda"),
    ("46", "yunda"),
    ("98", "youzhengguonei"),
    ("11", "ems"),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a parcel: its fine code (resultv2 4), coarse state and words."""

    code: str
    state: str
    word: str
    text: str
    ends: bool = False


# Codes: execution.md, section 8.
STAGES = {
    "registered": Stage("102", "1", "待揽收", "【{origin}】商家已下单，等待揽收"),
    "collected": Stage("103", "1", "揽收", "【{origin}】已揽收"),
    "in_transit": Stage("0", "0", "在途", "【{origin}转运中心】已发出"),
    "arrived": Stage("1001", "0", "到达派件城市", "快件已到达【{target}转运中心】"),
    "out_for_delivery": Stage("5", "5", "派件", "【{target}】快递员正在派送，电话13900000008"),
    "awaiting_pickup": Stage(
        "501", "5", "投柜或驿站", "快件已到达【{target}】示例驿站，请凭取件码领取"
    ),
    "delivered": Stage("301", "3", "本人签收", "已签收，签收人：本人", ends=True),
    "exception": Stage("201", "2", "超时未签收", "【{target}】派送异常：联系不上收件人"),
    "rejected": Stage("14", "14", "拒签", "收件人拒收，拒收原因：不需要了"),
    "returning": Stage("6", "6", "退回", "快件已退回，正发往【{origin}】"),
    "returned": Stage("4", "4", "退签", "退回件已由寄件人签收", ends=True),
}
ROAD = ("collected", "in_transit", "arrived", "out_for_delivery", "delivered")
_CITIES = (
    ("苏州市", "320500"),
    ("杭州市", "330100"),
    ("广州市", "440100"),
    ("成都市", "510100"),
    ("武汉市", "420100"),
    ("南京市", "320100"),
    ("长沙市", "430100"),
    ("郑州市", "410100"),
    ("西安市", "610100"),
    ("青岛市", "370200"),
)


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One event of a parcel; ``at`` is ``yyyy-MM-dd HH:mm:ss`` in Shanghai."""

    at: str
    text: str
    code: str
    state: str
    word: str
    city: int

    def shown(self, *, fine: bool) -> dict[str, str]:
        """The line as JSON; codes and areas only for callers with resultv2."""
        line = {"time": self.at, "ftime": self.at, "context": self.text}
        if fine:
            line["areaName"], code = _CITIES[self.city]
            line["areaCode"] = f"CN{code}000000"
            line["status"] = self.word
            line["statusCode"] = self.code
            line["location"] = ""
        return line


@dataclass(slots=True)
class Parcel:
    """A waybill number with its carrier, the receiver's phone tail and its trace, oldest first."""

    company: str
    number: str
    phone_tail: str = ""
    trace: list[TraceLine] = field(default_factory=list)
    ended: bool = False

    def add(self, stage_name: str, at: str, *, code: str = "") -> None:
        """Something happened to the parcel; ``code`` overrides the stage's own code."""
        stage = STAGES[stage_name]
        mark = crc32(self.number.encode())
        origin, target = mark % len(_CITIES), (mark // 16 + 3) % len(_CITIES)
        text = stage.text.format(origin=_CITIES[origin][0], target=_CITIES[target][0])
        city = target if "{target}" in stage.text else origin
        line = TraceLine(at, text, code or stage.code, code or stage.state, stage.word, city)
        self.trace.append(line)
        self.trace.sort(key=lambda line: line.at)
        self.ended = self.ended or stage.ends

    def next_stage(self) -> str | None:
        """What comes next on the ordinary road; ``None`` at its end or off it."""
        if not self.trace:
            return ROAD[0]
        codes = [STAGES[name].code for name in ROAD]
        last = self.trace[-1].code
        if self.ended or last not in codes[:-1]:
            return None
        return ROAD[codes.index(last) + 1]

    def accepts_phone(self, phone: str) -> bool:
        """Whether a phone (whole or last four) fits; the first one given is remembered."""
        tail = phone.strip()[-4:]
        if len(tail) < 4 or not tail.isascii() or not tail.isdigit():
            return False
        if not self.phone_tail:
            self.phone_tail = tail
        return self.phone_tail == tail

    def shown(self, *, fine: bool, newest_first: bool = True) -> dict[str, Any]:
        """The whole trace as the query answers it and each push repeats it."""
        last = self.trace[-1]
        lines = reversed(self.trace) if newest_first else iter(self.trace)
        return {
            "message": "ok",
            "nu": self.number,
            "ischeck": "1" if last.state == "3" else "0",
            "com": self.company,
            "status": "200",
            "state": last.code if fine else last.state,
            "condition": "F00" if last.code == "103" else "00",
            "data": [line.shown(fine=fine) for line in lines],
        }


def guess_company(number: str) -> tuple[str, str] | None:
    """Carrier and the prefix that gave it away."""
    for prefix, company in _PREFIXES:
        if number.upper().startswith(prefix):
            return company, prefix
    return None
