"""What followed the thirty days of orders: returns, questions, wishes, invoices, closed work."""

from __future__ import annotations

import random
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.models import User
from orders import actions
from orders.care.actions import answer_inquiry, ask_where
from orders.finance import actions as books
from orders.finance.costs import cost_view
from orders.finance.models import Invoice, InvoiceState
from orders.models import Order, OrderState, WorkOrder, WorkOrderKind
from orders.models.work_orders import OPEN_STATES
from rma import actions as returns
from rma.models import Refund, RefundState, Return, ReturnKind, ReturnReason

CUSTOMER = Actor(
    kind="customer",
    label="customer",
    door="page",
    permissions=frozenset(
        {
            "care.ask_where",
            "orders.change_address_order",
            "rma.post_return",
            "rma.request_return",
        }
    ),
)
# Why each return was asked for, and how far it has come.
RETURNS = (
    (ReturnReason.NO_REASON, "paid"),
    (ReturnReason.DAMAGED, "paid"),
    (ReturnReason.WRONG_ITEM, "paid"),
    (ReturnReason.DEFECTIVE, "inspected"),
    (ReturnReason.NO_REASON, "paid"),
    (ReturnReason.NOT_AS_DESCRIBED, "received"),
    (ReturnReason.DEFECTIVE, "posted"),
    (ReturnReason.NO_REASON, "authorised"),
    (ReturnReason.INCOMPLETE, "asked"),
    (ReturnReason.DAMAGED, "asked"),
)
STAGES = ("asked", "authorised", "posted", "received", "inspected", "paid")
QUESTIONS, ADDRESSES, INVOICES = 8, 3, 6
BUYERS = ("杭州畅行汽车维修有限公司", "宁波安达汽配经营部", "上海贝安母婴用品有限公司")


class Aftermath:
    """Lived by customers and staff, each step at a moment of its own. Told once."""

    def __init__(self, people: dict[str, User], now: datetime) -> None:
        self.draw = random.Random(20261123)
        self.now = now
        self.staff = {role: Actor.person(user, via="admin") for role, user in people.items()}

    def tell(self) -> None:
        """All of it is there afterwards; nothing is added where a return is there already."""
        if Return.objects.exists():
            return
        over = self._orders(OrderState.COMPLETED, OrderState.DELIVERED)
        for order, (reason, stage) in zip(over[::3], RETURNS, strict=False):
            self._return(order, reason, STAGES.index(stage))
        for order in self._orders(OrderState.IN_TRANSIT)[:QUESTIONS]:
            self._question(order)
        for order in self._orders(OrderState.PENDING_REVIEW)[:ADDRESSES]:
            self._address(order)
        for number, order in enumerate(over[1::3][:INVOICES]):
            self._invoice(order, number)
        self._close_old_work()

    def _orders(self, *states: OrderState) -> list[Order]:
        """Those that came to their state long enough ago for something to follow."""
        before = self.now - timedelta(minutes=5)
        rows = Order.objects.filter(state__in=states, kind="normal", state_since__lt=before)
        return list(rows.order_by("-state_since"))

    def _return(self, order: Order, reason: ReturnReason, stage: int) -> None:
        clock = _Clock(order.state_since, self.now, self.draw)
        line = order.lines.order_by("pk").first()
        assert line is not None, "an order that was delivered has lines"
        with clock.later(60, 600):
            rma = returns.request_return(
                order.pk,
                seen=None,
                kind=ReturnKind.RETURN,
                reason=reason,
                quantities={line.pk: 1},
                actor=CUSTOMER,
            )
        steps = (self._authorise, self._post, self._receive, self._inspect, self._pay)
        for step in steps[:stage]:
            with clock.later(20, 240):
                step(rma)

    def _authorise(self, rma: Return) -> None:
        returns.authorise_return(rma.pk, seen=None, actor=self.staff["cs"])

    def _post(self, rma: Return) -> None:
        returns.post_return(
            rma.pk, seen=None, tracking_number=f"YT{9000000000 + rma.pk}", actor=CUSTOMER
        )

    def _receive(self, rma: Return) -> None:
        arrived = [
            returns.Arrived(line.sku.code, line.authorised)
            for line in rma.lines.select_related("sku")
        ]
        scanner = self.staff["warehouse"].through("scan")
        returns.receive_return(rma.pk, seen=None, arrived=arrived, actor=scanner)

    def _inspect(self, rma: Return) -> None:
        is_good = rma.reason in (ReturnReason.NO_REASON, ReturnReason.WRONG_ITEM)
        results = [
            returns.Inspected(
                line.pk, line.received if is_good else 0, 0 if is_good else line.received
            )
            for line in rma.lines.order_by("pk")
        ]
        returns.inspect_return(rma.pk, seen=None, results=results, actor=self.staff["warehouse"])

    def _pay(self, rma: Return) -> None:
        """Finance approves where the rules have not, and pays what no machine pays."""
        finance = self.staff["finance"]
        if Return.objects.get(pk=rma.pk).state == "inspected":
            returns.settle_return(rma.pk, seen=None, actor=finance)
        for refund in Refund.objects.filter(rma=rma, state=RefundState.PLANNED):
            if not refund.is_by_machine:
                returns.pay_out_refund(
                    refund.pk, seen=None, reference=f"B{refund.number}", actor=finance
                )

    def _question(self, order: Order) -> None:
        """The customer asks where it is; most are answered soon, the newest waits."""
        clock = _Clock(order.state_since, self.now, self.draw)
        with clock.later(5, 60):
            inquiry = ask_where(order.pk, actor=CUSTOMER)
        if self.now - clock.moment < timedelta(minutes=30):
            return
        with clock.later(4, 45):
            answer_inquiry(
                inquiry.pk,
                place=f"{order.receiver_city}转运中心",
                expected_at=clock.moment + timedelta(hours=20),
                reason="高速临时管制，车辆晚点",
                actor=self.staff["cs"],
            )

    def _address(self, order: Order) -> None:
        street = f"{order.receiver_street}（放门卫处）"
        receiver = replace(order.receiver, street=street)
        actions.change_address(order.pk, seen=None, receiver=receiver, actor=CUSTOMER)

    def _invoice(self, order: Order, number: int) -> None:
        clock = _Clock(order.state_since, self.now, self.draw)
        finance = self.staff["finance"]
        with clock.later(30, 400):
            invoice = books.ask_invoice(
                order.pk,
                seen=None,
                draft=books.InvoiceDraft(title=BUYERS[number % len(BUYERS)]),
                actor=self.staff["cs"],
            )
        if number % 2 or Invoice.objects.get(pk=invoice.pk).state != InvoiceState.TO_ISSUE:
            return
        with clock.later(20, 200):
            seen = cost_view(invoice).fingerprint
            books.look_at_costs(invoice.pk, fingerprint=seen, actor=finance)
            books.issue_invoice(
                invoice.pk,
                seen=None,
                number=f"26332000000{invoice.pk:09d}",
                issued_on=clock.moment.astimezone(moments.SHANGHAI).date(),
                actor=finance,
            )

    def _close_old_work(self) -> None:
        """Work that is older than a day is done, where nothing depends on a person's decision."""
        day_ago = self.now - timedelta(days=1)
        old = WorkOrder.objects.filter(
            state__in=OPEN_STATES, opened_at__lt=day_ago, kind=WorkOrderKind.OTHER
        )
        for work in old.order_by("pk"):
            clock = _Clock(work.opened_at, self.now, self.draw)
            with clock.later(15, 150):
                actions.resolve_work_order(
                    work.pk, seen=None, resolution="已电话确认", actor=self.staff["cs"]
                )


class _Clock:
    """The moment of the next step of one story; it never runs into the future."""

    def __init__(self, start: datetime, now: datetime, draw: random.Random) -> None:
        self.moment, self.now, self.draw = start, now, draw

    def later(self, shortest: int, longest: int) -> AbstractContextManager[None]:
        """Some minutes on, or half of what is left until now."""
        wait = timedelta(minutes=self.draw.randint(shortest, longest))
        self.moment += min(wait, (self.now - self.moment) / 2)
        return moments.pretend(self.moment)
