"""Parcels of urgent orders stand on top of the warehouse's lists, the soonest wanted first (F5)."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from orders.actions import mark_urgent
from orders.fulfilment.models import Shipment
from orders.models import Order, Urgency, UrgentReason
from orders.selectors import urgent_orders
from tests.fulfilment import world

LIST = "admin:fulfilment_shipment_changelist"


@pytest.fixture
def parcels(db) -> list[Shipment]:
    """Five planned parcels; the first made is wanted in nine hours, the second in two."""
    world.make_house(stock={"A": 500, "B": 500})
    made = [world.planned(world.preparing_order()) for _ in range(5)]
    for parcel, hours in ((made[0], 9), (made[1], 2)):
        hurry(parcel, hours)
    return made


def hurry(parcel: Shipment, hours: float) -> None:
    mark_urgent(
        parcel.order_id,
        seen=None,
        urgency=Urgency.YELLOW,
        wanted_by=moments.now() + timedelta(hours=hours),
        reason=UrgentReason.STORE_EMPTY,
        actor=SYSTEM,
    )


def shown(client, **query):
    answer = client.get(reverse(LIST), {"tab": "planned"} | query)
    return [parcel.number for parcel in answer.context["cl"].result_list], answer


def place_in(link: str) -> str:
    return parse_qs(urlsplit(link).query)["p"][0]


def numbers(parcels):
    return [parcel.number for parcel in parcels]


def test_the_soonest_wanted_comes_first_then_the_newest(parcels, signed_in):
    first, second, third, fourth, fifth = parcels

    rows, answer = shown(signed_in("warehouse"))

    assert rows == numbers([second, first, fifth, fourth, third])
    assert "⚡" in answer.text
    assert answer.context["cl"].paginator.count_text == "5"


def test_pages_hold_each_parcel_once(parcels, signed_in, monkeypatch):
    monkeypatch.setattr(admin.site._registry[Shipment], "list_per_page", 2)
    client = signed_in("warehouse")
    first, second, third, fourth, fifth = parcels

    top, answer = shown(client)
    assert top == numbers([second, first, fifth, fourth])
    older, answer = shown(client, p=place_in(answer.context["cl"].paginator.older))
    assert older == numbers([third])
    back, answer = shown(client, p=place_in(answer.context["cl"].paginator.newer))
    assert back == top


def test_what_is_done_or_elsewhere_is_not_on_top(parcels, signed_in):
    client = signed_in("warehouse")

    rows, _answer = shown(client, tab="all")

    assert rows == numbers(reversed(parcels))
    assert shown(client, tab="pickup")[0] == []


def test_takes_the_same_statements_for_many_urgent_ones(parcels, signed_in):
    client = signed_in("warehouse")
    shown(client)
    counts = []
    for more in ((), parcels[2:]):
        for parcel in more:
            hurry(parcel, 3)
        with CaptureQueriesContext(connection) as seen:
            shown(client)
        counts.append(len(seen))

    assert counts[0] == counts[1]


def test_the_scan_page_begins_with_them_too(parcels, signed_in):
    page = signed_in("warehouse").get(reverse("scan:home")).text

    places = [page.index(parcel.number) for parcel in parcels]
    assert sorted(places)[:2] == [places[1], places[0]]


def test_the_small_index_serves(parcels):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    rows = Order.objects.filter(pk__in=urgent_orders().values("pk"))

    assert rows.count() == 2
    assert "order_urgent" in urgent_orders().explain()
