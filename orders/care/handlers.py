"""What customer care does when it hears of parcels."""

from __future__ import annotations

from ordercenter.core.actor import Actor
from ordercenter.core.models import Event
from ordercenter.core.outbox import handles
from orders.care.actions import answer_with_news
from orders.care.estimate import estimate_for
from orders.fulfilment.models import Shipment

NEWS = Actor.system("rule:news answers questions")


@handles("shipment.dispatched", "shipment.tracked", name="care.news_answers_questions")
def answer_open_question(event: Event) -> None:
    """News of a parcel answers the customer's open question; an older one answers nothing."""
    shipment = Shipment.objects.select_related("order").filter(pk=event.subject_id).first()
    if shipment is None:
        return
    guess = estimate_for(shipment.order, [shipment])
    waybill = str(event.data.get("waybill", ""))
    answer_with_news(
        shipment.order_id,
        at=event.at,
        text=str(event.data.get("text") or waybill),
        expected_at=guess.latest,
        actor=NEWS,
    )
