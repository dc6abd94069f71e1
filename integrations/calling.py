"""Calling other systems: one way to open a client, one judgement of a call without an answer."""

from __future__ import annotations

import ipaddress
import logging
from typing import Any
from urllib.parse import urlsplit

import httpx

from integrations.channels.base import Answer, Verdict

TIMEOUT = httpx.Timeout(15.0, connect=5.0)


class _WithoutQuery(logging.Filter):
    """Queries hold keys: httpx, asked to log its calls, names the address without them."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg
                for arg in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_WithoutQuery())


def open_client(base_url: str) -> httpx.Client:
    """A client for one system. A proxy of the environment never stands before this machine."""
    return httpx.Client(
        base_url=base_url.rstrip("/"), timeout=TIMEOUT, trust_env=not _is_this_machine(base_url)
    )


def _is_this_machine(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def no_answer(error: httpx.HTTPError) -> Verdict:
    """The judgement of a call that brought no answer.

    Without a connection nothing was asked; later on the other side may have acted. The error's
    text is left out: it may hold the address, and the address a key.
    """
    never_left = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    answer = Answer.RETRY_LATER if never_left else Answer.UNKNOWN_OUTCOME
    return Verdict(answer, code=type(error).__name__)


def read_object(response: httpx.Response) -> dict[str, Any] | None:
    """The body as a JSON object, None when it is something else."""
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def as_note(verdict: Verdict) -> dict[str, str]:
    """A verdict as it is kept beside our own row; nothing of the request is in it."""
    return {"answer": verdict.answer, "code": verdict.code[:40], "text": verdict.text[:300]}
