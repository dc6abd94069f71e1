"""The merchant's side of WeChat Pay: trades, refunds, their states and notices."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..clock import Clock, format_time
from ..counters import Counters
from ..faults import FaultPlan, with_transport_faults
from ..keys import KeyPair
from ..notices import Letter, Notifier, Sent, tried
from ..wire import Answer, Request, Response, to_json
from .signing import read_authorization, request_message, seal, signed_headers

SYSTEM = "wechatpay"
PREFIX = "/v3/refund/domestic/refunds"
CREATE, QUERY, NOTICE = "refund.create", "refund.query", "notice"
# Refused before anything happened / done, and then answered with an error.
REFUSALS = frozenset({"error", "error_after"})
# Replies whose signature is missing or somebody else's.
SPOILED = frozenset({"unsigned", "forged"})
NOTICE_FAULTS = frozenset(
    {
        "no_notice",
        "notice_twice",
        "notice_first",
        "notice_forged",
        "notice_stale",
        "notice_wrong_amount",
    }
)
STATES = ("PROCESSING", "SUCCESS", "ABNORMAL", "CLOSED")
MOST_PARTS = 50
CLOCKS_DIFFER_SECONDS = 300
_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
_LOCAL = ("127.0.0.1", "localhost", "::1")

MCHID = "1900000001"
MERCHANT_SERIAL = "0123456789ABCDEF0123456789ABCDEF01234567"
PLATFORM_SERIAL = "PUB_KEY_ID_0119000000012026112200000000000000"
API_V3_KEY = "0123456789abcdef0123456789abcdef"


class Refused(Exception):
    """The API's own error: status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


@dataclass(slots=True)
class Trade:
    """A payment that came in; amounts are fen."""

    transaction_id: str
    total: int
    out_trade_no: str = ""


@dataclass(slots=True)
class Refund:
    """A refund by the merchant's number."""

    out_refund_no: str
    refund_id: str
    transaction_id: str
    amount: int
    notify_url: str
    created: float
    status: str = "PROCESSING"
    settled: float = 0.0


@dataclass
class WeChatPay:
    """One merchant's trades and refunds.

    `refund_gap_seconds` lie between two refunds of one trade. With `settle_seconds` refunds
    succeed by themselves after so long; with 0 only the control interface moves them.
    """

    clock: Clock
    counters: Counters
    faults: FaultPlan
    notifier: Notifier
    refund_gap_seconds: float = 60
    settle_seconds: float = 0
    # A demo's payments happened before the simulators were there.
    knows_any: bool = False
    merchant: KeyPair = field(default_factory=KeyPair)
    platform: KeyPair = field(default_factory=KeyPair)
    stranger: KeyPair = field(default_factory=KeyPair)
    trades: dict[str, Trade] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    # How often money really moved to a buyer, by our number: more than once is a disaster.
    paid: dict[str, int] = field(default_factory=dict)
    _settling: set[asyncio.TimerHandle] = field(default_factory=set)

    def account(self) -> dict[str, str]:
        """What the merchant has to enter into its own system."""
        return {
            "mchid": MCHID,
            "serial_no": MERCHANT_SERIAL,
            "private_key": self.merchant.private_pem,
            "api_v3_key": API_V3_KEY,
            "platform_serial": PLATFORM_SERIAL,
            "platform_public_key": self.platform.public_pem,
        }

    def forget(self) -> None:
        """No trade, no refund, no notice; keys stay."""
        for timer in self._settling:
            timer.cancel()
        self._settling.clear()
        self.trades.clear()
        self.refunds.clear()
        self.paid.clear()
        self.notifier.forget()

    # The API

    def handle(self, request: Request) -> Answer:
        """Everything under `/v3/refund/domestic/refunds`."""
        name = CREATE if request.method == "POST" else QUERY
        self.counters.call(SYSTEM, name)
        early: list[Sent] = []

        def answer() -> Response:
            return self._answer(name, request, early)

        response = with_transport_faults(self.faults, SYSTEM, name, answer)
        return _after(early, response) if early else response

    def _answer(self, name: str, request: Request, early: list[Sent]) -> Response:
        try:
            self._check_signature(request)
            fault = self.faults.take(SYSTEM, name, REFUSALS)
            if fault is not None and fault.kind == "error":
                raise _played(fault.options)
            body = self._create(request, early) if name == CREATE else self._query(request)
            if fault is not None:
                raise _played(fault.options)
        except Refused as refusal:
            self.counters.refusal(SYSTEM, refusal.code)
            error = {"code": refusal.code, "message": refusal.message}
            return self._signed(to_json(error), refusal.status, spoil="")
        spoiled = self.faults.take(SYSTEM, name, SPOILED)
        return self._signed(to_json(body), 200, spoil=spoiled.kind if spoiled else "")

    def _signed(self, body: bytes, status: int, *, spoil: str) -> Response:
        response = Response(body, status)
        if spoil != "unsigned":
            key = self.stranger if spoil == "forged" else self.platform
            response.headers = signed_headers(
                body, key=key, serial=PLATFORM_SERIAL, epoch=self.clock.epoch()
            )
        return response

    def _check_signature(self, request: Request) -> None:
        header = request.headers.get(b"authorization", b"").decode("ascii", "replace")
        parts = read_authorization(header)
        target = request.path + (f"?{request.query.decode()}" if request.query else "")
        timestamp, nonce = parts.get("timestamp", ""), parts.get("nonce_str", "")
        message = request_message(request.method, target, timestamp, nonce, request.body)
        known = parts.get("mchid") == MCHID and parts.get("serial_no") == MERCHANT_SERIAL
        if not known or not self.merchant.has_signed(message, parts.get("signature", "")):
            self.counters.bad_signatures[SYSTEM] += 1
            raise Refused(401, "SIGN_ERROR", "错误的签名，验签失败")
        if abs(self.clock.epoch() - int(timestamp)) > CLOCKS_DIFFER_SECONDS:
            raise Refused(
                401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"
            )
        if not request.headers.get(b"user-agent"):
            raise Refused(400, "PARAM_ERROR", "Http头缺少User-Agent")
        if request.headers.get(b"accept") not in (b"application/json", b"*/*"):
            raise Refused(406, "PARAM_ERROR", "Http头Accept应为application/json")

    def _create(self, request: Request, early: list[Sent]) -> dict[str, Any]:
        wanted = _read(request)
        number, amounts = wanted["out_refund_no"], wanted["amount"]
        trade = self._trade(str(wanted.get("transaction_id")), amounts["total"])
        if trade is None:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        if amounts["total"] != trade.total:
            raise Refused(400, "INVALID_REQUEST", "订单金额与之前请求不一致")
        known = self.refunds.get(number)
        if known is not None:
            if (known.amount, known.transaction_id) != (amounts["refund"], trade.transaction_id):
                raise Refused(400, "INVALID_REQUEST", "退款金额与之前请求不一致")
            return self.describe(known)
        self._check_room(trade, amounts["refund"])
        refund = Refund(
            number,
            f"5030000000{len(self.refunds) + 1:018d}",
            trade.transaction_id,
            amounts["refund"],
            wanted["notify_url"],
            self.clock.epoch(),
        )
        self.refunds[number] = refund
        if self.faults.take(SYSTEM, NOTICE, {"notice_first"}):
            early.extend(self.settle(number, "SUCCESS"))
            refund_shown = self.describe(refund) | {"status": "PROCESSING"}
            return refund_shown
        self._settle_later(number)
        return self.describe(refund)

    def _trade(self, transaction_id: str, total: int) -> Trade | None:
        if self.knows_any and transaction_id not in self.trades:
            self.trades[transaction_id] = Trade(transaction_id, total)
        return self.trades.get(transaction_id)

    def _check_room(self, trade: Trade, amount: int) -> None:
        earlier = [r for r in self.refunds.values() if r.transaction_id == trade.transaction_id]
        taken = sum(r.amount for r in earlier if r.status != "CLOSED")
        if taken >= trade.total:
            raise Refused(400, "INVALID_REQUEST", "订单已全额退款")
        if taken + amount > trade.total or len(earlier) >= MOST_PARTS:
            raise Refused(400, "INVALID_REQUEST", "累计退款金额大于支付金额")
        last = max((r.created for r in earlier), default=0.0)
        if self.clock.epoch() - last < self.refund_gap_seconds:
            raise Refused(429, "FREQUENCY_LIMITED", "同一笔订单的退款请求过于频繁")

    def _query(self, request: Request) -> dict[str, Any]:
        refund = self.refunds.get(request.path.removeprefix(PREFIX).strip("/"))
        if refund is None:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return self.describe(refund)

    def describe(self, refund: Refund) -> dict[str, Any]:
        """A refund as the API shows it."""
        trade = self.trades[refund.transaction_id]
        shown: dict[str, Any] = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.out_refund_no,
            "transaction_id": refund.transaction_id,
            "out_trade_no": trade.out_trade_no,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": _rfc3339(refund.created),
            "status": refund.status,
            "funds_account": "AVAILABLE",
            "amount": _amounts(trade, refund.amount, settled=True),
        }
        if refund.status == "SUCCESS":
            shown["success_time"] = _rfc3339(refund.settled)
        return shown

    # What happens later

    def settle(self, number: str, status: str, *, kind: str = "") -> list[Sent]:
        """Bring a refund to its end and tell the merchant, as the faults for notices say."""
        refund = self.refunds[number]
        if refund.status == "PROCESSING" or (refund.status, status) == ("ABNORMAL", "SUCCESS"):
            refund.status, refund.settled = status, self.clock.epoch()
            if status == "SUCCESS":
                self.paid[number] = self.paid.get(number, 0) + 1
        if not kind:
            fault = self.faults.take(SYSTEM, NOTICE, NOTICE_FAULTS - {"notice_first"})
            kind = fault.kind if fault else "normal"
        return self.tell(number, kind)

    def tell(self, number: str, kind: str = "normal") -> list[Sent]:
        """Send the notice about a refund's present state; an attacker's kinds are sent once."""
        refund = self.refunds[number]
        if kind == "no_notice":
            return []
        times = 2 if kind == "notice_twice" else 1
        is_attack = kind in ("notice_forged", "notice_stale", "notice_wrong_amount")
        return [
            self.notifier.send(
                number,
                refund.notify_url,
                self._letter(refund, kind),
                lambda status, _text: status in (200, 204),
                kind=kind,
                repeats=not is_attack,
            )
            for _ in range(times)
        ]

    def _letter(self, refund: Refund, kind: str) -> Callable[[], Letter]:
        body = to_json(self._notice(refund, wrong=kind == "notice_wrong_amount"))

        def write() -> Letter:
            key = self.stranger if kind == "notice_forged" else self.platform
            epoch = self.clock.epoch() - (3600 if kind == "notice_stale" else 0)
            headers = signed_headers(body, key=key, serial=PLATFORM_SERIAL, epoch=epoch)
            return headers | {"Content-Type": "application/json"}, body

        return write

    def _notice(self, refund: Refund, *, wrong: bool) -> dict[str, Any]:
        trade = self.trades[refund.transaction_id]
        amount = refund.amount + 1 if wrong else refund.amount
        inside = {
            "mchid": MCHID,
            "out_trade_no": trade.out_trade_no,
            "transaction_id": refund.transaction_id,
            "out_refund_no": refund.out_refund_no,
            "refund_id": refund.refund_id,
            "refund_status": refund.status,
            "success_time": _rfc3339(refund.settled or self.clock.epoch()),
            "user_received_account": "支付用户零钱",
            "amount": _amounts(trade, amount, settled=False),
        }
        return {
            "id": f"EV-{refund.refund_id}",
            "create_time": _rfc3339(self.clock.epoch()),
            "resource_type": "encrypt-resource",
            "event_type": f"REFUND.{refund.status}",
            "summary": "退款成功" if refund.status == "SUCCESS" else "退款未成功",
            "resource": seal(inside, API_V3_KEY),
        }

    def _settle_later(self, number: str) -> None:
        if not self.settle_seconds:
            return
        timer = asyncio.get_running_loop().call_later(self.settle_seconds, self._settle_now, number)
        self._settling.add(timer)

    def _settle_now(self, number: str) -> None:
        if number in self.refunds:
            self.settle(number, "SUCCESS")


async def _after(early: list[Sent], response: Response) -> Response:
    """The answer, held back until the notices were tried."""
    await tried(early)
    return response


def _read(request: Request) -> dict[str, Any]:
    try:
        wanted = json.loads(request.body)
        number, notify_url, amounts = (
            wanted["out_refund_no"],
            wanted["notify_url"],
            wanted["amount"],
        )
        whole = isinstance(amounts["refund"], int) and isinstance(amounts["total"], int)
    except (ValueError, KeyError, TypeError):
        raise Refused(400, "PARAM_ERROR", "参数错误") from None
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise Refused(400, "PARAM_ERROR", "商户退款单号不合法")
    if not whole or not 0 < amounts["refund"] <= amounts["total"]:
        raise Refused(400, "PARAM_ERROR", "退款金额不合法")
    if len(str(wanted.get("reason", ""))) > 80 or amounts.get("currency") != "CNY":
        raise Refused(400, "PARAM_ERROR", "参数错误")
    url = urlsplit(str(notify_url))
    secure = url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOCAL)
    if not secure or url.query:
        raise Refused(400, "PARAM_ERROR", "notify_url不合法")
    return dict(wanted)


def _played(options: dict[str, Any]) -> Refused:
    return Refused(
        int(options.get("status", 500)),
        str(options.get("code", "SYSTEM_ERROR")),
        str(options.get("message", "系统超时")),
    )


def _amounts(trade: Trade, refund: int, *, settled: bool) -> dict[str, Any]:
    amounts: dict[str, Any] = {
        "total": trade.total,
        "refund": refund,
        "payer_total": trade.total,
        "payer_refund": refund,
    }
    if settled:
        amounts |= {
            "settlement_refund": refund,
            "settlement_total": trade.total,
            "discount_refund": 0,
            "currency": "CNY",
        }
    return amounts


def _rfc3339(epoch: float) -> str:
    return format_time(epoch).replace(" ", "T") + "+08:00"
