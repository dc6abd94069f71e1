"""Returns over HTTP: partners ask, staff decide, the schema tells the truth."""

import pytest

from orders.actions.keys import SCOPES
from orders.models import Partner
from rma.models import Return
from tests.api.support import administrator, partner_for
from tests.fulfilment.world import broken_laws, make_shop
from tests.rma import world

pytestmark = pytest.mark.usefixtures("house")


def wish(order, **given):
    return {
        "order": order.number,
        "kind": "return",
        "reason": "no_reason",
        "lines": [{"line": "L1", "quantity": 1}],
    } | given


def test_a_partner_asks_reads_and_posts_but_does_not_decide():
    order = world.delivered_order()
    partner = partner_for(make_shop())

    asked = partner.post("/api/v1/returns/", wish(order), key="r1")
    again = partner.post("/api/v1/returns/", wish(order), key="r1")

    assert (asked.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Return.objects.count() == 1
    body = asked.json()
    url = asked.headers["Location"]
    assert (body["refund_amount"], body["lines"][0]["requested"]) == ("10.00", 1)
    assert partner.post(f"{url}authorise/", {}, version=body["version"]).status_code == 403
    staff = administrator()
    agreed = staff.post(f"{url}authorise/", {}, version=body["version"]).json()
    posted = partner.post(f"{url}post/", {"tracking_number": "YT5555"}, version=agreed["version"])
    assert (posted.status_code, posted.json()["state"]) == (200, "on_the_way")


def test_staff_take_a_return_to_its_money():
    staff, order = administrator(), world.delivered_order({"A": 2})
    world.set_limit("0")
    body = staff.post("/api/v1/returns/", wish(order)).json()
    url = f"/api/v1/returns/{body['number']}/"

    def verb(name, **values):
        nonlocal body
        answer = staff.post(f"{url}{name}/", values, version=body["version"])
        assert answer.status_code == 200, answer.content
        body = answer.json()

    verb("authorise", lines=[{"line": "L1", "quantity": 1}], amount="8.50")
    verb("receive", pieces=[{"sku": "A", "quantity": 1}])
    verb("inspect", lines=[{"line": "L1", "good": 1, "defective": 0}])
    verb("settle", amount="8.00")

    assert (body["state"], body["refunds"][0]["amount"]) == ("settling", "8.00")
    assert broken_laws() == {}


def test_who_is_not_eligible_reads_every_reason():
    order = world.delivered_order()
    partner = partner_for(make_shop())

    answer = partner.post(
        "/api/v1/returns/", wish(order, lines=[{"line": "L1", "quantity": 9}]), key="x"
    )

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "not_eligible")
    assert [check["code"] for check in problem["checks"] if not check["ok"]] == ["quantity"]


def test_a_stale_version_is_told_what_happened():
    staff, order = administrator(), world.delivered_order()
    body = staff.post("/api/v1/returns/", wish(order)).json()
    url = f"/api/v1/returns/{body['number']}/"
    staff.post(f"{url}authorise/", {}, version=body["version"])

    stale = staff.post(f"{url}refuse/", {"reason": "no"}, version=body["version"])

    assert stale.status_code == 412
    assert [event["kind"] for event in stale.json()["happened"]] == ["return.authorised"]
    assert staff.post(f"{url}refuse/", {"reason": "no"}).status_code == 428


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"order", "kind", "reason"}),
        ({"order": "x", "kind": "gift", "reason": ""}, {"order", "kind", "reason"}),
        ({"order": "OC1", "kind": "return", "reason": "mood"}, {"order", "reason"}),
    ],
)
def test_nonsense_is_told_apart_field_by_field(body, fields):
    answer = administrator().post("/api/v1/returns/", body)

    assert (answer.status_code, set(answer.json()["fields"])) == (422, fields)


def test_a_line_that_is_named_twice_is_refused_where_it_stands_again():
    staff, order = administrator(), world.delivered_order({"A": 2, "B": 1})
    once, other = {"line": "L1", "quantity": 1}, {"line": "L2", "quantity": 1}
    again = {"line": "L1", "quantity": 2}
    complaint = {"lines.2.line": ["这一行写了两次。"]}

    refused = staff.post("/api/v1/returns/", wish(order, lines=[once, other, again]))
    assert (refused.status_code, refused.json()["fields"]) == (422, complaint)
    assert not Return.objects.exists()

    body = staff.post("/api/v1/returns/", wish(order, lines=[once, other])).json()
    url = f"/api/v1/returns/{body['number']}/"
    refused = staff.post(
        f"{url}authorise/", {"lines": [once, other, again]}, version=body["version"]
    )
    assert (refused.status_code, refused.json()["fields"]) == (422, complaint)

    body = staff.post(f"{url}authorise/", {}, version=body["version"]).json()
    pieces = [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}]
    body = staff.post(f"{url}receive/", {"pieces": pieces}, version=body["version"]).json()
    good, bad = {"good": 1, "defective": 0}, {"good": 0, "defective": 1}
    looked = [{"line": "L1"} | good, {"line": "L2"} | good, {"line": "L1"} | bad]
    refused = staff.post(f"{url}inspect/", {"lines": looked}, version=body["version"])
    assert (refused.status_code, refused.json()["fields"]) == (422, complaint)
    assert Return.objects.get().state == "received"


def test_a_line_that_is_not_there_is_refused_by_its_place():
    staff, order = administrator(), world.delivered_order()
    strange = {"line": "L9", "quantity": 1}

    refused = staff.post("/api/v1/returns/", wish(order, lines=[strange, strange]))

    sentence = ["订单没有这一行。"]
    assert refused.json()["fields"] == {"lines.0.line": sentence, "lines.1.line": sentence}
    body = staff.post("/api/v1/returns/", wish(order)).json()
    refused = staff.post(
        f"/api/v1/returns/{body['number']}/authorise/",
        {"lines": [strange]},
        version=body["version"],
    )
    assert refused.json()["fields"] == {"lines.0.line": ["售后单没有这一行。"]}
    assert Return.objects.get().state == "requested"


def test_an_order_that_is_not_there_is_not_found():
    wanted = {"order": "OC2611220000001", "kind": "return", "reason": "no_reason"}

    assert administrator().post("/api/v1/returns/", wanted).status_code == 404


def test_a_partner_never_sees_another_s_returns():
    order = world.delivered_order()
    rma = world.requested(order)
    other = Partner.objects.create(name="别人")
    stranger = partner_for(partner=other)

    assert stranger.get(f"/api/v1/returns/{rma.number}/").status_code == 404
    assert stranger.get("/api/v1/returns/").json()["results"] == []
    assert stranger.get("/api/v1/returns/", order=order.number).json()["results"] == []
    assert stranger.post("/api/v1/returns/", wish(order), key="y").status_code == 404
    assert (
        stranger.post(f"/api/v1/returns/{rma.number}/close/", {"reason": "x"}, version=1)
    ).status_code == 404
    assert {"rma.request_return", "rma.view_return"} <= set(SCOPES)


def test_a_list_of_five_takes_no_more_statements_than_one_of_one(django_assert_num_queries):
    staff = administrator()
    world.requested(world.delivered_order({"A": 1}))
    staff.get("/api/v1/returns/")
    with django_assert_num_queries(5):
        staff.get("/api/v1/returns/")
    for _ in range(4):
        world.requested(world.delivered_order({"A": 1}))

    with django_assert_num_queries(5):
        page = staff.get("/api/v1/returns/", state="requested")

    assert len(page.json()["results"]) == 5
