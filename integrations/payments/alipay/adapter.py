"""Refunds through Alipay: asked for, asked about, told by the payment's notice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx
from django.utils.translation import gettext as _

from integrations.calling import no_answer, open_client, read_object
from integrations.channels.base import Answer, Verdict
from integrations.inbound import Unreadable, form_of
from integrations.payments.alipay.signing import is_notice_genuine, is_reply_genuine, signed
from integrations.payments.base import (
    Forged,
    Notice,
    Outcome,
    PaymentAdapter,
    Told,
    Wanted,
    text_of,
    unknown,
)
from ordercenter.core import moments
from ordercenter.core.moments import SHANGHAI

REFUND = "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"
GATEWAY = "/gateway.do"
MOST_NOTICE_FIELDS = 80
_BUSINESS = {
    "ACQ.SYSTEM_ERROR": Answer.UNKNOWN_OUTCOME,
    # Not accepted: top up, then the same number again.
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": Answer.RETRY_LATER,
}
_GATEWAY = {
    "10003": Answer.UNKNOWN_OUTCOME,
    "20000": Answer.UNKNOWN_OUTCOME,
    "20001": Answer.AUTH,
    "40001": Answer.REFUSED,
    "40002": Answer.REFUSED,
    "40003": Answer.REFUSED,
    "40005": Answer.RETRY_LATER,
    "40006": Answer.AUTH,
}
_SIGN_TROUBLE = ("isv.invalid-signature", "isv.invalid-app-id", "isv.missing-signature")
NEEDS_FINANCE = frozenset({"ACQ.SELLER_BALANCE_NOT_ENOUGH"})
LONGEST_REASON = 256


def classify(node: Mapping[str, Any]) -> Verdict:
    """The judgement of a reply's node; its sub_code decides, its texts are for people."""
    code, sub_code = text_of(node, "code"), text_of(node, "sub_code")
    text = text_of(node, "sub_msg") or text_of(node, "msg")
    if code == "10000":
        return Verdict(Answer.OK)
    if sub_code in _SIGN_TROUBLE:
        return Verdict(Answer.AUTH, code=sub_code, text=text)
    if code == "40004":
        return Verdict(_BUSINESS.get(sub_code, Answer.REFUSED), code=sub_code, text=text)
    answer = _GATEWAY.get(code, Answer.UNKNOWN_OUTCOME)
    return Verdict(answer, code=sub_code or code or "no_code", text=text)


class Alipay(PaymentAdapter):
    """One app at Alipay, in public-key mode.

    Credentials: app_id, seller_id, private_key (PEM), alipay_public_key (PEM).
    """

    key = "alipay"
    needs = ("app_id", "seller_id")
    public_key = "alipay_public_key"
    pause = timedelta(seconds=4)

    def refund(self, wanted: Wanted) -> Told:
        told, node = self._call(
            REFUND,
            {
                "trade_no": wanted.transaction_id,
                "refund_amount": f"{wanted.amount:.2f}",
                "out_request_no": wanted.number,
                "refund_reason": wanted.reason[:LONGEST_REASON],
            },
        )
        if told.verdict.answer != Answer.OK:
            return told
        # Only "Y" says that this call moved money; a repeat of a done one says "N" and is asked
        # about like any other.
        if text_of(node, "fund_change") != "Y":
            return Told.nothing(unknown("fund_change_N"))
        return Told(
            Outcome.SUCCEEDED,
            told.verdict,
            number=wanted.number,
            reference=wanted.number,
            transaction_id=text_of(node, "trade_no"),
            at=_moment(text_of(node, "gmt_refund_pay")),
        )

    def query(self, wanted: Wanted) -> Told:
        told, node = self._call(
            REFUND_QUERY,
            {"trade_no": wanted.transaction_id, "out_request_no": wanted.number},
        )
        if told.verdict.answer != Answer.OK:
            return told
        if text_of(node, "refund_status") != "REFUND_SUCCESS":
            return Told(Outcome.NOT_FOUND, told.verdict, number=wanted.number)
        return Told(
            Outcome.SUCCEEDED,
            told.verdict,
            number=text_of(node, "out_request_no"),
            reference=wanted.number,
            amount=_money(text_of(node, "refund_amount")),
            transaction_id=text_of(node, "trade_no"),
            at=_moment(text_of(node, "gmt_refund_pay")),
        )

    def verify(self, body: bytes, headers: Mapping[str, str], at: datetime) -> Notice:
        try:
            params = form_of(body, MOST_NOTICE_FIELDS)
        except Unreadable as error:
            raise Forged(_("no form")) from error
        if params.get("app_id") != self.credential("app_id"):
            raise Forged(_("a notice for another app"))
        if not is_notice_genuine(params, self.credential("alipay_public_key")):
            raise Forged(_("wrong signature"))
        # Alipay repeats a notice as it was, for a day: its number is deduplicated, not its age.
        return Notice()

    def read_notice(self, body: bytes) -> Told | None:
        params = form_of(body, MOST_NOTICE_FIELDS)
        # Without these it tells of the payment.
        if not params.get("gmt_refund") or not params.get("out_biz_no"):
            return None
        if params.get("seller_id") != self.credential("seller_id"):
            raise Unreadable(_("a notice for another seller"))
        return Told(
            Outcome.SUCCEEDED,
            Verdict(Answer.OK, code=params.get("trade_status", "")),
            number=params["out_biz_no"],
            reference=params["out_biz_no"],
            total=_money(params.get("refund_fee", "")),
            transaction_id=params.get("trade_no", ""),
            at=_moment(params["gmt_refund"].partition(".")[0]),
        )

    def _call(self, method: str, content: Mapping[str, str]) -> tuple[Told, Mapping[str, Any]]:
        params = signed(
            {
                "app_id": self.credential("app_id"),
                "method": method,
                "format": "JSON",
                "charset": "utf-8",
                "sign_type": "RSA2",
                "timestamp": f"{moments.now().astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
                "version": "1.0",
                "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            },
            self.credential("private_key"),
        )
        try:
            with open_client(self.base_url) as client:
                response = client.post(GATEWAY, params={"charset": "utf-8"}, data=params)
        except httpx.HTTPError as error:
            return Told.nothing(no_answer(error)), {}
        return self._read(response, method)

    def _read(self, response: httpx.Response, method: str) -> tuple[Told, Mapping[str, Any]]:
        body = read_object(response)
        if response.status_code != 200 or body is None:
            return Told.nothing(unknown(f"HTTP {response.status_code}")), {}
        name = method.replace(".", "_") + "_response"
        if name not in body and "error_response" in body:
            name = "error_response"
        node = body.get(name)
        if not isinstance(node, dict):
            return Told.nothing(unknown("no_node")), {}
        verdict = classify(node)
        key = self.credential("alipay_public_key")
        genuine = is_reply_genuine(response.text, name, text_of(body, "sign"), key)
        # Errors before business may come unsigned; a success never does.
        if not genuine and (verdict.answer == Answer.OK or text_of(body, "sign")):
            return Told.nothing(unknown("forged_answer", _("wrong signature"))), {}
        return Told.nothing(verdict), node


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None


def _money(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
