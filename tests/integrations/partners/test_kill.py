"""kill -9 of the real relay while it sends: everything arrives, doubles carry the same id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from django.db import connection

from integrations.models import PartnerDelivery
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Delivery
from ordercenter.engine.paths import PROJECT_ROOT
from orders.actions import cancel_order
from tests.integrations.partners.conftest import let_time_pass
from tests.support.stories import let_leases_end

pytestmark = pytest.mark.processes

ORDERS = 60
PATIENCE = 60.0


def start_relay(simulator) -> subprocess.Popen[bytes]:
    head, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return subprocess.Popen(
        [sys.executable, "manage.py", "relay"],
        cwd=PROJECT_ROOT,
        env=os.environ
        | {
            "DATABASE_URL": f"{head}/{connection.settings_dict['NAME']}",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "WEBHOOK_PLAIN_HTTP": simulator.base_url.removeprefix("http://"),
            "WEBHOOK_PRIVATE_NETWORKS": "127.0.0.1/32",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def wait_for(what: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert process.poll() is None, (process.communicate()[0] or b"").decode()[-3000:]
        if time.monotonic() > deadline:
            process.kill()
            pytest.fail(process.communicate()[0].decode()[-3000:])
        time.sleep(0.02)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.usefixtures("committed_db")
def test_a_relay_killed_while_it_sends_loses_nothing_and_doubles_carry_the_same_id(partner):
    for number in range(ORDERS):
        order = partner.order(f"P-{number}")
        cancel_order(order.pk, seen=None, reason="不要了", actor=SYSTEM)
    # The partner keeps each message and then takes its time to say so: a kill falls in between.
    partner.simulator.fault("partner", "slow", seconds=0.15, probability=1)

    for arrived in (10, 60):
        process = start_relay(partner.simulator)
        wait_for(lambda n=arrived: len(partner.heard()["messages"]) >= n, process)
        kill(process)
        assert "pending" in partner.states() or Delivery.objects.filter(state="pending").exists()
        let_leases_end()
        let_time_pass()
    partner.simulator.clear_faults()
    process = start_relay(partner.simulator)
    wait_for(
        lambda: (
            not Delivery.objects.filter(state="pending").exists()
            and PartnerDelivery.objects.filter(state="done").count() == 2 * ORDERS
        ),
        process,
    )
    process.terminate()
    process.communicate(timeout=PATIENCE)

    heard = partner.heard()
    assert process.returncode == 0
    assert len(heard["messages"]) == 2 * ORDERS
    # What was under way when it died came twice, and the partner knew it by its id.
    assert heard["doubles"] >= 1
    assert heard["out_of_order"] == []
    assert (heard["bad_signatures"], heard["too_old"]) == (0, 0)
    assert sorted(m["sequence"] for m in heard["messages"]) == list(range(1, 2 * ORDERS + 1))
