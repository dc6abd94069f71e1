"""What all channel adapters share: words for answers, and what an adapter must be able to do."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from integrations.plugins import WithCredentials


class Answer(StrEnum):
    """What a call has led to."""

    OK = "ok"
    DUPLICATE = "duplicate"
    RETRY_LATER = "retry_later"
    UNKNOWN_OUTCOME = "unknown_outcome"
    REFUSED = "refused"
    AUTH = "auth"


class Care(StrEnum):
    """What is to be done about it (channels.md 0.3)."""

    NONE = "none"
    RETRY = "RETRY"
    WAIT = "WAIT"
    REAUTH = "REAUTH"
    STOP = "STOP"
    DONE = "DONE"
    PERSON = "PERSON"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A channel's answer in our words. `wait` is the number of seconds it asked us to keep away."""

    answer: Answer
    care: Care = Care.NONE
    code: str = ""
    text: str = ""
    wait: float | None = None

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip() or str(self.answer)


class ChannelTrouble(Exception):
    """A call did not end well; `verdict` says what to do about it."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


class UnreadableAnswer(ChannelTrouble):
    """The answer is no answer of this channel; `body` is what came, for people to look at."""

    def __init__(self, verdict: Verdict, body: str) -> None:
        super().__init__(verdict)
        self.body = body


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of modified times, both ends included; whole seconds."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def halves(self) -> tuple[Window, Window]:
        """Two windows that cover this one; they share no second."""
        middle = self.start + timedelta(seconds=int(self.length.total_seconds()) // 2)
        return Window(self.start, middle), Window(middle + timedelta(seconds=1), self.end)


class TooManyRows(Exception):
    """A window holds more rows than should be paged through; read it in halves."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An order that the channel lists as changed at that moment."""

    number: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One answer about one order, word for word. `problem` and `detail` where it is no good.

    `document` is the parsed body where parsing has been done already.
    """

    api: str
    number: str
    modified_at: datetime | None
    body: str
    sha256: str
    problem: str = ""
    detail: str = ""
    document: Any = None


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list: the orders that changed, and rows that can't be read."""

    listed: Sequence[Listed]
    strays: Sequence[Message] = ()


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a channel is told of a parcel. `lines` is empty when it holds the whole order."""

    number: str
    waybill: str
    company: str
    lines: Sequence[str] = field(default_factory=tuple)


class ChannelAdapter(WithCredentials, ABC):
    """Speaks one channel's language. Holds no database row and never waits for one.

    Read calls repeat themselves where that helps and raise `ChannelTrouble` where it does not.
    `ship` never repeats: its caller keeps an intent and asks before it calls again.
    """

    key: ClassVar[str]
    label: ClassVar[Any]
    # Version 1 of the field mapping, as data.
    mapping: ClassVar[Mapping[str, Any]]
    default_base_url: ClassVar[str]
    # The API whose answers are kept as raw messages.
    detail_api: ClassVar[str]
    longest_window: ClassVar[timedelta]
    # A window ends this long before now, because rows show late.
    safety_lag: ClassVar[timedelta]
    furthest_back: ClassVar[timedelta]

    def __init__(
        self, base_url: str, credentials: Mapping[str, str], options: Mapping[str, Any]
    ) -> None:
        self.base_url = base_url or self.default_base_url
        self.credentials = credentials
        self.options = options

    @abstractmethod
    def changes(self, window: Window) -> Iterator[Page]:
        """Everything modified in the window, each order at least once; pages in any order.

        Raises `TooManyRows` before the first page when the window should be halved.
        """

    @abstractmethod
    def fetch(self, listed: Listed) -> Message:
        """The details of one order. What the channel does not give comes back with a problem."""

    @abstractmethod
    def ship(self, parcel: Parcel) -> Verdict:
        """Tell the channel that the parcel is on its way; exactly one call."""

    @abstractmethod
    def waybills(self, number: str) -> dict[str, str]:
        """What the channel knows: line id to waybill, for each line that counts as shipped."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the connections."""


def sha256(text: str) -> str:
    """The mark by which two bodies are told apart."""
    return hashlib.sha256(text.encode()).hexdigest()


def readable(body: bytes) -> str:
    """Bytes as text that a database keeps: what is not UTF-8, or NUL, is written as \\xNN."""
    return body.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


def parse(body: str) -> Any:
    """The JSON value. Raises `ValueError` for anything else, absurd numbers and depths included."""
    try:
        return _decoder.decode(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
