"""Ports, and the processes that are started."""

import http.server
import os
import socket
import threading

import pytest

from ordercenter.engine import fleet
from ordercenter.engine.fleet import PortTaken
from ordercenter.engine.metrics import FOLDER_VARIABLE
from ordercenter.engine.web_server import LISTENER_VARIABLE

FIRST_PORT = 26000 + os.getpid() % 5000  # other workers run these tests too


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def listener():
    with fleet.listen("127.0.0.1", FIRST_PORT, or_next=True) as listener:
        yield listener


def test_a_free_port_is_taken(listener):
    port = fleet.port_of(listener)
    listener.close()

    with fleet.listen("127.0.0.1", port, or_next=False) as again:
        assert fleet.port_of(again) == port


def test_a_taken_port_is_refused_with_advice(taken):
    with pytest.raises(PortTaken, match=f"Port {taken} is taken.*PORT="):
        fleet.listen("127.0.0.1", taken, or_next=False)


def test_the_next_free_port_is_found_on_request(taken):
    with fleet.listen("127.0.0.1", taken, or_next=True) as found:
        assert taken < fleet.port_of(found) <= taken + fleet.PORTS_TRIED


def test_a_held_port_can_be_taken_by_nobody_else(listener):
    with pytest.raises(PortTaken):
        fleet.listen("127.0.0.1", fleet.port_of(listener), or_next=False)


def test_an_address_that_is_not_ours_is_an_error():
    with pytest.raises(OSError, match="assign"):
        fleet.listen("192.0.2.1", FIRST_PORT, or_next=True)


def test_a_port_for_somebody_else_is_left_free(taken):
    port = fleet.free_port("127.0.0.1", taken)

    with fleet.listen("127.0.0.1", port, or_next=False) as found:
        assert fleet.port_of(found) == port != taken


def fleet_of(listener, *, with_simulators=True):
    return fleet.children(
        {"PORT": "1"}, listener, worker_age=lambda: 12.0, with_simulators=with_simulators
    )


def test_only_the_supervisor_starts_the_database(listener):
    children = fleet_of(listener)

    assert [child.name for child in children] == ["web", "relay", "cluster", "simulators"]
    assert {child.environment["OC_EMBEDDED_AUTOSTART"] for child in children} == {"0"}
    assert {child.environment["PORT"] for child in children} == {"1"}


def test_only_the_web_server_gets_the_socket_and_counts_requests(listener):
    children = fleet_of(listener)

    assert [c.name for c in children if c.inherited] == ["web"]
    assert children[0].environment[LISTENER_VARIABLE] == str(listener.fileno())
    assert [c.name for c in children if FOLDER_VARIABLE in c.environment] == ["web"]


def test_production_runs_no_simulators(listener):
    children = fleet_of(listener, with_simulators=False)

    assert "simulators" not in [child.name for child in children]


def test_only_the_task_cluster_must_give_signs_of_life(listener):
    beats = {c.name: c.heartbeat.age() for c in fleet_of(listener) if c.heartbeat}

    assert beats == {"cluster": 12.0}


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


def test_simulators_remember_over_a_restart_and_order_what_we_sell(listener, tmp_path, monkeypatch):
    monkeypatch.setenv("OC_VAR", str(tmp_path))
    (tmp_path / fleet.DEMO_GOODS).write_text("[]")

    command = next(child for child in fleet_of(listener) if child.name == "simulators").command

    assert command[command.index("--state") + 1] == str(tmp_path / "simulators.json")
    assert command[command.index("--skus") + 1] == str(tmp_path / fleet.DEMO_GOODS)
