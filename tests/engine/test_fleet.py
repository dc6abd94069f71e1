"""Ports, and the processes that are started."""

import http.server
import socket
import threading

import pytest

from ordercenter.engine import fleet, metrics
from ordercenter.engine.fleet import PortTaken, free_port


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_kept():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert free_port("127.0.0.1", port, or_next=False) == port


def test_a_taken_port_is_refused_with_advice(taken):
    with pytest.raises(PortTaken, match=f"Port {taken} is taken.*PORT="):
        free_port("127.0.0.1", taken, or_next=False)


def test_the_next_free_port_is_found_on_request(taken):
    found = free_port("127.0.0.1", taken, or_next=True)

    assert taken < found <= taken + fleet.PORTS_TRIED


def test_only_the_supervisor_starts_the_database():
    children = fleet.children({"PORT": "1"}, worker_age=lambda: 0.0, with_simulators=True)

    assert [child.name for child in children] == ["web", "relay", "cluster", "simulators"]
    assert {child.environment["OC_EMBEDDED_AUTOSTART"] for child in children} == {"0"}
    assert {child.environment["PORT"] for child in children} == {"1"}
    counting = [c.name for c in children if metrics.FOLDER_VARIABLE in c.environment]
    assert counting == ["web"]


def test_production_runs_no_simulators():
    children = fleet.children({}, worker_age=lambda: 0.0, with_simulators=False)

    assert "simulators" not in [child.name for child in children]


def test_only_the_task_cluster_must_give_signs_of_life():
    children = fleet.children({}, worker_age=lambda: 12.0, with_simulators=True)

    assert {c.name: c.heartbeat.age() for c in children if c.heartbeat} == {"cluster": 12.0}


def test_a_server_of_others_is_not_looked_after(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/db")
    assert fleet.keepers() == []

    monkeypatch.delenv("DATABASE_URL")
    assert [keeper.name for keeper in fleet.keepers()] == ["the database"]


@pytest.mark.parametrize(("status", "answers"), [(200, True), (503, False)])
def test_waiting_ends_with_a_good_answer_only(status, answers):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *words):
            """Keep quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/healthz"
        found = fleet.wait_until_answering(url, host_header="localhost", seconds=0.5)
        server.shutdown()

    assert found is answers


def test_waiting_for_nobody_ends(taken):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    url = f"http://127.0.0.1:{port}/healthz"
    assert fleet.wait_until_answering(url, host_header="localhost", seconds=0.3) is False
