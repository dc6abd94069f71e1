"""Pushes: each carries the whole trace, and comes again until the exact answer arrives."""

import json
import urllib.parse
from dataclasses import dataclass
from typing import Any

from ..clock import Clock
from ..notices import Letter, Notifier, Sent
from .signing import push_signature

# Spoiled pushes are an attacker's: nobody repeats them.
SPOILED = ("forged", "unsigned")


@dataclass(slots=True)
class Subscription:
    """Who wants to hear of a parcel, and how."""

    company: str
    number: str
    callback_url: str
    salt: str = ""
    fine: bool = False
    active: bool = True


@dataclass(slots=True)
class Push:
    """One message to a subscriber and how its sending went."""

    param: str
    sign: str
    notice: Sent

    def describe(self) -> dict[str, Any]:
        """For the control interface."""
        sent = self.notice.describe()
        return sent | {
            "param": json.loads(self.param),
            "sign": self.sign,
            "last_answer": sent["answers"][-1] if sent["answers"] else "",
        }


class Pusher:
    """Signs pushes and has them sent.

    ``retry_seconds`` is 30 minutes in reality. ``public_base`` replaces scheme and host of the
    callback address, for a subscriber whose public name does not lead here.
    """

    def __init__(self, clock: Clock, *, public_base: str = "", retry_seconds: float = 1800) -> None:
        self._public_base = public_base.rstrip("/")
        self.notifier = Notifier(
            "kuaidi100", clock, retry_seconds=retry_seconds, timeout_seconds=10, threads=4
        )
        self.sent: list[Push] = []

    def send(
        self, subscription: Subscription, body: dict[str, Any], *, kind: str = "normal"
    ) -> Push:
        """Start a push; it is repeated by itself. ``kind`` forged or unsigned spoils the sign."""
        param = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        sign = push_signature(param, subscription.salt) if subscription.salt else ""
        if kind == "forged":
            sign = push_signature(param, "not-the-salt")
        elif kind == "unsigned":
            sign = ""
        letter = _letter(param, sign)
        notice = self.notifier.send(
            subscription.number,
            self._address(subscription.callback_url),
            lambda: letter,
            lambda status, text: status < 400 and is_exact_acknowledgement(text),
            kind=kind,
            repeats=kind not in SPOILED,
        )
        push = Push(param, sign, notice)
        self.sent.append(push)
        return push

    def forget(self) -> None:
        """Stop repeating and empty the log."""
        self.notifier.forget()
        self.sent.clear()

    def _address(self, callback_url: str) -> str:
        if not self._public_base:
            return callback_url
        parts = urllib.parse.urlsplit(callback_url)
        return self._public_base + urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))


def _letter(param: str, sign: str) -> Letter:
    form = {"param": param} | ({"sign": sign} if sign else {})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return headers, urllib.parse.urlencode(form).encode()


def is_exact_acknowledgement(answer: str) -> bool:
    """``{"result":true,"returnCode":"200",…}``; true and 200 in any other type do not count."""
    try:
        body = json.loads(answer)
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("result") is True and body.get("returnCode") == "200"
