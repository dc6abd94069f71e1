"""What the simulated world remembers when it is stopped and started again."""

import os
import signal
import subprocess
import sys
import time

import pytest

from integrations.simulators.testing import running_simulator

from .conftest import TopClient, Wire
from .test_simulator_kuaidi100 import NUMBER, _subscribe

SEND = "taobao.logistics.offline.send"
TEA = "4100000000000000101"


def test_trades_shipments_parcels_and_messages_survive_a_restart(tmp_path, subscriber):
    state = str(tmp_path / "state.json")
    with running_simulator(state=state) as simulator:
        top, wire = TopClient(simulator.base_url), Wire(simulator.base_url)
        top.ask(SEND, tid=TEA, out_sid="YT00000001", company_code="YTO")
        simulator.generate(count=5, seed=1, shop="demo2")
        _subscribe(wire, subscriber.url)
        simulator.advance(NUMBER, "collected", wait=True)
        message = {"msgtype": "text", "text": {"content": "你好"}}
        wire.post_json("/cgi-bin/webhook/send?key=ocoooooo-0000-4000-8000-000000000000", message)
        before = (top.detail(TEA), simulator.counters()["trades"])

    with running_simulator(state=state) as simulator:
        top = TopClient(simulator.base_url)
        after = (top.detail(TEA), simulator.counters()["trades"])
        simulator.advance(NUMBER, "in_transit", wait=True)
        shipments, messages = simulator.shipments(), simulator.messages()

    assert after == before
    assert [row["out_sid"] for row in shipments] == ["YT00000001"]
    assert [message["text"] for message in messages] == ["你好"]
    assert len(subscriber.wait_for(2)) == 2


def test_refreshed_tokens_survive_a_restart(tmp_path):
    state = str(tmp_path / "state.json")
    with running_simulator(state=state) as simulator:
        top = TopClient(simulator.base_url)
        token = {"refresh_token": "6101demoRefreshToken0001"}
        top.ask("taobao.top.auth.token.refresh", session="", **token)

    with running_simulator(state=state) as simulator:
        error = TopClient(simulator.base_url).refusal(SEND, tid=TEA)

    assert error["code"] == 27


def test_parcels_travel_on_after_a_restart(tmp_path, subscriber):
    state = str(tmp_path / "state.json")
    with running_simulator(state=state) as simulator:
        _subscribe(Wire(simulator.base_url), subscriber.url)

    with running_simulator(state=state, auto_advance=0.05):
        subscriber.wait_for(5)


def test_a_killed_simulator_takes_up_its_last_save(tmp_path):
    state = tmp_path / "state.json"
    command = [sys.executable, "-m", "integrations.simulators", "--port=0", f"--state={state}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(100):
            if state.exists():
                break
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)

    with running_simulator(state=str(state)) as simulator:
        assert simulator.counters()["trades"] == {"demo1": 3}


def test_a_foreign_file_is_refused_and_kept(tmp_path):
    state = tmp_path / "state.json"
    state.write_text('{"format": 99}')

    with pytest.raises(RuntimeError), running_simulator(state=str(state)):
        pass

    assert state.read_text() == '{"format": 99}'
