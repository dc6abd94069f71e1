"""The demo's past, told by actions: every law holds in it and every room has something to show."""

from __future__ import annotations

import pytest

from inventory.models import Warehouse
from ordercenter.console import demo
from ordercenter.console.demo import catalogue, staff
from ordercenter.console.demo import story as stories
from ordercenter.console.demo.afterwards import Aftermath
from ordercenter.core import moments
from orders.care.models import Inquiry
from orders.finance.models import Invoice
from orders.insight import keeping
from orders.models import Order, Shop
from rma.models import Refund, Return
from tests.support.laws import broken_laws


@pytest.mark.django_db
def test_a_short_past_leaves_something_for_every_room(monkeypatch):
    monkeypatch.setattr(stories, "DAYS", 12)
    monkeypatch.setattr(stories, "PER_DAY", 4)
    people = staff.ensure_staff()
    catalogue.ensure_goods()
    catalogue.ensure_stock()
    shops = [
        Shop.objects.create(code=code, name=name, channel=channel)
        for code, name, channel in demo.SHOPS
    ]

    now = moments.now()
    stories.Story(people, shops, now).tell(lambda said: None)
    Aftermath(people, now).tell()
    Aftermath(people, now).tell()
    keeping.keep()

    assert Warehouse.objects.count() == 3
    assert Order.objects.filter(state="completed").exists()
    assert {rma.state for rma in Return.objects.all()} >= {"requested", "received", "settled"}
    assert Return.objects.count() <= 10
    assert Refund.objects.filter(state="succeeded").exists()
    assert {invoice.state for invoice in Invoice.objects.all()} == {"to_issue", "issued"}
    assert Inquiry.objects.filter(answered_at__isnull=False).exists()
    # Clocks of the past are swept when the demo starts.
    assert [law for law in broken_laws() if not law.startswith("clocks.")] == []
