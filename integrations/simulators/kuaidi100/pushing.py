"""Pushes: each carries the whole trace, and comes again until the exact answer arrives."""

import asyncio
import json
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ..clock import Clock
from .signing import push_signature

ATTEMPTS = 4
TIMEOUT_SECONDS = 10.0
# Subscribers are on this machine or beside it: a proxy of the environment is never in between.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


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
    """One message to a subscriber and what became of it."""

    number: str
    url: str
    kind: str
    param: str
    sign: str
    attempts: int = 0
    acknowledged: bool = False
    given_up: bool = False
    last_answer: str = ""
    first_at: str = ""
    done: "asyncio.Future[None] | None" = field(default=None, repr=False)

    def describe(self) -> dict[str, Any]:
        """For the control interface."""
        return {
            "number": self.number,
            "url": self.url,
            "kind": self.kind,
            "param": json.loads(self.param),
            "sign": self.sign,
            "attempts": self.attempts,
            "acknowledged": self.acknowledged,
            "given_up": self.given_up,
            "last_answer": self.last_answer,
            "first_at": self.first_at,
        }


class Pusher:
    """Sends in worker threads; all state stays with the event loop.

    ``retry_seconds`` is 30 minutes in reality. ``public_base`` replaces scheme and host of the
    callback address, for a subscriber whose public name does not lead here.
    """

    def __init__(self, clock: Clock, *, public_base: str = "", retry_seconds: float = 1800) -> None:
        self._clock = clock
        self._public_base = public_base.rstrip("/")
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="kuaidi100-push")
        self._tasks: set[asyncio.Task[None]] = set()
        self.retry_seconds = retry_seconds
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
        push = Push(
            subscription.number, self._address(subscription.callback_url), kind, param, sign
        )
        push.first_at = self._clock.text()
        push.done = asyncio.get_running_loop().create_future()
        self.sent.append(push)
        self._start(push)
        return push

    def close(self) -> None:
        """Drop what is still to be repeated."""
        for task in self._tasks:
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def forget(self) -> None:
        """Stop repeating and empty the log."""
        for task in self._tasks:
            task.cancel()
        self.sent.clear()

    def _start(self, push: Push) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(push))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, push: Push) -> None:
        loop = asyncio.get_running_loop()
        while True:
            push.attempts += 1
            answer = await loop.run_in_executor(self._threads, post_push, push)
            push.last_answer = answer
            push.acknowledged = is_exact_acknowledgement(answer)
            if push.done is not None and not push.done.done():
                push.done.set_result(None)
            # Spoiled pushes are an attacker's: nobody repeats them.
            if push.acknowledged or push.kind in ("forged", "unsigned"):
                return
            if push.attempts >= ATTEMPTS:
                push.given_up = True
                return
            await asyncio.sleep(self.retry_seconds)

    def _address(self, callback_url: str) -> str:
        if not self._public_base:
            return callback_url
        parts = urllib.parse.urlsplit(callback_url)
        return self._public_base + urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))


def post_push(push: Push) -> str:
    """POST the form; the answer's text, or a text that says what went wrong."""
    form = {"param": push.param}
    if push.sign:
        form["sign"] = push.sign
    request = urllib.request.Request(
        push.url,
        urllib.parse.urlencode(form).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    try:
        with _DIRECT.open(request, timeout=TIMEOUT_SECONDS) as answer:
            text: str = answer.read(65536).decode(errors="replace")
            return text
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}: {error.read(2000).decode(errors='replace')}"
    except (OSError, ValueError) as error:
        return f"unreachable: {error}"


def is_exact_acknowledgement(answer: str) -> bool:
    """``{"result":true,"returnCode":"200",…}``; true and 200 in any other type do not count."""
    try:
        body = json.loads(answer)
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("result") is True and body.get("returnCode") == "200"
