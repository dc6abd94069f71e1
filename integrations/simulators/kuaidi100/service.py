"""Kuaidi100's three calls and the parcels behind them."""

import asyncio
import json
from collections.abc import Callable
from hmac import compare_digest
from typing import Any

from ..clock import Clock
from ..counters import Counters
from ..faults import FaultPlan, with_transport_faults
from ..wire import FORM_TYPE, Request, Response, form_as_text, json_response, query_as_text
from .parcels import COMPANIES, NEEDS_PHONE, STAGES, Parcel, guess_company
from .pushing import Push, Pusher, Subscription
from .signing import query_signature

SYSTEM = "kuaidi100"
REFUSALS = frozenset({"error"})
DEMO_KEY = "OcKuaidiKey1"
DEMO_CUSTOMER = "OCCUSTOMER0001"
PUSH_KINDS = ("normal", "none", "forged", "unsigned", "duplicate", "old")

BAD_DATA = ("400", "提交的数据不完整，或者贵公司没授权")
BAD_PHONE = ("408", "验证码错误")
NOTHING_YET = ("500", "查询无结果，请隔段时间再查")
BAD_SIGN = ("503", "验证签名失败")
TOO_OFTEN = ("504", "查询过于频繁，同一单号请间隔半小时以上")
BAD_KEY = ("601", "key已过期")
DUPLICATE = ("501", "重复订阅")
BAD_SUBSCRIPTION = (
    "700",
    "订阅方的订阅数据存在错误（如不支持的快递公司、单号为空、单号超长等）",
)


Work = Callable[[dict[str, str]], dict[str, Any]]


class Refused(Exception):
    """An error answer of Kuaidi100's own, always with HTTP 200."""

    def __init__(self, reason: tuple[str, str]) -> None:
        super().__init__(reason[0])
        self.code, self.message = reason


class Kuaidi100:
    """State and rules of the tracking service."""

    def __init__(
        self,
        clock: Clock,
        counters: Counters,
        faults: FaultPlan,
        pusher: Pusher,
        *,
        query_gap_seconds: float = 1800,
        auto_advance_seconds: float = 0,
    ) -> None:
        self._clock = clock
        self._counters = counters
        self._faults = faults
        self.pusher = pusher
        self.key, self.customer = DEMO_KEY, DEMO_CUSTOMER
        self.query_gap_seconds = query_gap_seconds
        self.auto_advance_seconds = auto_advance_seconds
        self.parcels: dict[str, Parcel] = {}
        self.subscriptions: dict[tuple[str, str], Subscription] = {}
        self._queried_at: dict[str, float] = {}
        self._travelling: dict[str, asyncio.TimerHandle] = {}

    # The calls

    def query(self, request: Request) -> Response:
        """``POST /poll/query.do``: the trace of one parcel, at most every half hour."""
        return self._guarded("query", request, self._query)

    def subscribe(self, request: Request) -> Response:
        """``POST /poll``: pushes for one parcel; a second one is 501, which means success."""
        return self._guarded("subscribe", request, self._subscribe)

    def autonumber(self, request: Request) -> Response:
        """``GET /autonumber/auto``: which carriers a number may belong to."""
        self._counters.call(SYSTEM, "autonumber")
        args = query_as_text(request)
        if args.get("key") != self.key:
            return self._refuse(Refused(BAD_KEY))
        guess = guess_company(args.get("num", ""))
        if guess is None:
            return json_response([])
        company, prefix = guess
        row = {
            "comCode": company,
            "id": "",
            "noCount": 100,
            "noPre": prefix,
            "startTime": "",
            "name": COMPANIES[company],
        }
        return json_response([row])

    # What happens to parcels

    def advance(
        self,
        number: str,
        to: str,
        *,
        at: str = "",
        company: str = "",
        phone: str = "",
        code: str = "",
        push: str = "normal",
        corrected_company: str = "",
    ) -> list[Push]:
        """Move a parcel on and tell its subscribers; answers the pushes that were started.

        ``old`` sends the trace without the new line after the one with it, as a late repeat does.
        Raises ``ValueError`` for an unknown stage or kind of push.
        """
        if to != "abort" and to not in STAGES:
            raise ValueError(f"no such stage: {to}; known: {sorted((*STAGES, 'abort'))}")
        if push not in PUSH_KINDS:
            raise ValueError(f"no such push: {push}; known: {PUSH_KINDS}")
        parcel = self._parcel(number, company)
        if phone:
            parcel.phone_tail = phone[-4:]
        if to == "abort":
            return [self.pusher.send(s, _abort_body(parcel)) for s in self._end(number)]
        before = [self._body(s, parcel) for s in self._listening(number)] if parcel.trace else []
        parcel.add(to, at or self._clock.text(), code=code)
        if corrected_company:
            parcel.company = corrected_company
        return self._tell(parcel, push, before)

    def describe(self) -> list[dict[str, Any]]:
        """All parcels with their subscribers, for the control interface."""
        return [
            {
                "number": parcel.number,
                "company": parcel.company,
                "phone_tail": parcel.phone_tail,
                "ended": parcel.ended,
                "codes": [line.code for line in parcel.trace],
                "subscribed": [s.callback_url for s in self._listening(parcel.number)],
            }
            for parcel in self.parcels.values()
        ]

    def forget(self) -> None:
        """No parcel, no subscription, no query remembered."""
        for timer in self._travelling.values():
            timer.cancel()
        self._travelling.clear()
        self.parcels.clear()
        self.subscriptions.clear()
        self._queried_at.clear()
        self.pusher.forget()

    def travel_on(self, number: str) -> None:
        """Let a parcel go its road by itself, one stage every ``auto_advance_seconds``."""
        if not self.auto_advance_seconds or number in self._travelling:
            return
        self._travelling[number] = asyncio.get_running_loop().call_later(
            self.auto_advance_seconds, self._next_step, number
        )

    def _next_step(self, number: str) -> None:
        del self._travelling[number]
        parcel = self.parcels.get(number)
        stage = parcel.next_stage() if parcel else None
        if stage is not None:
            self.advance(number, stage)
            self.travel_on(number)

    def _parcel(self, number: str, company: str = "") -> Parcel:
        parcel = self.parcels.get(number)
        if parcel is None:
            guess = guess_company(number)
            parcel = Parcel(company or (guess[0] if guess else "yuantong"), number)
            self.parcels[number] = parcel
        return parcel

    def _listening(self, number: str) -> list[Subscription]:
        return [s for s in self.subscriptions.values() if s.number == number and s.active]

    def _end(self, number: str) -> list[Subscription]:
        ended = self._listening(number)
        for subscription in ended:
            subscription.active = False
        return ended

    def _tell(self, parcel: Parcel, push: str, before: list[dict[str, Any]]) -> list[Push]:
        if push == "none":
            return []
        listening = self._end(parcel.number) if parcel.ended else self._listening(parcel.number)
        kind = push if push in ("forged", "unsigned") else "normal"
        sent = [self.pusher.send(s, self._body(s, parcel), kind=kind) for s in listening]
        if push == "duplicate":
            sent += [
                self.pusher.send(s, self._body(s, parcel), kind="duplicate") for s in listening
            ]
        if push == "old":
            pairs = zip(listening, before, strict=False)
            sent += [self.pusher.send(s, body, kind="old") for s, body in pairs]
        return sent

    def _body(self, subscription: Subscription, parcel: Parcel) -> dict[str, Any]:
        corrected = parcel.company != subscription.company
        words = {"1": "got", "3": "check"}
        return {
            "status": "shutdown" if parcel.ended else "polling",
            "billstatus": words.get(parcel.shown(fine=False)["state"], ""),
            "message": "",
            "autoCheck": "1" if corrected else "0",
            "comOld": subscription.company if corrected else "",
            "comNew": parcel.company if corrected else "",
            "lastResult": parcel.shown(fine=subscription.fine),
        }

    # Rules of the calls

    def _guarded(self, name: str, request: Request, work: Work) -> Response:
        self._counters.call(SYSTEM, name)

        def answer() -> Response:
            try:
                if fault := self._faults.take(SYSTEM, name, REFUSALS):
                    code = str(fault.options.get("returnCode", "501"))
                    raise Refused((code, str(fault.options.get("message", "服务器错误"))))
                return json_response(work(_read_form(request)))
            except Refused as refusal:
                return self._refuse(refusal)

        return with_transport_faults(self._faults, SYSTEM, name, answer)

    def _refuse(self, refusal: Refused) -> Response:
        self._counters.refusal(SYSTEM, refusal.code)
        return json_response(
            {"result": False, "returnCode": refusal.code, "message": refusal.message}
        )

    def _query(self, form: dict[str, str]) -> dict[str, Any]:
        text = form.get("param", "")
        expected = query_signature(text, self.key, self.customer)
        given = form.get("sign", "")
        if form.get("customer") != self.customer:
            raise Refused(BAD_DATA)
        if not compare_digest(expected.encode(), given.encode()):
            self._counters.bad_signatures[SYSTEM] += 1
            raise Refused(BAD_SIGN)
        param = _read_param(text, BAD_DATA)
        company, number = str(param.get("com", "")), str(param.get("num", ""))
        if company not in COMPANIES or not _is_number(number):
            raise Refused(BAD_DATA)
        self._check_query_gap(number)
        parcel = self._parcel(number, company)
        if company in NEEDS_PHONE and not parcel.accepts_phone(str(param.get("phone", ""))):
            raise Refused(BAD_PHONE)
        self.travel_on(number)
        if not parcel.trace or parcel.company != company:
            raise Refused(NOTHING_YET)
        fine = str(param.get("resultv2", "")) not in ("", "0")
        return parcel.shown(fine=fine, newest_first=param.get("order", "desc") != "asc")

    def _check_query_gap(self, number: str) -> None:
        now = self._clock.epoch()
        last = self._queried_at.get(number)
        if last is not None and now - last < self.query_gap_seconds:
            raise Refused(TOO_OFTEN)
        self._queried_at[number] = now

    def _subscribe(self, form: dict[str, str]) -> dict[str, Any]:
        if form.get("schema") != "json":
            raise Refused(BAD_SUBSCRIPTION)
        param = _read_param(form.get("param", ""), BAD_SUBSCRIPTION)
        if param.get("key") != self.key:
            raise Refused(BAD_KEY)
        company, number = str(param.get("company", "")), str(param.get("number", ""))
        details = param.get("parameters")
        if not isinstance(details, dict) or company not in COMPANIES or not _is_number(number):
            raise Refused(BAD_SUBSCRIPTION)
        url = str(details.get("callbackurl", ""))
        if not url.startswith(("http://", "https://")):
            raise Refused(BAD_SUBSCRIPTION)
        parcel = self._parcel(number, company)
        if company in NEEDS_PHONE and not parcel.accepts_phone(str(details.get("phone", ""))):
            raise Refused(BAD_PHONE)
        known = self.subscriptions.get((company, number))
        if known is not None and known.active:
            raise Refused(DUPLICATE)
        self.subscriptions[company, number] = Subscription(
            company=company,
            number=number,
            callback_url=url,
            salt=str(details.get("salt", "")),
            fine=str(details.get("resultv2", "")) not in ("", "0"),
        )
        self.travel_on(number)
        return {"result": True, "returnCode": "200", "message": "提交成功"}


def _read_form(request: Request) -> dict[str, str]:
    if request.method != "POST" or request.media_type != FORM_TYPE:
        raise Refused(BAD_DATA)
    try:
        return form_as_text(request)
    except ValueError:
        raise Refused(BAD_DATA) from None


def _read_param(text: str, otherwise: tuple[str, str]) -> dict[str, Any]:
    try:
        param = json.loads(text)
    except ValueError:
        raise Refused(otherwise) from None
    if not isinstance(param, dict):
        raise Refused(otherwise)
    return param


def _is_number(number: str) -> bool:
    """Six to 32 letters, digits and dashes."""
    return 6 <= len(number) <= 32 and number.isascii() and number.replace("-", "").isalnum()


def _abort_body(parcel: Parcel) -> dict[str, Any]:
    return {
        "status": "abort",
        "billstatus": "",
        "message": "3天查询无记录" if not parcel.trace else "60天无变化",
        "lastResult": {
            "message": "快递公司参数异常：单号不存在或者已经过期",
            "nu": parcel.number,
            "ischeck": "0",
            "com": parcel.company,
            "status": "201",
            "state": "0",
            "data": [],
        },
    }
