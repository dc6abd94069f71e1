"""The demo's books are the simulator's."""

from integrations.erp.checks import check_erp
from integrations.erp.pushing import push_order
from integrations.models import ErpAccount
from ordercenter.console.demo.outside import connect_simulators
from ordercenter.core.actor import SYSTEM
from tests.integrations.erp.conftest import paid_order, today


def test_the_demo_pushes_and_checks_over_sockets(books, simulator, monkeypatch):
    monkeypatch.setenv("SIMULATOR_PORT", simulator.base_url.rpartition(":")[2])
    connect_simulators([])
    push_order(paid_order().pk)

    check = check_erp(today(), actor=SYSTEM)

    assert check is not None
    assert (check.result, check.their_orders) == ("equal", 1)


def test_a_further_start_follows_the_port_and_keeps_what_people_changed(books, monkeypatch):
    monkeypatch.setenv("SIMULATOR_PORT", "9100")
    connect_simulators([])
    ErpAccount.objects.update(is_active=False, trouble="")
    monkeypatch.setenv("SIMULATOR_PORT", "9200")

    connect_simulators([])

    account = ErpAccount.objects.get()
    assert (account.base_url, account.is_active) == ("http://127.0.0.1:9200/k3cloud", False)
