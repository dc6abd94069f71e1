"""Calls to TOP's one address: signed, paced, with time limits; every way to fail has a verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus

from integrations.channels.base import (
    Answer,
    Care,
    ChannelTrouble,
    UnreadableAnswer,
    Verdict,
    parse,
    readable,
)
from integrations.channels.pace import Pace
from integrations.channels.taobao import answers
from integrations.channels.taobao.signing import sign
from integrations.channels.wire import NoAnswer, NotSent, Response, Wire
from ordercenter.core import moments
from ordercenter.core.moments import SHANGHAI
from ordercenter.core.waiting import back_off

_HEADERS = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
_TRIES = 5
_BACK_OFF = 0.3
# A ban that is longer than this ends the pull instead of keeping it waiting.
LONGEST_NAP = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Who calls, and how hard."""

    url: str
    app_key: str
    app_secret: str
    session: str
    sign_method: str = "hmac-sha256"
    calls_per_second: float = 5.0
    concurrency: int = 4
    timeout: float = 15.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: what came, what is in its envelope, and what to think of it."""

    body: str
    members: Any
    verdict: Verdict


class TopClient:
    """Safe to use from several threads; connections are kept alive."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pace = Pace(settings.calls_per_second)
        self._wire = Wire(settings.url, _HEADERS, settings.timeout)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def ask(self, method: str, **arguments: str) -> Reply:
        """A call that only reads: repeated while that may help.

        Raises `ChannelTrouble` for any other outcome, `UnreadableAnswer` when the last answer
        was none of TOP's.
        """
        for attempt in range(1, _TRIES + 1):
            reply = self.call(method, **arguments)
            if reply.verdict.answer is Answer.OK:
                return reply
            if attempt == _TRIES or not self._may_help_to_repeat(reply.verdict, attempt):
                raise _trouble(reply)
        raise AssertionError("the last try either returns or raises")

    def call(self, method: str, **arguments: str) -> Reply:
        """Exactly one call, whatever comes of it."""
        self._pace.wait()
        try:
            response = self._wire.post(self._form(method, arguments))
        except NotSent as error:
            return _failed(Answer.RETRY_LATER, error)
        except NoAnswer as error:
            return _failed(Answer.UNKNOWN_OUTCOME, error)
        return _read(response, method)

    def _form(self, method: str, arguments: dict[str, str]) -> bytes:
        settings = self._settings
        parameters = {
            "method": method,
            "app_key": settings.app_key,
            "session": settings.session,
            "timestamp": moments.now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
            "v": "2.0",
            "format": "json",
            "sign_method": settings.sign_method,
            **arguments,
        }
        parameters["sign"] = sign(parameters, settings.app_secret, settings.sign_method)
        return "&".join([f"{key}={_quote(value)}" for key, value in parameters.items()]).encode()

    def _may_help_to_repeat(self, verdict: Verdict, attempt: int) -> bool:
        """Whether to try again; afterwards the time to wait has been waited or planned."""
        if verdict.care is Care.WAIT and (verdict.wait or 0.0) <= LONGEST_NAP:
            self._pace.freeze(verdict.wait or 1.0)
            return True
        if verdict.care is Care.RETRY:
            time.sleep(back_off(attempt - 1, first=_BACK_OFF, most=LONGEST_NAP))
            return True
        return False


# The list of fields is long and always the same.
_quote = lru_cache(maxsize=64)(quote_plus)


def _failed(answer: Answer, error: Exception) -> Reply:
    verdict = Verdict(answer, Care.RETRY, "no_answer", str(error))
    return Reply("", None, verdict)


def _trouble(reply: Reply) -> ChannelTrouble:
    if reply.verdict.code == _UNREADABLE:
        return UnreadableAnswer(reply.verdict, reply.body)
    return ChannelTrouble(reply.verdict)


_UNREADABLE = "unreadable"


def _read(response: Response, method: str) -> Reply:
    body = readable(response.body)
    if response.status != HTTPStatus.OK:
        return Reply(body, None, _classify_status(response))
    try:
        document = parse(body)
    except ValueError as error:
        return Reply(body, None, _unreadable(str(error)))
    verdict = answers.classify(document)
    if verdict.answer is not Answer.OK:
        return Reply(body, None, verdict)
    envelope = f"{method.removeprefix('taobao.').replace('.', '_')}_response"
    members = answers.inside(document, envelope)
    if members is None:
        return Reply(body, None, _unreadable(f"no {envelope} in the answer"))
    return Reply(body, members, verdict)


def _unreadable(text: str) -> Verdict:
    return Verdict(Answer.UNKNOWN_OUTCOME, Care.RETRY, _UNREADABLE, text)


def _classify_status(response: Response) -> Verdict:
    """A status other than 200 does not come from TOP's rules but from what stands before it."""
    code = f"HTTP {response.status}"
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        text = response.headers.get("retry-after", "")
        return Verdict(
            Answer.RETRY_LATER, Care.WAIT, code, wait=float(text) if text.isdecimal() else 60.0
        )
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict(Answer.UNKNOWN_OUTCOME, Care.RETRY, code)
    return Verdict(Answer.REFUSED, Care.STOP, code)
