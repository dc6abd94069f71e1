"""One simulator process for all tests here, accounts at both systems, and a letter box."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from integrations.models import InboundCall, PaymentAccount
from integrations.payments.tasks import process_one
from integrations.simulators.testing import Simulator, running_simulator
from ordercenter.core import clocks, moments
from ordercenter.core.actor import SYSTEM
from orders.models import Order, Payment, PaymentMethod
from rma.actions import plan_refund
from rma.models import Refund
from rma.selectors import forget_policies
from tests.fulfilment import world as warehouse
from tests.rma import world

HOOKS = {"wechatpay": "/hooks/wechatpay/refund/", "alipay": "/hooks/alipay/notify/"}


@dataclass
class Letter:
    """A notice as it came."""

    headers: dict[str, str]
    body: bytes


@dataclass
class LetterBox:
    """Where the simulators send notices; they are handed on by the test, when it wants."""

    url: str = ""
    letters: list[Letter] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int) -> list[Letter]:
        """The letters once at least `count` have come."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.letters) >= count, timeout=10)
            return list(self.letters)


@contextmanager
def listening() -> Iterator[LetterBox]:
    """A real HTTP server that keeps every letter; it acknowledges as each system wants it."""
    box = LetterBox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with box.arrived:
                box.letters.append(Letter(dict(self.headers), body))
                box.arrived.notify_all()
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"success")

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box.url = f"http://127.0.0.1:{server.server_port}/notices/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def _process() -> Iterator[Simulator]:
    with running_simulator(no_samples=True, refund_gap=0, notice_retry=0.2) as simulator:
        yield simulator


@pytest.fixture
def simulator(_process: Simulator) -> Simulator:
    """The running simulators, as just started; keys stay."""
    _process.post("clock")
    _process.reset()
    return _process


@pytest.fixture
def box() -> Iterator[LetterBox]:
    with listening() as found:
        yield found


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refunds of one payment need not wait for each other; the simulators' gap is 0, too."""
    for path in ("wechatpay.adapter.WeChatPay", "alipay.adapter.Alipay"):
        monkeypatch.setattr(f"integrations.payments.{path}.pause", timedelta(0))


@dataclass
class Pay:
    """Our accounts at the simulated systems, and paid orders whose payments they know."""

    simulator: Simulator
    box: LetterBox

    def account(self, system: str, **credentials: str) -> PaymentAccount:
        given = self.simulator.get(f"{system}/account")
        return PaymentAccount.objects.create(
            system=system,
            name=system,
            base_url=self.simulator.base_url,
            credentials={**given, "notify_url": self.box.url, **credentials},
        )

    def order(self, system: str = "wechatpay", **given: Any) -> Order:
        """An order over 30.00 that was paid by this system, which knows of it."""
        order = world.paid_order(method=PaymentMethod(system), **given)
        self.know(order)
        return order

    def know(self, order: Order) -> None:
        """Let the systems know the order's payments."""
        for payment in Payment.objects.filter(order=order):
            if payment.method == "wechatpay":
                self.simulator.post(
                    "wechatpay/trade",
                    transaction_id=payment.transaction_id,
                    total=int(payment.amount * 100),
                    out_trade_no=order.number,
                )
            else:
                self.simulator.post(
                    "alipay/trade",
                    trade_no=payment.transaction_id,
                    total=str(payment.amount),
                    out_trade_no=order.number,
                    notify_url=self.box.url,
                )

    def plan(self, order: Order, amount: str = "10.00") -> Refund:
        """A planned refund; nobody was asked for it."""
        return plan_refund(
            order.pk, seen=None, amount=Decimal(amount), reason="少发一件", actor=SYSTEM
        )[0]

    def paid(self, system: str) -> dict[str, int]:
        """How often the system has paid each number of ours."""
        return dict(self.simulator.get(f"{system}/refunds")["paid"])

    def calls(self, system: str) -> dict[str, int]:
        return dict(self.simulator.counters()["calls"].get(system, {}))


@pytest.fixture
def pay(db: None, simulator: Simulator, box: LetterBox) -> Pay:
    """Both accounts switched on, a warehouse with stock."""
    clocks.forget_policies()
    forget_policies()
    warehouse.make_house()
    made = Pay(simulator, box)
    made.account("wechatpay")
    made.account("alipay")
    return made


def hand_in(client: Client, system: str, letter: Letter) -> HttpResponse:
    """Deliver a letter to our own address, as the system's server would."""
    signed = {k: v for k, v in letter.headers.items() if k.lower().startswith("wechatpay-")}
    return client.post(
        HOOKS[system],
        data=letter.body,
        content_type=letter.headers["Content-Type"],
        headers=signed,
    )


def read_all() -> None:
    """Let a worker read every call that waits."""
    for pk in InboundCall.objects.filter(state="new").values_list("pk", flat=True):
        process_one(pk)


def state_of(refund: Refund) -> str:
    return Refund.objects.values_list("state", flat=True).get(pk=refund.pk)


def due_now(refund: Refund) -> None:
    """The refund's next look has come."""
    Refund.objects.filter(pk=refund.pk).update(next_check_at=moments.now())
