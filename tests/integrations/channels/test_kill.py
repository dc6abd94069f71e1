"""kill -9 of a real `manage.py pull` in the middle: nothing is lost, nothing comes twice (A1)."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from integrations.models import ChannelAccount, ChannelOrder, RawMessage, RawState
from inventory.models import Reservation, StockLevel
from ordercenter.core.models import Event
from orders.models import Order, OrderLine
from tests.integrations.channels.conftest import SKUS, make_account, stock_up
from tests.support.laws import broken_laws

ORDERS = 2000
KILLS = (150, 700, 1400)
ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 120.0

pytestmark = pytest.mark.processes


def start_pull() -> subprocess.Popen[bytes]:
    """`manage.py pull demo1` on the test's database."""
    head, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return subprocess.Popen(
        [sys.executable, "manage.py", "pull", "demo1"],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": f"{head}/{connection.settings_dict['NAME']}",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def kill_at(count: int) -> None:
    """Let a pull run until so many messages are stored, then kill it."""
    process = start_pull()
    deadline = time.monotonic() + PATIENCE
    while RawMessage.objects.count() < count:
        assert process.poll() is None, process.communicate()[0].decode()
        assert time.monotonic() < deadline, "the pull does not get on"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def wait_until_lock_is_free(account: ChannelAccount) -> None:
    """The database frees a dead client's lock when it notices: within a moment."""
    deadline = time.monotonic() + PATIENCE
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(query, [account.pk])
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.05)
    pytest.fail("the lock of a dead process stays")


@pytest.mark.usefixtures("committed_db")
def test_a_pull_that_is_killed_three_times_loses_nothing_and_doubles_nothing(simulator, generate):
    stock_up(SKUS, quantity=100_000)
    account = make_account(simulator, "demo1")
    tids = generate(ORDERS)

    for count in KILLS:
        kill_at(count)
        wait_until_lock_is_free(account)
        assert Order.objects.count() < ORDERS
    process = start_pull()
    said = process.communicate(timeout=PATIENCE)[0].decode()

    assert process.returncode == 0, said
    numbers = list(Order.objects.values_list("external_number", flat=True))
    assert sorted(numbers) == tids
    assert RawMessage.objects.count() == ORDERS
    assert not RawMessage.objects.exclude(state=RawState.APPLIED).exists()
    assert ChannelOrder.objects.count() == ORDERS
    assert Event.objects.filter(kind="order.placed").count() == ORDERS
    assert Reservation.objects.count() == OrderLine.objects.count()
    promised = sum(Reservation.objects.values_list("quantity", flat=True))
    assert promised == sum(StockLevel.objects.values_list("reserved", flat=True))
    assert broken_laws() == {}
