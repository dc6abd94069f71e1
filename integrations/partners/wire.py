"""One POST to a partner: bounded in time as a whole, no redirect followed, the body not read.

Written on sockets, because what counts here is which address is connected to and that the whole
call ends in time, also where the other side sends a byte now and then.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from integrations.partners import wording
from integrations.partners.addresses import BadAddress, Target, connect, read_target

SECONDS = 10.0
LARGEST_HEAD = 32 * 1024
AGENT = "OrderCenter-Webhooks/1"

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?")
_WAIT = re.compile(r"\d{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call: an HTTP status, or none and the kind of trouble.

    `error` is a code of `wording`; it never holds anything the other side has sent.
    """

    status: int | None = None
    error: str = ""
    wait: float | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the partner has it."""
        return self.status is not None and 200 <= self.status < 300


def post(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Send the body once and look at the answer's status; ends after `SECONDS`."""
    deadline = time.monotonic() + SECONDS
    try:
        target = read_target(url)
        link = connect(target, SECONDS)
    except BadAddress as error:
        return Outcome(error=error.code)
    except (OSError, UnicodeError) as error:
        return Outcome(error=_code_of(error))
    try:
        return _talk(link, target, headers, body, deadline)
    except (OSError, _Unreadable) as error:
        return Outcome(error=_code_of(error))
    finally:
        link.close()


class _Unreadable(Exception):
    """What came back is no HTTP."""


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The certificates we trust; read once."""
    return ssl.create_default_context()


def _talk(
    link: socket.socket, target: Target, headers: Mapping[str, str], body: bytes, deadline: float
) -> Outcome:
    link.settimeout(_left(deadline))
    if target.is_encrypted:
        link = _trust().wrap_socket(link, server_hostname=target.host)
    with link:
        link.settimeout(_left(deadline))
        link.sendall(_head(target, headers, len(body)) + body)
        return _answer(link, deadline)


def _head(target: Target, headers: Mapping[str, str], length: int) -> bytes:
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        f"User-Agent: {AGENT}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        "Accept: */*",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _answer(link: socket.socket, deadline: float) -> Outcome:
    """The first answer that is final; a 1xx before it is passed over."""
    read = b""
    while True:
        end = read.find(b"\r\n\r\n")
        if end < 0:
            if len(read) > LARGEST_HEAD:
                raise _Unreadable("head too large")
            link.settimeout(_left(deadline))
            piece = link.recv(4096)
            if not piece:
                raise _Unreadable("no answer")
            read += piece
            continue
        lines = read[:end].split(b"\r\n")
        match = _STATUS.fullmatch(lines[0])
        if match is None:
            raise _Unreadable("not HTTP")
        status = int(match[1])
        if status >= 200:
            return Outcome(status, wait=_wait_in(lines[1:]))
        read = read[end + 4 :]


def _wait_in(lines: list[bytes]) -> float | None:
    """The seconds of Retry-After; a date there is passed over."""
    for line in lines:
        name, _colon, value = line.partition(b":")
        text = value.strip().decode("ascii", "replace")
        if name.strip().lower() == b"retry-after" and _WAIT.fullmatch(text):
            return float(text)
    return None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("too slow")
    return left


def _code_of(error: Exception) -> str:
    """The kind of trouble."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return wording.NO_CONNECTION


# The first that fits counts.
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, wording.TIMEOUT),
    (ssl.SSLCertVerificationError, wording.CERTIFICATE),
    (ssl.SSLError, wording.TLS),
    (socket.gaierror, wording.UNKNOWN_HOST),
    (UnicodeError, wording.UNKNOWN_HOST),
    (_Unreadable, wording.UNREADABLE),
    (ConnectionRefusedError, wording.CONNECTION_REFUSED),
)
