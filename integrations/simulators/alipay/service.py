"""The gateway: trades, refunds of them, and notices to the payment's own address."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from ..clock import Clock
from ..counters import Counters
from ..faults import FaultPlan, with_transport_faults
from ..keys import KeyPair
from ..notices import Letter, Notifier, Sent
from ..wire import FORM_TYPE, Request, Response, form_as_text, to_json
from .signing import is_request_signed, sign_notice

SYSTEM = "alipay"
GATEWAY_PATH = "/gateway.do"
REFUND, QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"
TRANSFER, NOTICE = "alipay.fund.trans.uni.transfer", "notice"
# Refused before anything happened / money moved, and then "unknown".
REFUSALS = frozenset({"error", "unknown_after"})
SPOILED = frozenset({"unsigned", "forged"})
NOTICE_FAULTS = frozenset({"no_notice", "notice_twice", "notice_forged", "notice_wrong_amount"})

APP_ID = "2021000000000001"
SELLER_ID = "2088000000000099"
UNKNOWN_TOTAL = Decimal("100000.00")
OK = {"code": "10000", "msg": "Success"}


class Refused(Exception):
    """An error of the gateway or of the business."""

    def __init__(self, code: str, sub_code: str, sub_msg: str) -> None:
        super().__init__(sub_code)
        self.code, self.sub_code, self.sub_msg = code, sub_code, sub_msg

    def node(self) -> dict[str, str]:
        words = {
            "20000": "Service Currently Unavailable",
            "40002": "Invalid Arguments",
            "40005": "Call Limited",
            "40006": "Insufficient Permissions",
        }
        return {
            "code": self.code,
            "msg": words.get(self.code, "Business Failed"),
            "sub_code": self.sub_code,
            "sub_msg": self.sub_msg,
        }


@dataclass(slots=True)
class Trade:
    """A payment that came in. Notices about it go to `notify_url`."""

    trade_no: str
    total: Decimal
    out_trade_no: str = ""
    notify_url: str = ""
    # out_request_no → amount, in the order they were done.
    refunds: dict[str, Decimal] = field(default_factory=dict)
    last_refund: float = 0.0

    @property
    def refunded(self) -> Decimal:
        return sum(self.refunds.values(), Decimal("0.00"))


@dataclass
class Alipay:
    """One app of one seller. `refund_gap_seconds` lie between two refunds of a trade."""

    clock: Clock
    counters: Counters
    faults: FaultPlan
    notifier: Notifier
    refund_gap_seconds: float = 3
    # A demo's payments happened before the simulators were there; their totals are not known.
    knows_any: bool = False
    merchant: KeyPair = field(default_factory=KeyPair)
    platform: KeyPair = field(default_factory=KeyPair)
    stranger: KeyPair = field(default_factory=KeyPair)
    trades: dict[str, Trade] = field(default_factory=dict)
    # How often money really moved, by the merchant's number.
    paid: dict[str, int] = field(default_factory=dict)

    def account(self) -> dict[str, str]:
        """What the merchant has to enter into its own system."""
        return {
            "app_id": APP_ID,
            "seller_id": SELLER_ID,
            "private_key": self.merchant.private_pem,
            "alipay_public_key": self.platform.public_pem,
        }

    def forget(self) -> None:
        """No trade, no notice; keys stay."""
        self.trades.clear()
        self.paid.clear()
        self.notifier.forget()

    def handle(self, request: Request) -> Response:
        """``POST /gateway.do``: HTTP 200 always, the truth is in the node's code."""
        try:
            form = form_as_text(request) if request.media_type == FORM_TYPE else {}
        except ValueError:
            form = {}
        method = form.get("method", "")
        self.counters.call(SYSTEM, method)
        return with_transport_faults(
            self.faults, SYSTEM, method, lambda: self._answer(method, form)
        )

    def _answer(self, method: str, form: dict[str, str]) -> Response:
        try:
            self._check(method, form)
        except Refused as refusal:
            # Before business nobody signs.
            self.counters.refusal(SYSTEM, refusal.sub_code)
            return self._reply(method, refusal.node(), spoil="unsigned")
        try:
            fault = self.faults.take(SYSTEM, method, REFUSALS)
            if fault is not None and fault.kind == "error":
                raise _played(fault.options)
            work = self._refund if method == REFUND else self._query
            node: dict[str, Any] = OK | work(json.loads(form["biz_content"]))
            if fault is not None:
                raise Refused("20000", "aop.unknow-error", "系统繁忙")
        except Refused as refusal:
            self.counters.refusal(SYSTEM, refusal.sub_code)
            node = refusal.node()
        spoiled = self.faults.take(SYSTEM, method, SPOILED)
        return self._reply(method, node, spoil=spoiled.kind if spoiled else "")

    def _reply(self, method: str, node: dict[str, Any], *, spoil: str) -> Response:
        name = (method or "error").replace(".", "_") + "_response"
        text = to_json(node)
        signed = b""
        if spoil != "unsigned":
            key = self.stranger if spoil == "forged" else self.platform
            signed = b',"sign":' + to_json(key.sign(text))
        return Response(b'{"' + name.encode() + b'":' + text + signed + b"}")

    def _check(self, method: str, form: dict[str, str]) -> None:
        if form.get("app_id") != APP_ID:
            raise Refused("40002", "isv.invalid-app-id", "无效的AppID参数")
        if form.get("sign_type") != "RSA2" or not is_request_signed(form, self.merchant):
            self.counters.bad_signatures[SYSTEM] += 1
            raise Refused("40002", "isv.invalid-signature", "无效签名")
        if method == TRANSFER and not form.get("app_cert_sn"):
            raise Refused("40002", "isv.missing-app-cert-sn", "转账接口只支持证书模式")
        if method not in (REFUND, QUERY):
            raise Refused("40002", "isv.invalid-method", "不存在的方法名")
        try:
            content = json.loads(form.get("biz_content", ""))
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise Refused("40002", "isv.invalid-parameter", "业务参数不是JSON")

    def _trade(self, content: dict[str, Any]) -> Trade:
        trade = self.trades.get(str(content.get("trade_no", "")))
        if trade is None:
            wanted = content.get("out_trade_no")
            trade = next((t for t in self.trades.values() if t.out_trade_no == wanted), None)
        if trade is None and self.knows_any and content.get("trade_no"):
            trade = Trade(str(content["trade_no"]), UNKNOWN_TOTAL)
            self.trades[trade.trade_no] = trade
        if trade is None:
            raise Refused("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在")
        return trade

    def _refund(self, content: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(content)
        number = str(content.get("out_request_no", ""))
        try:
            amount = Decimal(str(content.get("refund_amount", "")))
        except InvalidOperation:
            amount = Decimal(0)
        if not number or amount <= 0 or amount != amount.quantize(Decimal("0.01")):
            raise Refused("40004", "ACQ.INVALID_PARAMETER", "参数无效")
        known = trade.refunds.get(number)
        if known is not None and known != amount:
            raise Refused("40004", "ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致")
        if known is None:
            self._check_room(trade, amount)
            trade.refunds[number] = amount
            trade.last_refund = self.clock.epoch()
            self.paid[number] = self.paid.get(number, 0) + 1
            self._tell_as_told_to(trade, number)
        shown = {
            "buyer_logon_id": "lin***@example.cn",
            "buyer_user_id": "2088000000000001",
            "fund_change": "N" if known is not None else "Y",
            "gmt_refund_pay": self.clock.text(),
            "out_trade_no": trade.out_trade_no,
            "refund_fee": f"{trade.refunded:.2f}",
            "trade_no": trade.trade_no,
        }
        return shown

    def _check_room(self, trade: Trade, amount: Decimal) -> None:
        if trade.refunded >= trade.total:
            raise Refused("40004", "ACQ.TRADE_HAS_FINISHED", "交易已全部退款{已完结}")
        if trade.refunded + amount > trade.total:
            raise Refused("40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
        if self.clock.epoch() - trade.last_refund < self.refund_gap_seconds:
            raise Refused("40005", "isv.app-call-limited", "同一交易退款过于频繁")

    def _query(self, content: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(content)
        number = str(content.get("out_request_no", ""))
        amount = trade.refunds.get(number)
        if amount is None:
            return {}
        return {
            "out_trade_no": trade.out_trade_no,
            "trade_no": trade.trade_no,
            "out_request_no": number,
            "total_amount": f"{trade.total:.2f}",
            "refund_amount": f"{amount:.2f}",
            "refund_status": "REFUND_SUCCESS",
            "gmt_refund_pay": self.clock.text(),
        }

    # Notices

    def _tell_as_told_to(self, trade: Trade, number: str) -> None:
        fault = self.faults.take(SYSTEM, NOTICE, NOTICE_FAULTS)
        self.tell(trade, number, fault.kind if fault else "normal")

    def tell(self, trade: Trade, number: str, kind: str = "normal") -> list[Sent]:
        """Send the payment's notice that carries this refund; an attacker's are sent once."""
        if kind == "no_notice" or not trade.notify_url:
            return []
        times = 2 if kind == "notice_twice" else 1
        is_attack = kind in ("notice_forged", "notice_wrong_amount")
        letter = self._letter(trade, number, kind)
        return [
            self.notifier.send(
                number,
                trade.notify_url,
                letter,
                lambda _status, text: text == "success",
                kind=kind,
                repeats=not is_attack,
            )
            for _ in range(times)
        ]

    def _letter(self, trade: Trade, number: str, kind: str) -> Callable[[], Letter]:
        fee = trade.refunded + (1 if kind == "notice_wrong_amount" else 0)
        done = trade.refunded >= trade.total
        now = self.clock.text()
        form = {
            "notify_time": now,
            "notify_type": "trade_status_sync",
            "notify_id": f"{len(self.notifier.sent) + 1:034d}",
            "app_id": APP_ID,
            "charset": "utf-8",
            "version": "1.0",
            "sign_type": "RSA2",
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "out_biz_no": number,
            "trade_status": "TRADE_CLOSED" if done else "TRADE_SUCCESS",
            "total_amount": f"{trade.total:.2f}",
            "refund_fee": f"{fee + trade.total if kind == 'notice_wrong_amount' else fee:.2f}",
            "gmt_refund": f"{now}.120",
            "subject": "碧螺春 礼盒",
            "seller_id": SELLER_ID,
        }
        key = self.stranger if kind == "notice_forged" else self.platform
        body = urlencode(sign_notice(form, key)).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return lambda: (headers, body)


def _played(options: dict[str, Any]) -> Refused:
    return Refused(
        str(options.get("code", "40004")),
        str(options.get("sub_code", "ACQ.SYSTEM_ERROR")),
        # Braces in a text must not confuse whoever cuts the signed part out.
        str(options.get("sub_msg", '系统错误 {"}')),
    )
