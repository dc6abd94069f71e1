"""A small HTTP/1.1 server on :class:`asyncio.Protocol`.

Why not gunicorn: the pull benchmark shares two cores with this process, so the simulator's CPU
is taken from the system under test. Measured on one machine, 1.3 KB form in, 3 KB answer out,
1 to 8 keep-alive connections, CPU of the server process alone per call: gunicorn gthread
330-390 microseconds, a thread per connection on blocking sockets 20-43, this protocol 15-30.
One event loop also means one thread owns all state, so the rules need no locks.

Handlers are plain functions that answer at once. A handler that has to wait returns an
awaitable. Keep-alive, pipelining, ``Expect: 100-continue`` and ``Connection: close`` work;
a chunked request body is refused with 411, as HTTP allows. asyncio sets TCP_NODELAY itself.
"""

import asyncio
import logging
import time
from functools import lru_cache
from http import HTTPStatus

from .wire import Answer, Handler, Request, Response, json_response

log = logging.getLogger("simulators.server")

MAX_HEAD = 64 * 1024
MAX_BODY = 8 * 1024 * 1024
IDLE_SECONDS = 120.0


class BadRequest(Exception):
    """The bytes are not a request we read; the connection is closed after the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@lru_cache(maxsize=64)
def _head(status: int, content_type: bytes, second: int) -> bytes:
    """Everything before the length; the date makes it good for one second."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(second))
    phrase = HTTPStatus(status).phrase
    return (
        f"HTTP/1.1 {status} {phrase}\r\nServer: simulators\r\nDate: {date}\r\n"
        f"Content-Type: {content_type.decode()}\r\n"
    ).encode()


def read_head(raw: bytes, peer: str) -> tuple[Request, int]:
    """Parse a request head; answers the request without body and the body's length."""
    lines = raw.split(b"\r\n")
    try:
        method, target, version = lines[0].decode("ascii").split(" ")
    except ValueError:
        raise BadRequest(400, "request line") from None
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadRequest(505, "version")
    headers: dict[bytes, bytes] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or (name == b"content-length" and name in headers):
            raise BadRequest(400, "header")
        headers[name] = value.strip()
    if b"transfer-encoding" in headers:
        raise BadRequest(411, "chunked bodies are not read")
    if version == "HTTP/1.0":
        headers.setdefault(b"connection", b"close")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        raise BadRequest(400, "content-length")
    path, _, query = target.partition("?")
    return Request(method, path, query.encode(), headers, b"", peer), int(length)


def _own_failure(request: Request) -> Response:
    """A bug of the simulator: logged with its traceback, told apart from any played fault."""
    log.exception("%s %s failed", request.method, request.path)
    return json_response({"error": "the simulator itself failed, see its log"}, 500)


class HttpConnection(asyncio.Protocol):
    """One client connection: requests are answered strictly one after the other."""

    def __init__(self, handler: Handler, connections: set["HttpConnection"]) -> None:
        self._handler = handler
        self._connections = connections
        self._buffer = b""
        self._pending: tuple[Request, int] | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport
        self._peer = ""
        self.last_seen = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peer = transport.get_extra_info("peername")[0]
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self._waiting is not None:
            self._waiting.cancel()

    def data_received(self, data: bytes) -> None:
        self.last_seen = time.monotonic()
        self._buffer = self._buffer + data if self._buffer else data
        if self._waiting is not None:
            if len(self._buffer) > MAX_BODY:
                self._transport.pause_reading()
            return
        self._work_through_buffer()

    def close(self) -> None:
        """Close after what was written has gone out."""
        self._transport.close()

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is being held back (a fault, or a handler that waits)."""
        return self._waiting is not None

    def _work_through_buffer(self) -> None:
        try:
            while self._waiting is None and (request := self._next_request()) is not None:
                self._answer(request)
        except BadRequest as error:
            self._write(json_response({"error": str(error)}, error.status), keep=False)

    def _next_request(self) -> Request | None:
        if self._pending is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD:
                    raise BadRequest(431, "head too large")
                return None
            self._pending = read_head(self._buffer[:end], self._peer)
            self._buffer = self._buffer[end + 4 :]
            request, length = self._pending
            if length > MAX_BODY:
                raise BadRequest(413, "body too large")
            if length and request.headers.get(b"expect", b"").lower() == b"100-continue":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request, length = self._pending
        if len(self._buffer) < length:
            return None
        request.body, self._buffer = self._buffer[:length], self._buffer[length:]
        self._pending = None
        return request

    def _answer(self, request: Request) -> None:
        keep = request.headers.get(b"connection", b"").lower() != b"close"
        try:
            answer = self._handler(request)
        except Exception:
            answer = _own_failure(request)
        if isinstance(answer, Response) and not answer.delay:
            self._send(answer, keep)
            return
        self._waiting = asyncio.ensure_future(self._answer_later(request, answer, keep))

    async def _answer_later(self, request: Request, answer: Answer, keep: bool) -> None:
        try:
            response = answer if isinstance(answer, Response) else await answer
        except Exception:
            response = _own_failure(request)
        if response.delay:
            await asyncio.sleep(response.delay)
        self._waiting = None
        self._send(response, keep)
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._work_through_buffer()

    def _send(self, response: Response, keep: bool) -> None:
        if response.fate == "drop":
            self._transport.abort()
        elif response.fate == "cut":
            self._write(response, keep=False, cut_at=len(response.body) // 2)
        else:
            self._write(response, keep=keep)

    def _write(self, response: Response, *, keep: bool, cut_at: int | None = None) -> None:
        length = b"Content-Length: %d\r\n" % len(response.body)
        closing = b"\r\n" if keep else b"Connection: close\r\n\r\n"
        head = _head(response.status, response.content_type, int(time.time()))
        more = b"".join(f"{k}: {v}\r\n".encode() for k, v in (response.headers or {}).items())
        self._transport.write(head + more + length + closing + response.body[:cut_at])
        if not keep:
            self._transport.close()


class HttpServer:
    """Listens, keeps track of connections and stops cleanly."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: set[HttpConnection] = set()
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; ``port`` 0 takes a free one, afterwards ``self.port`` is the real number."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: HttpConnection(self._handler, self._connections), host, port, backlog=512
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._close_idle()

    async def stop(self) -> None:
        """Refuse new connections and close the open ones."""
        if self._sweep is not None:
            self._sweep.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)

    def _close_idle(self) -> None:
        oldest = time.monotonic() - IDLE_SECONDS
        for connection in list(self._connections):
            if connection.last_seen < oldest and not connection.is_waiting:
                connection.close()
        self._sweep = asyncio.get_running_loop().call_later(15, self._close_idle)
