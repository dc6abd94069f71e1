"""What the demo relies on: keys shared by a file, and payments that nobody told of."""

from decimal import Decimal

import pytest

from integrations.models import PaymentAccount
from integrations.payments.base import Outcome
from integrations.payments.driving import check_due, drive_refund
from integrations.simulators.testing import running_simulator
from ordercenter.console.demo.outside import connect_simulators
from ordercenter.core.actor import SYSTEM
from orders.models import PaymentMethod
from rma.actions import plan_refund
from tests.fulfilment import world as warehouse
from tests.integrations.payments.conftest import due_now, state_of
from tests.rma import world


@pytest.fixture
def demo(db, tmp_path, monkeypatch):
    """Simulators and our accounts as `make demo` starts them, with a var/ of their own."""
    monkeypatch.setattr("ordercenter.console.demo.outside.var_dir", lambda: tmp_path)
    keys = tmp_path / "demo-payment-keys.json"
    with running_simulator(payment_keys=str(keys), any_payment=True) as simulator:
        monkeypatch.setenv("SIMULATOR_PORT", simulator.base_url.rpartition(":")[2])
        connect_simulators([])
        assert keys.stat().st_mode & 0o077 == 0, "private keys are for their owner only"
        yield simulator


@pytest.mark.parametrize("system", ["wechatpay", "alipay"])
def test_a_refund_of_the_demo_reaches_the_buyer(demo, system):
    warehouse.make_house()
    order = world.paid_order(method=PaymentMethod(system))
    refund = plan_refund(order.pk, seen=None, amount=Decimal("5.00"), reason="补偿", actor=SYSTEM)[
        0
    ]

    outcome = drive_refund(refund.pk)

    if system == "wechatpay":
        assert outcome == Outcome.PROCESSING
        demo.post("wechatpay/settle", number=refund.number, notice="no_notice")
        due_now(refund)
        check_due()
    assert state_of(refund) == "succeeded"
    assert PaymentAccount.objects.filter(is_active=True).count() == 2
    connect_simulators([])
    assert PaymentAccount.objects.count() == 2
