"""The HTTP client of channels: what was sent, what is not known, connections that end."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from integrations.channels.wire import NoAnswer, NotSent, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that talks to each connection in turn as `talk` says, then closes it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                talk(peer)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def read_question(peer: socket.socket) -> None:
    """What was left unread would end the connection with a reset."""
    asked = b""
    while not asked.endswith(b"a=1"):
        asked += peer.recv(65536)


def test_a_connection_that_the_other_side_closed_is_replaced():
    """Each answer is followed by the end of its connection, without a word about it."""

    def talk(peer: socket.socket) -> None:
        read_question(peer)
        peer.sendall(OK)

    with serving(talk) as url:
        wire = Wire(url, {}, timeout=2.0)
        for _ in range(3):
            assert wire.post(b"a=1").body == b"ok"
            # The end has to arrive before the next request looks for it.
            assert wire._mine.connection.sock.recv(1, socket.MSG_PEEK) == b""
        wire.close()


def test_one_connection_serves_many_requests():
    peers: list[socket.socket] = []

    def talk(peer: socket.socket) -> None:
        peers.append(peer)
        while peer.recv(65536):
            peer.sendall(OK)

    with serving(talk) as url:
        wire = Wire(url, {}, timeout=2.0)
        for _ in range(3):
            wire.post(b"a=1")
        wire.close()

    assert len(peers) == 1


def test_nobody_there_means_that_nothing_was_sent():
    with pytest.raises(NotSent):
        Wire("http://127.0.0.1:9/x", {}, timeout=1.0).post(b"")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok",
        b"this is no HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000,
    ],
    ids=["nothing", "cut", "garbage", "endless_head"],
)
def test_a_broken_answer_leaves_the_outcome_unknown(answer):
    def talk(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(answer)

    with serving(talk) as url, pytest.raises(NoAnswer):
        Wire(url, {}, timeout=2.0).post(b"a=1")


def test_silence_ends_after_the_time_limit():
    hold = threading.Event()

    with serving(lambda peer: hold.wait(5)) as url:
        try:
            with pytest.raises(NoAnswer, match="TimeoutError"):
                Wire(url, {}, timeout=0.1).post(b"a=1")
        finally:
            hold.set()


def test_an_answer_without_end_is_not_read_to_the_end(monkeypatch):
    monkeypatch.setattr("integrations.channels.wire.MOST_BYTES", 1000)

    def talk(peer: socket.socket) -> None:
        read_question(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)

    with serving(talk) as url, pytest.raises(NoAnswer, match="does not end"):
        Wire(url, {}, timeout=2.0).post(b"a=1")
