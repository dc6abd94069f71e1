"""The group robot's webhook: HTTP 200 always, the truth is in errcode (execution.md, 10)."""

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ..clock import Clock
from ..counters import Counters
from ..faults import FaultPlan, with_transport_faults
from ..wire import Request, Response, json_response, query_as_text

SYSTEM = "wecom"
SEND = "webhook.send"
REFUSALS = frozenset({"error"})
# The message is accepted and no member ever sees it.
LOST = frozenset({"lost"})
MESSAGES_PER_MINUTE = 20
TEXT_BYTES = 2048
MARKDOWN_BYTES = 4096
REMEMBERED = 500
DEMO_KEYS = (
    "ocoooooo-0000-4000-8000-000000000000",
    "ocoooooo-0000-4000-8000-000000000001",
    "ocoooooo-0000-4000-8000-000000000002",
)
_OTHER_TYPES = frozenset({"image", "news", "file", "voice", "template_card", "markdown_v2"})

OK = {"errcode": 0, "errmsg": "ok"}
TOO_OFTEN = {"errcode": 45009, "errmsg": "api freq out of limit"}
BAD_KEY = {"errcode": 93000, "errmsg": "invalid webhook url"}


@dataclass(slots=True)
class Message:
    """What arrived in a group."""

    key: str
    at: str
    kind: str
    body: dict[str, Any]
    shown: bool = True

    @property
    def text(self) -> str:
        """The words, for people; the JSON of other kinds."""
        content = self.body.get(self.kind, {})
        if isinstance(content, dict) and isinstance(content.get("content"), str):
            return str(content["content"])
        return json.dumps(content, ensure_ascii=False)

    def describe(self) -> dict[str, Any]:
        """For the control interface."""
        return {
            "key": self.key,
            "at": self.at,
            "msgtype": self.kind,
            "text": self.text,
            "body": self.body,
            "shown": self.shown,
        }


@dataclass(slots=True)
class Robots:
    """All robots of the company: their keys, their pace, their messages."""

    clock: Clock
    counters: Counters
    faults: FaultPlan
    keys: set[str] = field(default_factory=lambda: set(DEMO_KEYS))
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _sent_at: dict[str, deque[float]] = field(default_factory=dict)

    def send(self, request: Request) -> Response:
        """``POST /cgi-bin/webhook/send?key=…``"""
        self.counters.call(SYSTEM, SEND)
        return with_transport_faults(self.faults, SYSTEM, SEND, lambda: self._send(request))

    def forget(self) -> None:
        """No message arrived, no minute is full."""
        self.messages.clear()
        self._sent_at.clear()

    def _send(self, request: Request) -> Response:
        answer = self._judge(request)
        if answer["errcode"]:
            self.counters.refusal(SYSTEM, str(answer["errcode"]))
        return json_response(answer)

    def _judge(self, request: Request) -> dict[str, Any]:
        key = query_as_text(request).get("key", "")
        if key not in self.keys:
            return BAD_KEY
        if request.method != "POST":
            return {"errcode": 43002, "errmsg": "require POST method"}
        if fault := self.faults.take(SYSTEM, SEND, REFUSALS):
            code = int(fault.options.get("errcode", -1))
            return {"errcode": code, "errmsg": str(fault.options.get("errmsg", "system busy"))}
        try:
            body = json.loads(request.body)
        except ValueError:
            return _bad_parameter("invalid json")
        if complaint := find_fault_in(body):
            return _bad_parameter(complaint)
        if not self._has_room(key):
            return TOO_OFTEN
        lost = self.faults.take(SYSTEM, SEND, LOST) is not None
        self.messages.append(Message(key, self.clock.text(), body["msgtype"], body, not lost))
        return OK

    def _has_room(self, key: str) -> bool:
        """Whether the robot may still speak in this minute; takes the place if so."""
        now = self.clock.epoch()
        sent = self._sent_at.setdefault(key, deque())
        while sent and sent[0] <= now - 60:
            sent.popleft()
        if len(sent) >= MESSAGES_PER_MINUTE:
            return False
        sent.append(now)
        return True


def find_fault_in(body: Any) -> str:
    """What is wrong with a message; empty when nothing is. Lengths are UTF-8 bytes."""
    if not isinstance(body, dict):
        return "body is not an object"
    kind = body.get("msgtype")
    if kind in _OTHER_TYPES:
        return "" if isinstance(body.get(kind), dict) else f"{kind} is missing"
    limits = {"text": TEXT_BYTES, "markdown": MARKDOWN_BYTES}
    if not isinstance(kind, str) or kind not in limits:
        return "invalid message type"
    part = body.get(kind)
    content = part.get("content") if isinstance(part, dict) else None
    if not isinstance(content, str) or not content:
        return f"{kind}.content is missing"
    if len(content.encode()) > limits[kind]:
        return f"{kind}.content exceed max length {limits[kind]}"
    mentioned = part.get("mentioned_list", []) if isinstance(part, dict) else []
    if not isinstance(mentioned, list):
        return "mentioned_list is not a list"
    return ""


def _bad_parameter(what: str) -> dict[str, Any]:
    return {"errcode": 40058, "errmsg": f"invalid Request Parameter, {what}"}
