"""Refunds through WeChat Pay: asked for, asked about, told by notice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx
from django.utils.translation import gettext as _

from integrations.calling import no_answer, open_client, read_object
from integrations.channels.base import Answer, Verdict
from integrations.inbound import Unreadable
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
from integrations.payments.wechatpay.signing import authorization, decrypt, require_genuine
from ordercenter.core import moments

REFUNDS = "/v3/refund/domestic/refunds"
OUTCOMES = {
    "SUCCESS": Outcome.SUCCEEDED,
    "PROCESSING": Outcome.PROCESSING,
    "CLOSED": Outcome.CLOSED,
    "ABNORMAL": Outcome.STUCK,
}
# Codes of refusals (execution.md 16). What is not here is judged by its status alone.
_ANSWERS = {
    "SYSTEM_ERROR": Answer.UNKNOWN_OUTCOME,
    "FREQUENCY_LIMITED": Answer.RETRY_LATER,
    # Not accepted: top up, then the same number again.
    "NOT_ENOUGH": Answer.RETRY_LATER,
    "USER_ACCOUNT_ABNORMAL": Answer.REFUSED,
    "INVALID_REQUEST": Answer.REFUSED,
    "PARAM_ERROR": Answer.REFUSED,
    "RESOURCE_NOT_EXISTS": Answer.REFUSED,
    "MCH_NOT_EXISTS": Answer.AUTH,
    "SIGN_ERROR": Answer.AUTH,
    "NO_AUTH": Answer.AUTH,
}
LONGEST_REASON = 80
NEEDS_FINANCE = frozenset({"NOT_ENOUGH"})


def to_fen(amount: Decimal) -> int:
    """Yuan as whole fen; raises `ValueError` for a part of a fen."""
    fen = amount * 100
    if fen != int(fen):
        raise ValueError(f"{amount} is no whole number of fen")
    return int(fen)


def from_fen(value: object) -> Decimal | None:
    """Fen as yuan; None for what is no whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return (Decimal(value) / 100).quantize(Decimal("0.01"))


def classify(response: httpx.Response) -> Verdict:
    """The judgement of an answer whose signature is right, or that needs none (non-2xx)."""
    if response.is_success:
        return Verdict(Answer.OK)
    body = read_object(response) or {}
    code, text = text_of(body, "code"), text_of(body, "message")
    answer = _ANSWERS.get(code)
    if answer is None:
        if response.status_code == 429:
            answer = Answer.RETRY_LATER
        elif response.status_code == 401:
            answer = Answer.AUTH
        elif 400 <= response.status_code < 500 and code:
            answer = Answer.REFUSED
        else:
            answer = Answer.UNKNOWN_OUTCOME
    return Verdict(answer, code=code or f"HTTP {response.status_code}", text=text)


class WeChatPay(PaymentAdapter):
    """One merchant at WeChat Pay.

    Credentials: mchid, serial_no, private_key (PEM), api_v3_key, platform_serial,
    platform_public_key (PEM, or the platform certificate); notify_url where notices shall go.
    """

    key = "wechatpay"
    needs = ("mchid", "serial_no", "api_v3_key", "platform_serial")
    public_key = "platform_public_key"
    pause = timedelta(seconds=61)

    def refund(self, wanted: Wanted) -> Told:
        body: dict[str, Any] = {
            "transaction_id": wanted.transaction_id,
            "out_refund_no": wanted.number,
            "reason": wanted.reason[:LONGEST_REASON],
            "notify_url": self.credential("notify_url"),
            "amount": {
                "refund": to_fen(wanted.amount),
                "total": to_fen(wanted.total),
                "currency": "CNY",
            },
        }
        return self._call("POST", REFUNDS, body, "status")

    def query(self, wanted: Wanted) -> Told:
        told = self._call("GET", f"{REFUNDS}/{quote(wanted.number, safe='')}", None, "status")
        if told.verdict.code == "RESOURCE_NOT_EXISTS":
            return Told(Outcome.NOT_FOUND, Verdict(Answer.OK), number=wanted.number)
        return told

    def verify(self, body: bytes, headers: Mapping[str, str], at: datetime) -> Notice:
        return Notice(require_genuine(body, headers, keys=self._keys(), at=at))

    def read_notice(self, body: bytes) -> Told | None:
        try:
            notice = json.loads(body)
            if not notice["event_type"].startswith("REFUND."):
                return None
            resource = decrypt(notice["resource"], self.credential("api_v3_key"))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unreadable(_("no notice of WeChat Pay")) from error
        if resource.get("mchid") != self.credential("mchid"):
            raise Unreadable(_("a notice for another merchant"))
        return _read_refund(resource, "refund_status")

    def _call(self, method: str, path: str, body: Any, status: str) -> Told:
        text = "" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        headers = {
            "Authorization": authorization(
                method,
                path,
                text,
                mchid=self.credential("mchid"),
                serial_no=self.credential("serial_no"),
                private_key=self.credential("private_key"),
                at=moments.now(),
            ),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "ordercenter",
            "Wechatpay-Serial": self.credential("platform_serial"),
        }
        try:
            with open_client(self.base_url) as client:
                response = client.request(method, path, content=text.encode(), headers=headers)
        except httpx.HTTPError as error:
            return Told.nothing(no_answer(error))
        return self._read(response, status)

    def _read(self, response: httpx.Response, status: str) -> Told:
        verdict = classify(response)
        if verdict.answer != Answer.OK:
            return Told.nothing(verdict)
        try:
            require_genuine(response.content, response.headers, keys=self._keys(), at=moments.now())
        except Forged as error:
            # Somebody between us and them answers: what became of the money is unknown.
            return Told.nothing(unknown("forged_answer", str(error)))
        body = read_object(response)
        return _read_refund(body, status) if body else Told.nothing(unknown("no_object"))

    def _keys(self) -> dict[str, str]:
        return {self.credential("platform_serial"): self.credential("platform_public_key")}


def _read_refund(body: Mapping[str, Any], status: str) -> Told:
    outcome = OUTCOMES.get(text_of(body, status))
    if outcome is None:
        return Told.nothing(unknown("unknown_status", text_of(body, status)))
    amounts = body.get("amount")
    return Told(
        outcome,
        Verdict(Answer.OK, code=text_of(body, status)),
        number=text_of(body, "out_refund_no"),
        reference=text_of(body, "refund_id"),
        amount=from_fen(amounts.get("refund")) if isinstance(amounts, dict) else None,
        transaction_id=text_of(body, "transaction_id"),
        at=_moment(text_of(body, "success_time")),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
