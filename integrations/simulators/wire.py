"""Requests, responses and forms as they are on the wire: bytes until a rule needs text."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

JSON_TYPE = b"application/json;charset=UTF-8"
HTML_TYPE = b"text/html;charset=UTF-8"
XML_TYPE = b"text/xml;charset=UTF-8"
FORM_TYPE = b"application/x-www-form-urlencoded"

# "drop" closes the connection without an answer, "cut" closes it half-way through the body.
Fate = Literal["answer", "drop", "cut"]


@dataclass(slots=True)
class Request:
    """One complete HTTP request; header names are lower case."""

    method: str
    path: str
    query: bytes
    headers: dict[bytes, bytes]
    body: bytes
    peer: str

    @property
    def media_type(self) -> bytes:
        """The content type without its parameters, lower case; empty when none was sent."""
        return self.headers.get(b"content-type", b"").split(b";", 1)[0].strip().lower()


@dataclass(slots=True)
class Response:
    """What goes back: ``delay`` is in seconds, ``fate`` says whether it arrives at all."""

    body: bytes
    status: int = 200
    content_type: bytes = JSON_TYPE
    delay: float = 0.0
    fate: Fate = "answer"
    headers: dict[str, str] | None = None


Answer = Response | Awaitable[Response]
Handler = Callable[[Request], Answer]


def to_json(value: Any) -> bytes:
    """Compact UTF-8 JSON, Chinese unescaped, as the real systems send it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_response(value: Any, status: int = 200) -> Response:
    """A JSON answer; the caller decides the status because most systems use 200 for errors."""
    return Response(to_json(value), status)


@lru_cache(maxsize=2048)
def _unescape(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))


def parse_form(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Read ``application/x-www-form-urlencoded`` bytes into decoded pairs, in wire order.

    Repeated keys stay repeated and blank values stay; what they mean is the caller's rule.
    Unescaping is remembered because long constant values (the field list) come with every call.
    """
    pairs: list[tuple[bytes, bytes]] = []
    for part in raw.split(b"&"):
        if not part:
            continue
        key, _, value = part.partition(b"=")
        if b"%" in key or b"+" in key:
            key = _unescape(key)
        if b"%" in value or b"+" in value:
            value = _unescape(value)
        pairs.append((key, value))
    return pairs


def form_as_text(request: Request) -> dict[str, str]:
    """The form of a request as text; raises ``ValueError`` on bad UTF-8 or a repeated key."""
    form: dict[str, str] = {}
    for key, value in parse_form(request.body):
        name = key.decode()
        if name in form:
            raise ValueError(f"repeated parameter {name}")
        form[name] = value.decode()
    return form


def query_as_text(request: Request) -> dict[str, str]:
    """The query string as text, the last of repeated keys winning; bad UTF-8 is replaced."""
    return {
        key.decode(errors="replace"): value.decode(errors="replace")
        for key, value in parse_form(request.query)
    }
