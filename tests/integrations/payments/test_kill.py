"""kill -9 of the real relay between the payment call and its commit: refunded once (Must 4)."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from integrations.payments.driving import PAYER, check_due
from ordercenter.core import outbox
from ordercenter.core.models import Delivery
from rma.actions import start_refund
from rma.models import Refund
from tests.fulfilment.world import broken_laws
from tests.integrations.payments.conftest import due_now, state_of

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 120.0

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("committed_db")]


def start_relay() -> subprocess.Popen[bytes]:
    """`manage.py relay` on the test's database."""
    head, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return subprocess.Popen(
        [sys.executable, "manage.py", "relay"],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": f"{head}/{connection.settings_dict['NAME']}",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def wait_for(what, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert process.poll() is None, process.communicate()[0].decode()
        if time.monotonic() > deadline:
            process.kill()
            pytest.fail(process.communicate()[0].decode()[-3000:])
        time.sleep(0.02)


@pytest.mark.parametrize("system", ["wechatpay", "alipay"])
def test_a_relay_killed_between_call_and_commit_pays_once(pay, system):
    refund = pay.plan(pay.order(system))
    create = {"wechatpay": "refund.create", "alipay": "alipay.trade.refund"}[system]
    pay.simulator.fault(system, "timeout_after_write", method=create, seconds=60)

    process = start_relay()
    wait_for(lambda: pay.simulator.get(f"{system}/refunds")["refunds"], process)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    assert process.returncode == -signal.SIGKILL
    # The other side has it, we know only that we asked.
    assert state_of(refund) == "sending"
    assert pay.calls(system) == {create: 1}
    if system == "wechatpay":
        pay.simulator.post("wechatpay/settle", number=refund.number, notice="no_notice")
    # The lease of the dead relay has run out, and so has the refund's turn.
    Delivery.objects.update(not_before="2020-01-01T00:00:00Z")
    due_now(refund)
    outbox.drain("outside")
    outbox.drain("outside")
    check_due()

    assert state_of(refund) == "succeeded"
    assert pay.paid(system) == {refund.number: 1}
    assert pay.calls(system)[create] == 1, "it was asked about, not asked for again"
    assert Refund.objects.count() == 1
    assert broken_laws() == {}


def test_a_relay_killed_before_the_call_pays_once(pay):
    """Dead with the number stored and nobody asked: the number is looked for, then used."""
    refund = pay.plan(pay.order("wechatpay"))
    start_refund(refund.pk, pause=timedelta(0), actor=PAYER)
    due_now(refund)

    check_due()

    assert pay.calls("wechatpay") == {"refund.query": 1, "refund.create": 1}
    assert state_of(refund) == "sending"
