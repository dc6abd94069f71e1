"""Somebody wants it quickly: the quick form, the board, the director."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import Notice
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.adminkit import looks
from ordercenter.core.errors import BadInput, ChangedMeanwhile
from ordercenter.core.models import Event
from ordercenter.core.outbox import drain
from orders.actions import mark_urgent, set_urgency
from orders.actions.urgency import URGENT_TAG
from orders.care.models import UrgentAlarm
from orders.care.tasks import escalate_urgent
from orders.errors import TooLate
from orders.models import Order, OrderState, Urgency, UrgentReason, WorkOrder, WorkOrderKind
from orders.models.orders import CAN_HURRY
from tests.factories import OrderFactory, UserFactory
from tests.support.laws import broken_laws

pytestmark = pytest.mark.django_db
PHONE = "13812345678"


def in_hours(hours: float):
    return moments.now() + timedelta(hours=hours)


def mark(order: Order, hours: float = 1, **changes):
    wanted = {
        "seen": None,
        "urgency": Urgency.RED,
        "wanted_by": in_hours(hours),
        "reason": UrgentReason.BABY_FOOD,
        "actor": SYSTEM,
    }
    return mark_urgent(order.pk, **(wanted | changes))


def answers(**changes: str) -> dict[str, str]:
    by = in_hours(3).astimezone(moments.SHANGHAI)
    return {
        "phone": PHONE,
        "reason": "store_empty",
        "wanted_by": f"{by:%Y-%m-%dT%H:%M}",
        "note": "",
        "key": "k1",
    } | changes


class TestMarking:
    def test_says_why_and_by_when_and_leaves_a_trace(self):
        order = mark(OrderFactory())

        event = Event.objects.get(stream=order.stream, kind="order.urgency_set")
        order.refresh_from_db()
        assert (order.urgency, order.urgent_reason) == ("red", "baby_food")
        assert order.tags[-1] == URGENT_TAG
        assert event.data["code"] == "baby_food"
        assert broken_laws() == {}

    @pytest.mark.parametrize(("hours", "moved"), [(1, True), (24 * 365, False)])
    def test_must_leave_by_the_earlier_of_both_moments(self, hours, moved):
        order = OrderFactory()
        promised = in_hours(48)
        Order.objects.filter(pk=order.pk).update(ship_by=promised)

        mark(order, hours)

        order.refresh_from_db()
        assert order.ship_by == (order.wanted_by if moved else promised)

    @pytest.mark.parametrize("state", sorted(set(OrderState) - set(CAN_HURRY)))
    def test_is_refused_once_the_goods_have_left(self, state):
        order = OrderFactory(state=state)

        with pytest.raises(TooLate):
            mark(order)

        order.refresh_from_db()
        assert (order.urgency, order.wanted_by) == ("normal", None)

    def test_refuses_what_is_not_urgent_and_what_was_seen_long_ago(self):
        order = OrderFactory()

        with pytest.raises(BadInput):
            mark(order, urgency=Urgency.NORMAL)
        with pytest.raises(ChangedMeanwhile):
            mark(order, seen=order.version + 1)
        assert Order.objects.get(pk=order.pk).version == order.version

    def test_back_to_normal_takes_moment_reason_and_tag_away(self):
        order = mark(OrderFactory())

        set_urgency(order.pk, seen=None, urgency=Urgency.NORMAL, actor=SYSTEM)

        order.refresh_from_db()
        assert (order.wanted_by, order.urgent_reason) == (None, "")
        assert URGENT_TAG not in order.tags


class TestQuickForm:
    def test_asks_for_three_things_and_says_beside_each_what_is_wrong(self, staff):
        page = staff("sales").post("/quick-order/", {"key": "k1"})

        assert page.status_code == 422
        for name in ("phone", "reason", "wanted_by"):
            assert f'id="id_{name}_error"' in page.text
            assert f'aria-describedby="id_{name}_error"' in page.text

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("phone", "123"),
            ("reason", "because"),
            ("wanted_by", "2020-01-01T10:00"),
            ("wanted_by", "2099-01-01T10:00"),
            ("wanted_by", "soon"),
        ],
    )
    def test_refuses_nonsense_and_changes_nothing(self, staff, name, value):
        page = staff("sales").post("/quick-order/", answers(**{name: value}))

        assert page.status_code == 422
        assert f'id="id_{name}_error"' in page.text
        assert not Order.objects.exists()

    def test_shows_the_customers_open_orders_the_latest_first(self, staff):
        old, new = OrderFactory(), OrderFactory()
        gone = OrderFactory(state=OrderState.DELIVERED)

        page = staff("sales").post("/quick-order/", answers())

        assert f'value="{new.pk}" checked' in page.text
        assert f'value="{old.pk}">' in page.text
        assert gone.number not in page.text

    def test_a_chosen_order_is_urgent_and_supervisors_have_work(self, staff):
        order = OrderFactory()

        staff("sales").post("/quick-order/", answers(order=str(order.pk)))

        order.refresh_from_db()
        work = WorkOrder.objects.get(order=order, kind=WorkOrderKind.URGENT)
        assert (order.urgency, work.owner_role) == (Urgency.RED, "supervisor")

    def test_without_an_order_an_unpaid_card_is_opened(self, staff):
        staff("sales").post("/quick-order/", answers(order="none", note="5 件"))

        card = Order.objects.select_related("shop").get()
        assert (card.shop.code, card.state) == ("urgent-desk", OrderState.PENDING_PAYMENT)
        assert (card.receiver_phone, card.seller_memo) == (PHONE, "5 件")
        assert {"no_lines", URGENT_TAG} <= set(card.tags)
        assert broken_laws() == {}

    def test_a_second_tap_changes_nothing_and_shows_the_same(self, staff):
        browser, sent = staff("sales"), answers(order="none")

        first, second = browser.post("/quick-order/", sent), browser.post("/quick-order/", sent)

        assert (first.status_code, first["Location"]) == (302, second["Location"])
        assert Order.objects.count() == 1

    def test_another_persons_order_can_not_be_reported(self, staff):
        other = OrderFactory()

        page = staff("sales").post(
            "/quick-order/", answers(phone="13900000001", order=str(other.pk))
        )

        other.refresh_from_db()
        assert page.status_code == 409
        assert other.urgency == Urgency.NORMAL

    def test_is_for_people_who_may_enter_orders(self, staff, client):
        assert staff("warehouse").get("/quick-order/").status_code == 403
        assert client.get("/quick-order/").status_code == 302


def test_two_taps_at_once_open_one_card(race):
    user = UserFactory(roles=["sales"])
    sent = answers(order="none")

    def tap():
        browser = Client()
        browser.force_login(user)
        return browser.post("/quick-order/", sent)["Location"]

    outcomes = race(tap, tap, meet_after="orders.care.views.quick.claim")

    assert len(set(outcomes)) == 1
    assert Order.objects.count() == 1


class TestBoard:
    @pytest.mark.parametrize(
        ("minutes", "words"),
        [
            (0, "0 分钟"),
            (59, "59 分钟"),
            (1022, "17 小时 2 分"),
            (2296, "1 天 14 小时"),
            (-90, "超时 1 小时 30 分"),
        ],
    )
    def test_says_the_time_left_in_the_two_largest_units(self, minutes, words):
        assert looks.left(minutes) == words

    def test_sorts_by_the_wanted_moment(self, staff):
        later, sooner, calm = OrderFactory(), OrderFactory(), OrderFactory()
        mark(later, 30)
        mark(sooner, 1)

        page = staff("supervisor").get("/board/urgent/").text

        assert page.index(sooner.number) < page.index(later.number)
        assert calm.number not in page

    def test_rows_are_sent_again_only_when_something_changed(self, staff):
        browser, order = staff("supervisor"), OrderFactory()
        mark(order, 5)
        first = browser.get("/board/urgent/rows/")

        same = browser.get("/board/urgent/rows/", headers={"If-None-Match": first["ETag"]})
        mark(order, 6)
        other = browser.get("/board/urgent/rows/", headers={"If-None-Match": first["ETag"]})

        assert (same.status_code, same.content) == (304, b"")
        assert other.status_code == 200

    def test_takes_the_same_statements_for_one_and_for_many(self, staff):
        browser = staff("supervisor")
        taken = []
        for more in (1, 9):
            for _n in range(more):
                mark(OrderFactory())
            with CaptureQueriesContext(connection) as seen:
                browser.get("/board/urgent/")
            taken.append(len(seen))

        assert taken[0] == taken[1] <= 8


class TestDirector:
    def test_hears_once_of_each_order_that_is_nearly_too_late(self):
        pressing, calm, gone = OrderFactory(), OrderFactory(), OrderFactory()
        mark(pressing, 1.5)
        mark(calm, 3)
        mark(gone, 1)
        Order.objects.filter(pk=gone.pk).update(state=OrderState.DISPATCHED)

        told = [escalate_urgent(), escalate_urgent()]
        while drain("local"):
            pass

        notice = Notice.objects.get(role="director")
        assert told == [1, 0]
        assert (notice.order_id, notice.count) == (pressing.pk, 1)

    def test_hears_again_when_it_is_wanted_even_sooner(self):
        order = OrderFactory()
        mark(order, 1.5)
        escalate_urgent()

        mark(order, 1)

        assert escalate_urgent() == 1
        assert UrgentAlarm.objects.count() == 2


def test_workers_at_once_tell_the_director_once(race):
    order = OrderFactory()
    mark(order)

    told = race(escalate_urgent, escalate_urgent, meet_after="orders.care.tasks.urgent_orders")

    assert sorted(told) == [0, 1]
    assert Event.objects.filter(stream=order.stream, kind="order.urgent_escalated").count() == 1
