"""One simulator process for all tests here, an account at its Kingdee, and a mail server."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

from integrations.models import ErpAccount, ErpDocument
from integrations.simulators.testing import Simulator, running_simulator
from ordercenter.core import clocks, moments
from ordercenter.core.actor import SYSTEM
from orders.finance.figures import business_day
from orders.models import Order, PaymentMethod
from rma.actions import pay_out_refund, plan_refund
from rma.models import Refund
from rma.selectors import forget_policies
from tests.fulfilment import world as warehouse
from tests.rma import world


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    """It is yesterday's noon in Shanghai: no test runs over the end of a day."""
    yesterday = moments.now().astimezone(moments.SHANGHAI) - timedelta(days=1)
    with moments.pretend(yesterday.replace(hour=12, minute=0)):
        yield


@pytest.fixture(scope="session")
def _process() -> Iterator[Simulator]:
    with running_simulator(no_samples=True) as simulator:
        yield simulator


@pytest.fixture
def simulator(_process: Simulator) -> Simulator:
    """The running simulators, as just started."""
    _process.post("clock")
    _process.reset()
    return _process


@dataclass
class Erp:
    """Our account at the simulated Kingdee, and orders for its books."""

    simulator: Simulator
    account: ErpAccount

    def bills(self) -> dict[str, dict[str, Any]]:
        """What stands in the books, by number."""
        return {bill["number"]: bill for bill in self.simulator.get("kingdee/bills")["bills"]}

    def made(self) -> dict[str, int]:
        """How often a bill was made under each number."""
        return dict(self.simulator.get("kingdee/bills")["made"])

    def calls(self) -> dict[str, int]:
        return dict(self.simulator.counters()["calls"].get("kingdee", {}))

    def fault(self, kind: str, method: str, **options: Any) -> None:
        self.simulator.fault("kingdee", kind, method=method, **options)

    def enter(
        self,
        number: str,
        amount: str,
        *,
        form: str = "SAL_SaleOrder",
        status: str = "C",
        **given: Any,
    ) -> None:
        """Somebody at the ERP enters a bill by hand."""
        day = given.pop("day", today())
        self.simulator.post(
            "kingdee/bill",
            form=form,
            number=number,
            day=str(day),
            amount=float(amount),
            status=status,
        )


@pytest.fixture
def erp(books: None, simulator: Simulator) -> Erp:
    """The account is switched on and pushes what was placed since yesterday."""
    account = ErpAccount.objects.create(
        name="金蝶测试账套",
        base_url=f"{simulator.base_url}/k3cloud",
        credentials=simulator.get("kingdee/account"),
        pushes_since=moments.now() - timedelta(days=1),
        is_active=True,
    )
    return Erp(simulator, account)


@pytest.fixture
def books(db: None) -> None:
    """A warehouse with stock, so that orders can be made."""
    clocks.forget_policies()
    forget_policies()
    warehouse.make_house()


def today() -> date:
    return business_day(moments.now())


def paid_order(**given: Any) -> Order:
    """An order over 30.00 that was placed and paid now."""
    order = world.paid_order(**given)
    return Order.objects.select_related("shop").get(pk=order.pk)


def refunded(order: Order, amount: str = "10.00") -> Refund:
    """A refund of this order that finance has paid by hand."""
    refund = plan_refund(
        order.pk, seen=None, amount=Decimal(amount), reason="少发一件", actor=SYSTEM
    )[0]
    return pay_out_refund(refund.pk, seen=None, reference="BANK-1", actor=SYSTEM)


def by_hand(**given: Any) -> Order:
    """A paid order whose refunds finance pays by hand."""
    return paid_order(method=PaymentMethod.BANK, **given)


def document_of(order: Order) -> ErpDocument:
    return ErpDocument.objects.get(order=order, kind="sale")


# -- a mail server ---------------------------------------------------------------------------


@dataclass
class MailBox:
    """A real SMTP server on a socket. `refusals` are answers to the next recipients, in turn."""

    port: int = 0
    messages: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refusals: list[bytes] = field(default_factory=list)
    # Takes the message and dies without saying so.
    drops_after_data: int = 0


def _talk(box: MailBox, handler: socketserver.StreamRequestHandler) -> None:
    def say(line: bytes) -> None:
        handler.wfile.write(line + b"\r\n")

    say(b"220 test")
    while line := handler.rfile.readline():
        verb = line[:4].upper()
        if verb in (b"EHLO", b"HELO"):
            say(b"250 test")
        elif verb == b"RCPT" and box.refusals:
            say(box.refusals.pop(0))
        elif verb == b"RCPT":
            box.recipients.append(line.split(b"<")[1].split(b">")[0].decode())
            say(b"250 ok")
        elif verb == b"DATA":
            say(b"354 go on")
            body = b""
            while not body.endswith(b"\r\n.\r\n"):
                body += handler.rfile.readline()
            box.messages.append(message_from_bytes(body[:-3]))
            if box.drops_after_data:
                box.drops_after_data -= 1
                return
            say(b"250 taken")
        elif verb == b"QUIT":
            say(b"221 bye")
            return
        else:
            say(b"250 ok")


@pytest.fixture
def mail_box(settings: Any) -> Iterator[MailBox]:
    """Our mail settings point at a server that keeps every message."""
    box = MailBox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            _talk(box, self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.EMAIL_USE_SSL = settings.EMAIL_USE_TLS = False
        yield box
        server.shutdown()
        thread.join()
