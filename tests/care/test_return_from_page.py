"""A return asked on the customer's own page, followed there to the money (K1, H5)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Event
from orders.care import tickets
from orders.models import Order
from rma.actions import authorise_return, receive_return, refuse_return
from rma.models import Return
from tests.fulfilment.world import broken_laws, make_house
from tests.rma import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    make_house()
    return world.delivered_order({"A": 2, "B": 1})


def page(client, order):
    client.cookies["track"] = tickets.order_ticket(order.pk)
    return client.get("/track/order/").text


def ask(client, order, reason="no_reason", kind="return", **pieces: int):
    ticket = {"ticket": tickets.order_ticket(order.pk)}
    lines = {line.sku_code: line.pk for line in order.lines.all()}
    wanted = {f"line-{lines[code]}": str(number) for code, number in pieces.items()}
    return client.post(
        "/track/order/return/", ticket | wanted | {"kind": kind, "reason": reason, "note": "太小"}
    )


def post(client, order, rma, **changes):
    ticket = {"ticket": tickets.order_ticket(order.pk), "seen": str(rma.version)}
    sent = ticket | {"tracking_number": "YT0000000123"} | changes
    return client.post(f"/track/order/return/{rma.pk}/posted/", sent)


def steps(text: str) -> tuple[int, int]:
    """How many steps of the return are done, and how many are to come."""
    part = text[text.index("story steps") :]
    part = part[: part.index("</ol>")]
    return part.count('<li class="done">'), part.count('<li class="">')


def test_goes_from_the_question_to_the_money(client, order):
    answer = ask(client, order, A=2, B=1)
    rma = Return.objects.get()
    asked = page(client, order)
    assert (answer.status_code, rma.requested_by, rma.note) == (302, "customer", "太小")
    assert rma.number in asked and "30.00" in asked
    assert steps(asked) == (1, 5)
    event = Event.objects.get(stream=order.stream, kind="return.requested")
    assert (event.actor_kind, event.door) == ("customer", "page")

    rma = authorise_return(rma.pk, seen=None, actor=SYSTEM)
    agreed = page(client, order)
    assert rma.warehouse.address in agreed
    assert steps(agreed) == (2, 4)

    assert post(client, order, rma).status_code == 302
    assert "YT0000000123" in page(client, order)
    rma = receive_return(rma.pk, seen=None, arrived=world.all_of(rma), actor=SYSTEM)
    arrived = page(client, order)
    assert rma.warehouse.address not in arrived
    assert steps(arrived) == (4, 2)

    world.inspected(rma)
    world.pay_all(order)
    done = page(client, order)
    assert Return.objects.get().state == "settled"
    assert "已退款 ¥30.00" in done
    assert steps(done) == (6, 0)
    assert broken_laws() == {}


def test_what_we_refuse_is_told_with_its_reason(client, order):
    ask(client, order, A=1)
    refuse_return(Return.objects.get().pk, seen=None, reason="包装内附件缺失", actor=SYSTEM)

    shown = page(client, order)

    assert "包装内附件缺失" in shown
    assert steps(shown) == (2, 0)


class TestRefusals:
    def complaint(self, answer):
        assert answer.status_code in (409, 422)
        assert not Return.objects.exists()
        start = answer.text.index('class="bad">') + len('class="bad">')
        return answer.text[start : answer.text.index("<", start)]

    def test_too_late(self, client, order):
        long_ago = moments.now() - timedelta(days=30)
        Order.objects.filter(pk=order.pk).update(delivered_at=long_ago)

        assert "7" in self.complaint(ask(client, order, A=1))

    def test_more_than_was_sent(self, client, order):
        answer = ask(client, order, reason="damaged", A=3)

        assert "2" in self.complaint(answer)
        # What was typed is still there.
        assert 'value="3"' in answer.text and ">太小</textarea>" in answer.text
        assert 'value="damaged" selected' in answer.text

    def test_invoiced(self, client, order):
        Order.objects.filter(pk=order.pk).update(tags=["invoiced"])

        assert "发票" in self.complaint(ask(client, order, A=1))

    @pytest.mark.parametrize(
        "wish", [{"A": 0}, {"A": 1, "kind": "refund_only"}, {"A": 1, "reason": "unannounced"}]
    )
    def test_what_the_page_does_not_offer(self, client, order, wish):
        assert "请选择" in self.complaint(ask(client, order, **wish))


class TestPosting:
    def test_another_orders_return_is_not_there(self, client, order):
        other = world.delivered_order({"A": 1})
        rma = world.authorised(other)

        assert post(client, order, rma).status_code == 404
        rma.refresh_from_db()
        assert rma.state == "authorised"

    def test_a_number_that_is_none_is_refused(self, client, order):
        rma = world.authorised(order)

        assert post(client, order, rma, tracking_number=" ").status_code == 422
        assert post(client, order, rma, seen="0").status_code == 412
        rma.refresh_from_db()
        assert rma.state == "authorised"


def test_takes_the_same_statements_for_one_return_and_for_many(client, order):
    counts = []
    for code in ("A", "B"):
        ask(client, order, **{code: 1})
        page(client, order)
        with CaptureQueriesContext(connection) as seen:
            page(client, order)
        counts.append(len(seen))

    assert Return.objects.filter(order=order).count() == 2
    assert counts[0] == counts[1] <= 14
