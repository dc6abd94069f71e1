"""Partner A never hears what is B's, also when rights change between event and sending."""

from __future__ import annotations

import pytest

from integrations.models import PartnerDelivery, WebhookEndpoint
from integrations.partners import actions
from integrations.partners.kinds import KINDS
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.timeline import record
from orders.actions import change_address
from orders.actions.keys import issue_api_key, revoke_api_key
from orders.api.reading import events_for
from orders.models import ApiKey
from orders.receiver import Receiver
from tests.integrations.partners.conftest import fan_out, new_order, note, send

OTHER = Receiver("李四海", "13900001111", "浙江省", "杭州市", "西湖区", "北山路 1 号")


@pytest.fixture
def two(make_partner):
    ours, theirs = make_partner("ours"), make_partner("theirs")
    ours.listen()
    theirs.listen()
    return ours, theirs


def orders_heard(partner):
    return {message["order"] for message in partner.heard()["messages"]}


def test_each_hears_of_its_own_shop_only(two):
    ours, theirs = two
    our_order, their_order = ours.order("SAME"), theirs.order("SAME")

    send()

    assert orders_heard(ours) == {our_order.number}
    assert orders_heard(theirs) == {their_order.number}
    assert PartnerDelivery.objects.count() == 2


def test_a_shop_that_moves_takes_its_waiting_messages_from_the_old_partner(two):
    ours, theirs = two
    order = ours.order("P-1")
    fan_out()
    ours.partner.shops.remove(ours.shop)
    theirs.partner.shops.add(ours.shop)

    send()
    note(order, theirs.actor)
    change_address(order.pk, seen=None, receiver=OTHER, actor=SYSTEM)
    send()

    assert orders_heard(ours) == set()
    assert ours.states() == ["withheld"]
    assert PartnerDelivery.objects.get(endpoint__partner=ours.partner).last_error == (
        "not_their_shop"
    )
    # The new partner hears what happens from the move on, not what was queued for the old one.
    assert theirs.kinds() == ["order.note_added", "order.address_changed"]


def test_replay_after_a_shop_moved_sends_nothing_of_it(two):
    ours, _theirs = two
    ours.order("P-1")
    send()
    ours.partner.shops.remove(ours.shop)

    actions.replay(ours.endpoint.pk, after=0, seen=None, actor=ours.actor)
    send()

    heard = ours.heard()
    assert (len(heard["messages"]), heard["doubles"], ours.states()) == (1, 0, ["withheld"])


def test_ones_note_is_not_told_to_another_partner_of_the_same_shop(two):
    ours, theirs = two
    theirs.partner.shops.add(ours.shop)
    order = ours.order("P-1")
    note(order, ours.actor, "只给我方")

    send()

    assert ours.kinds() == ["order.placed", "order.note_added"]
    assert theirs.kinds() == ["order.placed"]


def test_an_inactive_partner_hears_nothing(two):
    ours, _theirs = two
    ours.order("P-1")
    fan_out()
    ours.partner.is_active = False
    ours.partner.save()
    new_order(ours.shop, "P-2")

    send()

    assert orders_heard(ours) == set()
    assert ours.states() == ["pending"]


@pytest.mark.parametrize("sees_all", [True, False])
def test_personal_data_is_shown_as_the_key_that_set_it_up_may_read_it(make_partner, sees_all):
    scopes = ["orders.view_order", actions.MANAGE]
    partner = make_partner("a", [*scopes, "orders.see_receiver_order"] if sees_all else scopes)
    partner.listen(kinds=["order.address_changed"])
    order = partner.order("P-1")
    change_address(order.pk, seen=None, receiver=OTHER, actor=SYSTEM)

    send()

    [message] = partner.heard()["messages"]
    phones = message["event"]["changes"]["receiver_phone"]
    clear = ["13812345678", "13900001111"]
    assert phones == (clear if sees_all else ["138****5678", "139****1111"])
    assert ("李四海" in str(message)) is sees_all


def test_a_key_that_reads_less_lowers_what_it_changes(make_partner):
    """It must not lead what a greater key set up to an address of its own."""
    partner = make_partner("a")
    endpoint = partner.listen(kinds=["order.address_changed"])
    less = Actor.partner(
        partner.partner.pk,
        "less",
        permissions=frozenset({"orders.view_order", actions.MANAGE}),
        shops=partner.actor.shops,
    )
    actions.change_webhook(endpoint.pk, {"description": "改了"}, seen=None, actor=less)
    order = partner.order("P-1")
    change_address(order.pk, seen=None, receiver=OTHER, actor=SYSTEM)

    send()

    [message] = partner.heard()["messages"]
    assert message["event"]["changes"]["receiver_phone"][1] == "139****1111"
    assert "李四海" not in str(message)


def test_when_no_valid_key_reads_receivers_any_more_they_get_stars(make_partner):
    partner = make_partner("a")
    partner.listen(kinds=["order.address_changed"])
    order = partner.order("P-1")
    change_address(order.pk, seen=None, receiver=OTHER, actor=SYSTEM)
    fan_out()
    issue_api_key(partner.partner, ["orders.view_order"], actor=SYSTEM)
    revoke_api_key(partner.key.pk, actor=SYSTEM)

    send()

    [message] = partner.heard()["messages"]
    assert message["event"]["changes"]["receiver_phone"][1] == "139****1111"


def test_without_any_valid_key_nothing_is_told(make_partner):
    partner = make_partner("a")
    partner.listen()
    partner.order("P-1")
    fan_out()
    ApiKey.objects.update(revoked_at=moments.now())

    send()

    assert partner.heard()["messages"] == []
    assert PartnerDelivery.objects.get().last_error == "no_scope"


def test_queues_hold_no_personal_data(make_partner):
    partner = make_partner("a")
    partner.listen()
    order = partner.order("P-1")
    change_address(order.pk, seen=None, receiver=OTHER, actor=SYSTEM)
    fan_out()

    assert partner.states() == ["pending", "pending"]
    stored = str(list(PartnerDelivery.objects.values())) + str(
        list(WebhookEndpoint.objects.values_list("trouble", "description"))
    )
    for personal in ("13812345678", "王小明", OTHER.phone, OTHER.name):
        assert personal not in stored


def test_what_our_books_do_with_an_order_is_not_told(partner):
    order = partner.order("P-1")
    record(order, "order.erp_refused", actor=SYSTEM, data={"text": "内部单据"})

    send()

    assert partner.kinds() == ["order.placed"]
    assert "order.erp_refused" not in KINDS
    told = events_for(order.pk, partner.actor).values_list("kind", flat=True)
    assert list(told) == ["order.placed"]
