"""The HTTP server under the simulators, byte by byte, and what a call costs it."""

import json
import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from integrations.simulators.testing import ControlError, Simulator, running_simulator
from integrations.simulators.wire import Request
from integrations.simulators.world import Options, World

from .conftest import DETAIL_FIELDS

GET_COUNTERS = b"GET /control/counters HTTP/1.1\r\nHost: x\r\n\r\n"


def _socket(simulator: Simulator) -> socket.socket:
    host, port = urlsplit(simulator.base_url).netloc.split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def _until_closed(connection: socket.socket) -> bytes:
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def test_two_requests_in_one_packet_get_two_answers_in_order(simulator):
    with _socket(simulator) as connection:
        last = b"GET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n"
        connection.sendall(GET_COUNTERS + last)
        received = _until_closed(connection)

    assert received.startswith(b"HTTP/1.1 200 OK")
    assert received.index(b"HTTP/1.1 404") > 0
    assert b"Connection: close" in received


def test_a_held_answer_holds_those_behind_it_on_the_connection(simulator):
    simulator.fault("wecom", "slow", seconds=0.2)
    send = b"POST /cgi-bin/webhook/send?key=x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
    with _socket(simulator) as connection:
        connection.sendall(send + b"GET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n")
        received = _until_closed(connection)

    assert 0 < received.index(b"93000") < received.index(b"HTTP/1.1 404")


def test_a_request_may_come_in_single_bytes(simulator):
    body = b'{"samples":true}'
    request = (
        b"POST /control/reset HTTP/1.1\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    with _socket(simulator) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            connection.sendall(bytes([byte]))
        received = _until_closed(connection)

    assert received.endswith(b'{"reset":true}')


def test_a_waiting_client_is_told_to_continue(simulator):
    with _socket(simulator) as connection:
        connection.sendall(
            b"POST /control/reset HTTP/1.1\r\nContent-Type: application/json\r\n"
            b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
        )
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        received = _until_closed(connection)

    assert received.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/3\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: two\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"GET /" + b"x" * 70_000, 431),
    ],
)
def test_requests_that_cannot_be_read_are_refused_and_closed(simulator, request_bytes, status):
    with _socket(simulator) as connection:
        connection.sendall(request_bytes)
        received = _until_closed(connection)

    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert simulator.counters()["calls"] == {}


def test_a_connection_is_kept(simulator):
    connection = HTTPConnection(urlsplit(simulator.base_url).netloc, timeout=10)
    for _ in range(3):
        connection.request("GET", "/control/counters")
        assert json.loads(connection.getresponse().read())
        kept = connection.sock
    connection.request("GET", "/control/counters")
    connection.getresponse().read()

    assert connection.sock is kept
    connection.close()


def test_the_page_shows_systems_and_escapes_messages(simulator, wire):
    body = {"msgtype": "text", "text": {"content": "<script>alert(1)</script>"}}
    wire.post_json("/cgi-bin/webhook/send?key=ocoooooo-0000-4000-8000-000000000000", body)

    status, content_type, page = wire.send("GET", "/")

    assert (status, content_type) == (200, "text/html;charset=UTF-8")
    assert "快递100" in page.decode()
    assert b"&lt;script&gt;" in page
    assert b"<script>" not in page


def test_control_is_for_this_machine_only():
    world = World(Options())
    request = Request("GET", "/control/counters", b"", {}, b"", "10.0.0.7")

    answer = world.handle(request)

    assert answer.status == 403
    world.stop()


def test_control_refuses_other_content_types(wire):
    status, _, body = wire.send("POST", "/control/reset", b"{}", "text/plain")

    assert status == 400
    assert b"application/json" in body


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("taobao/trickle", {"per_minute": 0, "at_once": 3, "seeds": 1}),
        ("taobao/change", {"tid": "4100000000000000101", "statuss": "TRADE_CLOSED"}),
        ("taobao/change", {"tid": "4100000000000000101", "refund": {"state": "SUCCESS"}}),
        ("taobao/change", {"tid": "4100000000000000101", "modified": "today"}),
        ("taobao/change", {"tid": "4100000000000000101", "fields": {"tid": 1}}),
        ("kuaidi100/advance", {"number": "YT00000001", "to": "collected", "pushes": "none"}),
        ("kuaidi100/advance", {"number": "YT00000001", "to": "lost"}),
        ("wecom/keys", {"key": 5}),
    ],
)
def test_a_misspelt_control_call_is_refused_and_does_nothing(simulator, path, body):
    before = (simulator.get("taobao/trades"), simulator.get("kuaidi100/parcels"))

    with pytest.raises(ControlError):
        simulator.post(path, **body)

    assert (simulator.get("taobao/trades"), simulator.get("kuaidi100/parcels")) == before


def test_two_simulators_run_side_by_side_and_stop_with_their_parent():
    with running_simulator() as first, running_simulator(no_samples=True) as second:
        assert first.base_url != second.base_url
        assert second.counters()["trades"] == {}
        pid = second.pid

    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_term_signal_ends_it_cleanly():
    command = [sys.executable, "-m", "integrations.simulators", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"simulators ready at http://127.0.0.1:")
        process.terminate()
        assert process.wait(10) == 0


def test_a_signed_detail_call_is_cheap(simulator, top):
    """The pull benchmark shares its cores with this process: stay far below one millisecond."""
    simulator.generate(count=500, seed=2)
    forms = [
        top.form(
            "taobao.trade.fullinfo.get",
            tid=str(tid),
            fields=DETAIL_FIELDS,
            include_oaid="include_oaid",
        )
        for page in range(1, 6)
        for tid in top.tids(page)
    ]
    connection = HTTPConnection(urlsplit(simulator.base_url).netloc, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    before = simulator.counters()["cpu_seconds"]

    for form in forms:
        connection.request("POST", "/router/rest", urlencode(form), headers)
        assert b'"oaid"' in connection.getresponse().read()
    connection.close()

    per_call = (simulator.counters()["cpu_seconds"] - before) / len(forms)
    assert per_call < 0.0005, f"{per_call * 1000:.3f} ms of CPU a call"


def test_idle_time_costs_nothing(simulator):
    before = simulator.counters()["cpu_seconds"]
    time.sleep(0.3)

    assert simulator.counters()["cpu_seconds"] - before < 0.05
