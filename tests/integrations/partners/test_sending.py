"""Events reach partners: signed, in order per order, at least once, each with its own trouble."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.utils import timezone

from integrations.models import Notice, PartnerDelivery, WebhookEndpoint
from integrations.partners import actions, sending
from integrations.partners.sender import MOST_CALLS_EACH, Sender
from integrations.partners.wire import Outcome
from ordercenter.core import outbox
from ordercenter.core.actor import SYSTEM
from ordercenter.core.errors import Forbidden
from ordercenter.core.models import Delivery, Event
from orders.actions import cancel_order, hold_order
from tests.integrations.partners.conftest import (
    fan_out,
    let_time_pass,
    note,
    send,
)


def test_a_partner_hears_signed_what_happened_to_its_order(partner):
    order = partner.order("P-1")

    assert send() == 1
    heard = partner.heard()

    assert (heard["bad_signatures"], heard["doubles"], heard["too_old"]) == (0, 0, 0)
    [message] = heard["messages"]
    event = Event.objects.get(stream=f"order:{order.pk}", kind="order.placed")
    assert message["id"] == f"{partner.endpoint.number}-1"
    assert (message["sequence"], message["kind"]) == (1, "order.placed")
    assert (message["order"], message["external_number"]) == (order.number, "P-1")
    assert (message["shop"], message["state"]) == (partner.shop.code, order.state)
    assert message["version"] == order.version
    assert (message["event"]["sequence"], message["event"]["kind"]) == (event.sequence, event.kind)
    assert partner.states() == ["done"]
    assert partner.endpoint.reached_at is not None


def test_only_the_kinds_that_were_asked_for_are_queued(make_partner):
    partner = make_partner("a")
    partner.listen(kinds=["order.cancelled"])
    order = partner.order("P-1")
    cancel_order(order.pk, seen=None, reason="不要了", actor=SYSTEM)

    send()

    assert partner.kinds() == ["order.cancelled"]


def test_numbers_have_no_gaps_and_an_event_handled_twice_has_one(partner):
    first = partner.order("P-0")
    fan_out()
    # The relay hears of the first once more before there is another.
    assert outbox.replay("partners.fan_out", first.stream) == 1
    partner.order("P-1")
    partner.order("P-2")
    fan_out()

    rows = PartnerDelivery.objects.order_by("pk").values_list("sequence", flat=True)
    assert list(rows) == [1, 2, 3]
    handled = Delivery.objects.filter(handler="partners.fan_out").values_list("state", flat=True)
    assert set(handled) == {"done"}, "the second time is no failure"
    assert partner.endpoint.last_sequence == 3


def test_a_story_waits_for_its_oldest_message_and_others_go_on(partner):
    first, second = partner.order("P-1"), partner.order("P-2")
    cancel_order(first.pk, seen=None, reason="不要了", actor=SYSTEM)
    cancel_order(second.pk, seen=None, reason="不要了", actor=SYSTEM)
    fan_out()
    placed = PartnerDelivery.objects.get(stream=f"order:{first.pk}", kind="order.placed")
    later = timezone.now() + timezone.timedelta(hours=1)
    PartnerDelivery.objects.filter(pk=placed.pk).update(not_before=later)

    send()
    before = partner.heard()["messages"]
    let_time_pass()
    send()

    assert {message["order"] for message in before} == {second.number}
    heard = partner.heard()
    assert heard["out_of_order"] == []
    assert [m["kind"] for m in heard["messages"] if m["order"] == first.number] == [
        "order.placed",
        "order.cancelled",
    ]


@pytest.mark.parametrize("status", [500, 302, 404])
def test_whatever_is_no_success_is_tried_again_and_arrives(partner, status):
    partner.simulator.fault(
        "partner", "status", status=status, count=2, headers={"Location": "/partner/demo"}
    )
    partner.order("P-1")

    calls = [send()]
    for _ in range(3):
        let_time_pass()
        calls.append(send())

    assert calls == [1, 1, 1, 0]
    assert partner.kinds() == ["order.placed"]
    # No redirect is followed.
    elsewhere = partner.simulator.get("partner/inbox", name="demo")
    assert (elsewhere["messages"], elsewhere["bad_signatures"]) == ([], 0)
    delivery = PartnerDelivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("done", 3, "")
    assert partner.endpoint.failures == 0


def test_an_answer_that_comes_too_late_is_no_answer_and_the_double_has_the_same_id(
    partner, impatient
):
    partner.simulator.fault("partner", "timeout_after_write", seconds=2)
    partner.order("P-1")

    send()
    row = PartnerDelivery.objects.get()
    let_time_pass()
    send()

    assert (row.state, row.last_error) == ("pending", "timeout")
    heard = partner.heard()
    assert (len(heard["messages"]), heard["doubles"]) == (1, 1)


def test_back_off_grows_and_ends_in_a_dead_letter_that_can_be_sent_again(partner, monkeypatch):
    monkeypatch.setattr(sending, "MOST_ATTEMPTS", 4)
    monkeypatch.setattr("random.uniform", lambda low, high: 1.0)
    partner.simulator.fault("partner", "status", status=500, count=4)
    partner.order("P-1")
    waits = []
    for _ in range(4):
        send()
        row = PartnerDelivery.objects.get()
        waits.append((row.not_before - timezone.now()).total_seconds())
        let_time_pass()

    dead = PartnerDelivery.objects.get()
    assert (dead.state, dead.status, dead.last_error) == ("dead", 500, "http_500")
    # Less by the moment that looking at it took.
    assert waits == pytest.approx([10, 20, 40, 80], abs=4)
    assert send() == 0
    notice = Notice.objects.get(kind="webhook.trouble")
    assert (notice.role, partner.endpoint.number in notice.title) == ("admin", True)

    actions.resend(dead.pk, actor=SYSTEM)
    send()

    assert partner.kinds() == ["order.placed"]
    assert partner.states() == ["done"]
    assert partner.endpoint.trouble == ""


def test_a_busy_partner_is_left_alone_as_long_as_it_says(partner):
    partner.simulator.fault(
        "partner", "status", status=429, count=1, headers={"Retry-After": "1200"}
    )
    for number in range(6):
        partner.order(f"P-{number}")
    fan_out()
    sender = Sender()
    # One call tells; whatever was under way beside it was taken.
    sender.send_all()

    endpoint = partner.endpoint
    assert 1100 < (endpoint.paused_until - timezone.now()).total_seconds() <= 1200
    assert sender.start_calls() == 0
    let_time_pass()
    send()
    assert len(partner.heard()["messages"]) == 6


def test_an_address_that_is_gone_is_switched_off_and_keeps_what_waits(partner):
    partner.simulator.fault("partner", "status", status=410)
    partner.order("P-1")

    send()
    endpoint = partner.endpoint
    partner.order("P-2")
    calls_while_off = send()

    assert (endpoint.is_active, endpoint.trouble) == (False, "gone")
    assert calls_while_off == 0
    assert partner.states() == ["pending"]
    assert Notice.objects.filter(kind="webhook.trouble").count() == 1
    assert Event.objects.filter(kind="webhook.switched_off").count() == 1
    actions.change_webhook(endpoint.pk, {"is_active": True}, seen=None, actor=partner.actor)
    send()
    assert partner.kinds() == ["order.placed"]


def test_calls_that_end_after_a_switch_off_leave_its_reason_alone(partner):
    for number in range(3):
        partner.order(f"P-{number}")
    fan_out()
    gone, well, badly = sending.claim(partner.endpoint.pk, 3)
    WebhookEndpoint.objects.update(failures=sending.PAUSE_AFTER)

    sending.settle(gone, Outcome(410))
    sending.settle(well, Outcome(200))
    sending.settle(badly, Outcome(410))

    assert (partner.endpoint.is_active, partner.endpoint.trouble) == (False, "gone")
    assert partner.states() == ["pending", "done", "pending"]
    assert Notice.objects.filter(kind="webhook.trouble").count() == 1


def test_an_endpoint_that_fails_and_fails_rests_and_then_one_message_asks(partner):
    partner.simulator.fault("partner", "status", status=500, count=50)
    for number in range(12):
        partner.order(f"P-{number}")
    fan_out()

    Sender().send_all()
    resting = partner.endpoint
    WebhookEndpoint.objects.update(paused_until=None)
    PartnerDelivery.objects.filter(attempts=0).update(not_before="2026-01-01T00:00Z")
    sender = Sender()
    started = sender.start_calls()
    sender.settle_answers(5)

    assert resting.failures >= 5
    assert resting.paused_until > timezone.now()
    assert (resting.trouble, Notice.objects.filter(kind="webhook.trouble").count()) == (
        "http_500",
        1,
    )
    assert started == 1, "only one asks whether it is back"


def test_three_days_without_an_answer_switch_it_off(partner):
    partner.order("P-1")
    fan_out()
    [letter] = sending.claim(partner.endpoint.pk, 1)
    WebhookEndpoint.objects.update(failing_since=timezone.now() - sending.GIVES_UP_AFTER)

    sending.settle(letter, Outcome(error="connection_refused"))

    assert (partner.endpoint.is_active, partner.endpoint.trouble) == (
        False,
        "not_reached_for_days",
    )
    assert partner.states() == ["pending"]


def test_a_partner_that_hangs_takes_nobody_elses_turn(make_partner):
    slow, quick = make_partner("slow"), make_partner("quick")
    slow.listen()
    quick.listen()
    slow.simulator.fault("partner", "slow", method="slow", seconds=30, count=50)
    for number in range(30):
        slow.order(f"S-{number}")
    for number in range(5):
        quick.order(f"Q-{number}")
    fan_out()

    sender = Sender()
    for _turn in range(50):
        if len(quick.heard()["messages"]) == 5:
            break
        sender.start_calls()
        sender.settle_answers(0.2)

    assert len(quick.heard()["messages"]) == 5
    # All of the quick one's messages came while the slow one had not answered a single call.
    assert slow.states() == ["pending"] * 30
    assert sender.under_way[slow.endpoint.pk] == MOST_CALLS_EACH
    assert sender.calls == MOST_CALLS_EACH


def test_queueing_makes_no_call(partner, monkeypatch):
    def refuse(*_args):
        raise AssertionError("the relay's lane must not open a connection")

    monkeypatch.setattr("integrations.partners.addresses.socket.socket", refuse)
    partner.order("P-1")

    fan_out()

    row = PartnerDelivery.objects.get()
    assert (row.state, row.attempts, row.last_error) == ("pending", 0, "")


def test_a_lease_that_was_taken_over_is_not_settled_by_its_first_holder(partner):
    partner.order("P-1")
    fan_out()
    [late] = sending.claim(partner.endpoint.pk, 1)
    let_time_pass()
    [taken_over] = sending.claim(partner.endpoint.pk, 1)

    sending.settle(late, Outcome(error="timeout"))
    unmoved = PartnerDelivery.objects.get()
    sending.settle(taken_over, Outcome(200))

    assert (unmoved.attempts, unmoved.last_error) == (2, "")
    assert PartnerDelivery.objects.get().state == "done"


def test_what_kills_every_sender_ends_as_a_dead_letter(partner):
    partner.order("P-1")
    fan_out()
    PartnerDelivery.objects.update(attempts=sending.MOST_ATTEMPTS)

    assert sending.claim(partner.endpoint.pk, 1) == []
    row = PartnerDelivery.objects.get()
    assert (row.state, row.last_error) == ("dead", "sender_died")


def test_replay_sends_everything_behind_a_number_again_with_the_same_ids(partner):
    for number in range(4):
        partner.order(f"P-{number}")
    send()

    count = actions.replay(partner.endpoint.pk, after=1, seen=None, actor=partner.actor)
    calls = send()

    heard = partner.heard()
    assert (count, calls, heard["doubles"], len(heard["messages"])) == (3, 3, 3, 4)


def test_a_test_message_goes_the_same_way(partner):
    actions.send_test(partner.endpoint.pk, seen=None, actor=partner.actor)

    assert send() == 1
    [message] = partner.heard()["messages"]
    assert set(message) == {"id", "sequence", "kind", "at"}
    assert message["kind"] == "webhook.test"


def test_after_a_rotation_both_secrets_sign_for_a_day(make_partner):
    partner = make_partner("a")
    endpoint = partner.listen()
    old = WebhookEndpoint.objects.get().secrets["current"]
    _endpoint, new = actions.rotate_secret(endpoint.pk, seen=None, actor=partner.actor)

    heard = []
    for known in ([old], [new], ["whsec_" + "A" * 43 + "="]):
        partner.knows(*known)
        actions.send_test(endpoint.pk, seen=None, actor=partner.actor)
        send()
        heard.append(len(partner.heard()["messages"]))
    partner.knows(old)
    WebhookEndpoint.objects.update(previous_until=timezone.now())
    actions.send_test(endpoint.pk, seen=None, actor=partner.actor)
    send()

    assert heard == [1, 2, 2], "a stranger's secret fits nothing"
    assert partner.heard()["bad_signatures"] == 2, "a day later the old one signs no more"


def test_secrets_are_neither_stored_in_clear_nor_logged_nor_told(partner, capsys, caplog):
    secret = partner.endpoint.secrets["current"]
    partner.simulator.fault("partner", "status", status=500)
    partner.order("P-1")
    send()
    actions.rotate_secret(partner.endpoint.pk, seen=None, actor=partner.actor)

    said = caplog.text + "".join(capsys.readouterr())
    events = json.dumps(list(Event.objects.values_list("data", "changes")), default=str)
    [stored] = raw_secrets()
    for text in (said, events, stored):
        assert secret.removeprefix("whsec_") not in text
    assert partner.endpoint.secrets["previous"] == secret


def raw_secrets() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM integrations_webhookendpoint")
        return [row[0] for row in cursor.fetchall()]


def test_setting_up_needs_its_scope_and_reading_orders(make_partner):
    for scopes in (["orders.view_order"], [actions.MANAGE]):
        partner = make_partner(f"without-{scopes[0]}", scopes)
        with pytest.raises(Forbidden):
            partner.listen()
    assert WebhookEndpoint.objects.count() == 0


def test_what_partners_do_not_read_is_not_queued_but_their_own_notes_are(partner):
    order = partner.order("P-1")
    note(order, SYSTEM, "内部备注")
    note(order, partner.actor, "伙伴备注")
    hold_order(order.pk, reason="等客户", actor=SYSTEM)

    send()

    heard = partner.heard()["messages"]
    assert [message["kind"] for message in heard] == ["order.placed", "order.note_added"]
    assert heard[1]["event"]["data"]["text"] == "伙伴备注"
