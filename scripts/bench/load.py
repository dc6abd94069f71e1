"""A small HTTP load: keep-alive sockets, requests prepared before the clock starts."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Outcome:
    """What a load saw. `seconds` holds the time of each answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    trouble: Counter[str] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        """Good answers (2xx) per second."""
        good = sum(number for status, number in self.statuses.items() if status < 300)
        return good / self.elapsed if self.elapsed else 0.0


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.link: socket.socket | None = None
        self.rest = b""

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send one request; its status and body. Raises `OSError` when the link breaks."""
        if self.link is None:
            self.link = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.rest = b""
        try:
            self.link.sendall(request)
            return self._read()
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """The next request opens a new connection."""
        if self.link is not None:
            self.link.close()
            self.link = None

    def _read(self) -> tuple[int, bytes]:
        head = self._until(b"\r\n\r\n")
        status = int(head[9:12])
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif name.lower() == b"transfer-encoding":
                return status, self._chunks()
        body = self._exactly(length)
        if b"onnection: close" in head:
            self.close()
        return status, body

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.rest:
            self._more()
        head, _, self.rest = self.rest.partition(mark)
        return head

    def _exactly(self, length: int) -> bytes:
        while len(self.rest) < length:
            self._more()
        body, self.rest = self.rest[:length], self.rest[length:]
        return body

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._until(b"\r\n"), 16):
            parts.append(self._exactly(size))
            self._until(b"\r\n")
        self._until(b"\r\n")
        return b"".join(parts)

    def _more(self) -> None:
        assert self.link is not None
        data = self.link.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.rest += data


def request_bytes(
    method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """An HTTP/1.1 request as it goes over the wire."""
    payload = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(payload)}"]
    if payload:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + payload


def closed_loop(
    port: int,
    make: Callable[[int, int], bytes],
    *,
    clients: int = 8,
    seconds: float | None = None,
    requests: int | None = None,
    retry_broken: bool = False,
) -> Outcome:
    """Each client asks again as soon as it is answered, for `seconds` or `requests` in all.

    `make(client, n)` gives the n-th request of a client. With `retry_broken` a request whose
    connection broke is sent again (it carries its idempotency key).
    """
    outcome = Outcome()
    lock = threading.Lock()
    begun = time.perf_counter()
    share = None if requests is None else requests // clients

    def work(number: int) -> None:
        client, mine, sent = Client(port), Outcome(), 0
        while (share is None or sent < share) and (
            seconds is None or time.perf_counter() - begun < seconds
        ):
            request = make(number, sent)
            start = time.perf_counter()
            try:
                status, _body = client.ask(request)
            except OSError as error:
                mine.trouble[type(error).__name__] += 1
                if retry_broken:
                    time.sleep(0.05)
                    continue
                status = 0
            mine.seconds.append(time.perf_counter() - start)
            mine.statuses[status] += 1
            sent += 1
        client.close()
        with lock:
            outcome.statuses += mine.statuses
            outcome.seconds += mine.seconds
            outcome.trouble += mine.trouble

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.elapsed = time.perf_counter() - begun
    return outcome


def open_loop(
    port: int, make: Callable[[int], bytes], *, per_second: float, seconds: float, clients: int = 32
) -> Outcome:
    """Requests leave at fixed moments whether or not earlier ones were answered.

    The time of an answer counts from the moment the request should have left, so a server that
    falls behind is not flattered.
    """
    outcome = Outcome()
    lock = threading.Lock()
    total = int(per_second * seconds)
    counter = iter(range(total))
    begun = time.perf_counter()

    def work() -> None:
        client, mine = Client(port), Outcome()
        while True:
            with lock:
                number = next(counter, None)
            if number is None:
                break
            moment = begun + number / per_second
            time.sleep(max(0.0, moment - time.perf_counter()))
            try:
                status, _body = client.ask(make(number))
            except OSError as error:
                mine.trouble[type(error).__name__] += 1
                status = 0
            mine.seconds.append(time.perf_counter() - moment)
            mine.statuses[status] += 1
        client.close()
        with lock:
            outcome.statuses += mine.statuses
            outcome.seconds += mine.seconds
            outcome.trouble += mine.trouble

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.elapsed = time.perf_counter() - begun
    return outcome
