"""One box, one view."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from orders.care.actions import note_inquiry
from orders.care.models import Inquiry
from orders.fulfilment.actions import dispatch_shipment
from orders.models import OrderState
from orders.receiver import Receiver
from tests.factories import OrderFactory
from tests.fulfilment.world import make_house, packed

pytestmark = pytest.mark.django_db
# Session and user, the search, the story, its page.
MOST_STATEMENTS = 18


def look(browser, asked, **more):
    return browser.get("/desk/", {"q": asked} | more)


def test_finds_by_phone_number_and_name(staff):
    order = OrderFactory()
    browser = staff("cs")

    for asked in ("13812345678", "5678", order.number, order.external_number, "王小明"):
        page = look(browser, asked).text
        # The box shows what was asked: only the card says that it was found.
        assert "<article" in page and order.number in page, asked


def test_finds_by_waybill(staff):
    make_house()
    parcel = packed()
    dispatch_shipment(parcel.pk, seen=None, actor=SYSTEM)
    parcel.refresh_from_db()

    page = look(staff("cs"), parcel.waybill.lower()).text

    assert parcel.order.number in page
    assert parcel.waybill in page


def test_shows_all_orders_of_the_customer_and_one_story(staff):
    orders = [OrderFactory(), OrderFactory(state=OrderState.PREPARING)]

    page = look(staff("cs"), orders[0].number).text

    assert all(page.count(order.number) > 1 for order in orders)


def test_several_customers_are_offered_and_one_is_picked(staff):
    one = OrderFactory()
    other = OrderFactory(
        receiver=Receiver("王小明", "13900000002", "浙江省", "杭州市", "西湖区", "文三路 1 号 1 幢")
    )
    browser = staff("cs")

    both = look(browser, "王小明").text
    picked = look(browser, "王小明", pick=f"c{other.customer_id}").text

    assert "13812345678" in both and "13900000002" in both
    assert other.number in picked and one.number not in picked


def test_takes_the_same_statements_for_one_order_and_for_many(staff):
    browser = staff("cs")
    first = OrderFactory()
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as seen:
            look(browser, first.number)
        counts.append(len(seen))
        for _n in range(6):
            OrderFactory()

    assert counts[0] == counts[1] <= MOST_STATEMENTS


def test_receivers_have_stars_for_who_may_not_see_them(staff):
    order = OrderFactory()

    page = look(staff("finance"), order.number).text

    assert order.number in page
    for secret in ("13812345678", "王小明", "269"):
        assert secret not in page


@pytest.mark.parametrize("asked", ["", "   ", "没有这个人", "OC999", "%", "'; --", "x" * 300])
def test_nonsense_finds_nobody(staff, asked):
    OrderFactory()

    page = look(staff("cs"), asked)

    assert page.status_code == 200
    assert "<article" not in page.text


def test_a_question_is_noted_and_answered(staff):
    browser, order = staff("cs"), OrderFactory(state=OrderState.PREPARING)

    browser.post(f"/desk/orders/{order.pk}/inquiry/", {"q": order.number, "text": "在哪"})
    inquiry = Inquiry.objects.get(order=order)
    by = (moments.now() + timedelta(days=1)).astimezone(moments.SHANGHAI)
    refused = browser.post(f"/desk/inquiries/{inquiry.pk}/answer/", {"q": order.number})
    told = {"place": "杭州仓", "expected_at": f"{by:%Y-%m-%dT%H:%M}", "reason": "大雾"}
    browser.post(f"/desk/inquiries/{inquiry.pk}/answer/", told | {"q": order.number})

    inquiry.refresh_from_db()
    assert refused.status_code == 422
    assert (inquiry.place, inquiry.answer_kind) == ("杭州仓", "staff")
    assert abs(inquiry.expected_at - by) < timedelta(minutes=1)


def test_only_service_answers(staff):
    order = OrderFactory(state=OrderState.PREPARING)
    inquiry = note_inquiry(order.pk, text="", actor=SYSTEM)

    answer = staff("warehouse").post(
        f"/desk/inquiries/{inquiry.pk}/answer/",
        {"place": "x", "expected_at": "2027-01-01T10:00", "reason": "x"},
    )

    inquiry.refresh_from_db()
    assert answer.status_code == 403
    assert inquiry.answered_at is None


def test_is_for_staff(client):
    assert client.get("/desk/").status_code == 302
