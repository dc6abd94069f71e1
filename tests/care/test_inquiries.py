"""From "where is it" to the answer: the delay as the customer feels it."""

from datetime import datetime, timedelta

import pytest

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.clocks import sweep
from ordercenter.core.errors import BadInput
from ordercenter.core.moments import SHANGHAI
from ordercenter.core.outbox import drain
from orders.care.actions import answer_inquiry, answer_with_news, note_inquiry
from orders.care.cpd import Felt, delay_felt
from orders.care.models import Inquiry
from orders.errors import TooLate
from orders.fulfilment.actions import dispatch_shipment, take_tracking
from orders.fulfilment.actions.track import Trace
from orders.fulfilment.models import TrackingState
from orders.models import OrderState, WorkOrder
from tests.factories import OrderFactory
from tests.fulfilment.world import make_house, packed
from tests.support.laws import broken_laws

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=SHANGHAI)


def answer(inquiry, **changes):
    told = {
        "place": "杭州分拨中心",
        "expected_at": moments.now() + timedelta(days=1),
        "reason": "大雾",
        "actor": SYSTEM,
    }
    return answer_inquiry(inquiry.pk, **(told | changes))


def asked(minutes_later=None, at=NOON):
    """A question of that moment, answered so many minutes later."""
    with moments.pretend(at):
        inquiry = note_inquiry(
            OrderFactory(state=OrderState.PREPARING).pk, text="在哪", actor=SYSTEM
        )
    if minutes_later is not None:
        with moments.pretend(at + timedelta(minutes=minutes_later)):
            answer(inquiry)
    return inquiry


def test_an_answer_closes_question_and_work_order():
    inquiry = asked(12)

    inquiry.refresh_from_db()
    work = WorkOrder.objects.get(order=inquiry.order, kind="inquiry")
    assert inquiry.answered_at - inquiry.asked_at == timedelta(minutes=12)
    assert work.state == "withdrawn"
    sweep()  # the order's own clock has run on since that noon
    assert broken_laws() == {}


@pytest.mark.parametrize("missing", [{"place": " "}, {"expected_at": None}, {"reason": ""}])
def test_an_answer_names_place_time_and_reason(missing):
    inquiry = asked()

    with pytest.raises(BadInput):
        answer(inquiry, **missing)

    inquiry.refresh_from_db()
    assert inquiry.answered_at is None


def test_a_question_is_answered_once():
    inquiry = asked(5)

    with pytest.raises(TooLate):
        answer(inquiry)


def test_asking_again_keeps_the_first_moment():
    inquiry = asked()

    again = note_inquiry(inquiry.order_id, text="还没到", actor=SYSTEM)

    assert (again.pk, again.asked_at, again.times) == (inquiry.pk, NOON, 2)


def test_news_from_before_the_question_answers_nothing():
    inquiry = asked()
    early = NOON - timedelta(minutes=1)

    found = answer_with_news(
        inquiry.order_id, at=early, text="已揽收", expected_at=None, actor=SYSTEM
    )

    assert found is None


def test_parcel_news_is_the_answer():
    make_house()
    shipment = packed()
    dispatch_shipment(shipment.pk, seen=None, actor=SYSTEM)
    while drain("local"):
        pass
    note_inquiry(shipment.order_id, text="", actor=SYSTEM)
    trace = Trace(moments.now(), TrackingState.IN_TRANSIT, "【杭州】已发往上海")

    take_tracking(shipment.pk, [trace], actor=SYSTEM)
    while drain("local"):
        pass

    inquiry = Inquiry.objects.get()
    assert (inquiry.answer_kind, inquiry.place) == ("news", "【杭州】已发往上海")
    assert inquiry.expected_at is not None


def test_the_delay_felt_is_a_median_and_a_share():
    for minutes in (10, 29, 30, 300):
        asked(minutes)
    asked()
    asked(1, at=NOON - timedelta(days=2))

    felt = delay_felt(NOON - timedelta(hours=1), NOON + timedelta(hours=1))

    assert felt == Felt(asked=5, waiting=1, median_minutes=29.5, share_in_time=0.5)


def test_without_questions_there_are_no_figures():
    assert delay_felt(NOON, NOON) == Felt(0, 0, None, None)
