"""A partner's program sets up its webhooks, and nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

from integrations.models import PartnerDelivery, WebhookEndpoint
from integrations.partners.api.verbs import ROTATE, VERBS
from ordercenter.core import outbox
from ordercenter.core.models import Event
from orders.actions.keys import SCOPES
from orders.models import Partner
from tests.api.support import Caller, World, build_world, partner_for

URL = "/api/v1/webhooks/"
ADDRESS = "https://partner.example/hooks/oc?token=hidden"


def create(caller: Caller, *, key: str = "w1", **fields: Any) -> Any:
    return caller.post(URL, {"url": ADDRESS, **fields}, key=key)


def at(webhook: dict[str, Any], part: str = "") -> str:
    return f"{URL}{webhook['number']}/" + (f"{part}/" if part else "")


def patch(caller: Caller, webhook: dict[str, Any], body: dict[str, Any], **headers: str) -> Any:
    return caller.client.patch(
        at(webhook),
        body,
        content_type="application/json",
        headers={"If-Match": f'"{webhook["version"]}"', **caller.headers, **headers},
    )


def delete(caller: Caller, webhook: dict[str, Any], version: int | None = None) -> Any:
    headers = dict(caller.headers)
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return caller.client.delete(at(webhook), headers=headers)


def queue_messages(world: World, caller: Caller, count: int = 1) -> None:
    for _ in range(count):
        assert caller.place(world.body()).status_code == 201
    while outbox.drain("local"):
        pass


def test_the_secret_is_in_the_first_answer_only(partner: Caller):
    made = create(partner, description="仓储系统")

    body = made.json()
    assert (made.status_code, made["ETag"], made["Location"]) == (201, '"1"', at(body))
    assert made["Cache-Control"] == "no-store"
    assert body["secret"].startswith("whsec_")
    assert (body["kinds"], body["is_active"], body["shows_receivers"]) == (["*"], True, True)
    read = partner.get(at(body))
    assert "secret" not in read.json()
    assert read.json() == {k: v for k, v in body.items() if k != "secret"}
    assert partner.get(URL).json()["results"] == [read.json()]
    assert partner.get(at(body), headers={"If-None-Match": made["ETag"]}).status_code == 304


def test_the_same_request_again_gets_the_same_secret_and_no_second_webhook(partner: Caller):
    first, again = create(partner), create(partner)

    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert WebhookEndpoint.objects.count() == 1


def test_no_table_holds_a_secret_in_clear(partner: Caller):
    made = create(partner).json()
    rotated = partner.post(at(made, "rotate_secret"), version=1, key="r1").json()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT answer::text FROM core_idempotencyclaim"
            " UNION ALL SELECT secrets FROM integrations_webhookendpoint"
            " UNION ALL SELECT data::text || changes::text FROM core_event"
            " UNION ALL SELECT changes::text FROM core_fieldchange"
        )
        stored = "".join(row[0] for row in cursor.fetchall())
    for answer in (made, rotated):
        assert answer["secret"].removeprefix("whsec_") not in stored
    again = partner.post(at(made, "rotate_secret"), version=1, key="r1")
    assert again.json() == rotated


def test_the_story_names_the_host_and_not_what_stands_behind_it(partner: Caller):
    made = create(partner).json()
    patch(partner, made, {"url": "https://else.example/very?secret=1"})

    story = str(list(Event.objects.filter(stream__startswith="webhook:").values()))
    assert "else.example" in story
    assert "hidden" not in story
    assert "very?secret" not in story


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"url": "http://partner.example/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://localhost@127.0.0.1/"}, "url"),
        ({"url": ""}, "url"),
        ({"kinds": ["order.exploded"]}, "kinds.0"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_what_is_not_right_is_named(partner: Caller, fields: dict[str, Any], wrong: str):
    answer = create(partner, **fields)

    assert (answer.status_code, list(answer.json()["fields"])) == (422, [wrong])
    assert WebhookEndpoint.objects.count() == 0


def test_ten_are_enough(partner: Caller):
    for number in range(10):
        assert create(partner, key=f"k{number}").status_code == 201

    eleventh = create(partner, key="k10")

    assert (eleventh.status_code, eleventh.json()["code"]) == (409, "too_many_webhooks")


def test_a_change_needs_the_version_that_was_seen(partner: Caller):
    made = create(partner).json()

    changed = patch(partner, made, {"kinds": ["order.dispatched"], "is_active": False})
    stale = patch(partner, made, {"is_active": True})
    missing = partner.client.patch(
        at(made), {}, content_type="application/json", headers=partner.headers
    )

    assert (changed.status_code, changed["ETag"]) == (200, '"2"')
    body = changed.json()
    assert (body["kinds"], body["is_active"], body["url"]) == (
        ["order.dispatched"],
        False,
        ADDRESS,
    )
    assert (stale.status_code, stale.json()["current"]) == (412, 2)
    assert [event["kind"] for event in stale.json()["happened"]] == ["webhook.changed"]
    assert missing.status_code == 428
    assert patch(partner, body, {"kinds": ["*"]}).json()["kinds"] == ["*"]


def test_a_webhook_that_is_off_takes_neither_test_nor_replay(partner: Caller):
    made = create(partner).json()
    patch(partner, made, {"is_active": False})

    for verb, body in (("test", {}), ("replay", {"after": 0})):
        answer = partner.post(at(made, verb), body, version=2)
        assert (answer.status_code, answer.json()["code"]) == (409, "webhook_off")


def test_how_it_goes_and_each_message_can_be_looked_up(world: World, partner: Caller):
    made = create(partner).json()
    queue_messages(world, partner, 2)
    partner.post(at(made, "test"), version=1)

    status = partner.get(at(made, "status")).json()
    page = partner.get(at(made, "deliveries"), limit=2).json()
    rest = partner.get(page["next"]).json()

    kinds = [row["kind"] for row in page["results"] + rest["results"]]
    assert (status["waiting"], status["dead"]) == (len(kinds), 0)
    assert status["last_sequence"] == len(kinds)
    assert kinds[0] == "webhook.test"
    assert kinds[-1] == "order.placed"
    assert rest["next"] is None
    first = rest["results"][-1]
    assert (first["id"], first["state"], first["attempts"]) == (f"{made['number']}-1", "pending", 0)
    assert partner.get(at(made, "deliveries"), state="dead").json()["results"] == []


def test_replay_puts_back_what_lies_behind_a_number(world: World, partner: Caller):
    made = create(partner).json()
    queue_messages(world, partner, 3)
    PartnerDelivery.objects.update(state="done")
    newest = WebhookEndpoint.objects.get().last_sequence

    answer = partner.post(at(made, "replay"), {"after": newest - 2}, version=1, key="again")
    repeated = partner.post(at(made, "replay"), {"after": newest - 2}, version=1, key="again")

    assert (answer.status_code, repeated["Idempotency-Replayed"]) == (200, "true")
    assert partner.get(at(made, "status")).json()["waiting"] == 2
    assert Event.objects.get(kind="webhook.replayed").data == {"after": newest - 2, "count": 2}


def test_a_deleted_webhook_is_gone_with_its_queue(world: World, partner: Caller):
    made = create(partner).json()
    queue_messages(world, partner)

    refused = [delete(partner, made).status_code, delete(partner, made, 7).status_code]
    answer = delete(partner, made, 1)

    assert (refused, answer.status_code) == ([428, 412], 200)
    assert partner.get(at(made)).status_code == 404
    assert delete(partner, made, 1).status_code == 404
    assert PartnerDelivery.objects.count() == 0
    assert Event.objects.filter(kind="webhook.deleted").exists()


def test_setting_up_needs_its_scope(world: World):
    without = partner_for(
        world.shop, scopes=[s for s in SCOPES if s != "integrations.manage_webhookendpoint"]
    )

    for answer in (create(without), without.get(URL)):
        assert (answer.status_code, answer.json()["permission"]) == (
            403,
            "integrations.manage_webhookendpoint",
        )


def test_staff_set_none_up_for_nobody(admin: Caller):
    assert create(admin).status_code == 403


@dataclass
class Two:
    """Two partners, the other one with a webhook that has a message."""

    ours: Caller
    theirs: Caller
    webhook: dict[str, Any]


@pytest.fixture
def two(db: None) -> Two:
    here, there = build_world(), build_world()
    ours, theirs = partner_for(here.shop), partner_for(there.shop)
    webhook = create(theirs).json()
    queue_messages(there, theirs)
    return Two(ours, theirs, webhook)


def test_the_list_shows_own_webhooks_only(two: Two):
    own = create(two.ours).json()

    assert [row["number"] for row in two.ours.get(URL).json()["results"]] == [own["number"]]
    assert [row["number"] for row in two.theirs.get(URL).json()["results"]] == [
        two.webhook["number"]
    ]


@pytest.mark.parametrize("part", ["", "status", "deliveries"])
def test_anothers_webhook_cannot_be_told_from_one_that_does_not_exist(two: Two, part: str):
    theirs = two.ours.get(at(two.webhook, part))
    none = two.ours.get(at({"number": "WH0123456789abcdef"}, part))

    assert theirs.status_code == none.status_code == 404
    assert {k: v for k, v in theirs.json().items() if k != "number"} == {
        k: v for k, v in none.json().items() if k != "number"
    }


@pytest.mark.parametrize("verb", [verb.name for verb in (*VERBS, ROTATE)])
def test_anothers_webhook_is_never_touched(two: Two, verb: str):
    before = WebhookEndpoint.objects.values().get()

    answer = two.ours.post(at(two.webhook, verb), {"after": 0}, version=1)

    assert answer.status_code == 404
    assert patch(two.ours, two.webhook, {"is_active": False}).status_code == 404
    assert delete(two.ours, two.webhook, 1).status_code == 404
    assert WebhookEndpoint.objects.values().get() == before


def test_two_keys_of_one_partner_see_the_same_webhooks(world: World, partner: Caller):
    made = create(partner).json()
    second = partner_for(partner=Partner.objects.get())

    assert second.get(at(made)).status_code == 200
