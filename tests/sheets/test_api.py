"""`GET` and `PUT /api/v1/sheets/orders/`."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from ordercenter.core.actor import SYSTEM
from ordercenter.core.workbooks.writing import MEDIA_TYPE
from orders.actions import set_memo
from orders.models import Order, OrderState
from tests.api.support import Caller, partner_for, staff_with
from tests.factories import OrderFactory, ShopFactory
from tests.sheets.world import Sheet

pytestmark = pytest.mark.django_db
URL = "/api/v1/sheets/orders/"


def fetched(caller: Caller, **query: Any) -> Sheet:
    answer = caller.get(URL, **query)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == MEDIA_TYPE
    return Sheet(b"".join(answer.streaming_content))


def put(caller: Caller, content: bytes, query: str = "", kind: str = MEDIA_TYPE) -> Any:
    return caller.client.put(URL + query, content, content_type=kind, headers=caller.headers)


def test_a_partner_takes_a_workbook_and_puts_it_back():
    shop = ShopFactory()
    order, cancelled = OrderFactory(shop=shop), OrderFactory(shop=shop)
    foreign = OrderFactory()
    caller = partner_for(shop)
    sheet = fetched(caller)
    sheet.set(order, seller_memo="via API").set(cancelled, state="已取消", cancel_reason="不要了")

    answer = put(caller, sheet.saved())

    body = answer.json()
    assert (answer.status_code, body["applied"], body["conflict"]) == (200, 2, 0)
    assert Order.objects.get(pk=order.pk).seller_memo == "via API"
    assert Order.objects.get(pk=cancelled.pk).state == OrderState.CANCELLED
    numbers = [row[0].value for row in sheet.main.iter_rows(min_row=2)]
    assert foreign.number not in numbers and len(numbers) == 2


def test_a_conflict_answers_207_with_three_values_and_no_name_of_our_staff():
    shop = ShopFactory()
    order = OrderFactory(shop=shop)
    caller = partner_for(shop)
    sheet = fetched(caller).set(order, seller_memo="yours")
    set_memo(order.pk, seen=None, text="theirs", actor=SYSTEM)

    answer = put(caller, sheet.saved())

    body = answer.json()
    assert (answer.status_code, body["conflict"]) == (207, 1)
    (cell,) = body["results"][0]["cells"]
    assert (cell["base"], cell["theirs"], cell["yours"]) == ("", "theirs", "yours")
    assert (cell["outcome"], cell["changed_by"]) == ("conflict", "system")
    assert caller.get(f"/api/v1/sheets/runs/{body['run']}/").json() == body
    result = caller.get(body["result"])
    assert b"".join(result.streaming_content).startswith(b"PK")
    stranger = partner_for(ShopFactory())
    assert stranger.get(body["result"]).status_code == 404
    assert stranger.get(f"/api/v1/sheets/runs/{body['run']}/").status_code == 404


def test_partner_b_cannot_put_partner_as_workbook():
    shop = ShopFactory()
    order = OrderFactory(shop=shop)
    sheet = fetched(partner_for(shop)).set(order, seller_memo="theft")

    answer = put(partner_for(ShopFactory()), sheet.saved())

    assert answer.status_code == 207
    assert answer.json()["results"][0]["cells"][0]["code"] == "not_found"
    assert Order.objects.get(pk=order.pk).seller_memo == ""


@pytest.mark.parametrize("flag", ["1", "true"])
def test_a_dry_run_changes_nothing(flag: str):
    shop = ShopFactory()
    order = OrderFactory(shop=shop)
    caller = partner_for(shop)
    sheet = fetched(caller).set(order, seller_memo="later")

    answer = put(caller, sheet.saved(), f"?dry_run={flag}")

    assert answer.status_code == 200
    assert (answer.json()["dry_run"], answer.json()["applied"]) == (True, 1)
    assert Order.objects.get(pk=order.pk).seller_memo == ""


def test_a_form_with_the_file_is_taken_too():
    shop = ShopFactory()
    order = OrderFactory(shop=shop)
    caller = partner_for(shop)
    content = fetched(caller).set(order, seller_memo="form").saved()
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("o.xlsx", content)})

    answer = put(caller, body, kind=MULTIPART_CONTENT)

    assert answer.status_code == 200
    assert Order.objects.get(pk=order.pk).seller_memo == "form"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", MEDIA_TYPE, 422, "workbook_empty"),
        (b"a,b,c", MEDIA_TYPE, 422, "workbook_other_format"),
        (b"{}", "application/json", 415, "unsupported_media_type"),
        (
            encode_multipart(BOUNDARY, {"other": "x"}),
            MULTIPART_CONTENT,
            422,
            "bad_input",
        ),
    ],
)
def test_what_is_no_workbook_gets_problem_details(body: bytes, kind: str, status: int, code: str):
    answer = put(partner_for(ShopFactory()), body, kind=kind)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


def test_filters_are_those_of_the_list():
    shop = ShopFactory()
    wanted = OrderFactory(shop=shop)
    OrderFactory(shop=shop, state=OrderState.PENDING_FINANCE)

    sheet = fetched(partner_for(shop), state="pending_review")

    assert [row[0].value for row in sheet.main.iter_rows(min_row=2)] == [wanted.number]


def test_reading_and_writing_need_the_right_to_see_orders():
    caller = staff_with()

    assert caller.get(URL).status_code == 403


def test_stars_for_who_may_not_see_receivers_and_nothing_starred_is_written():
    order = OrderFactory()
    caller = staff_with("orders.view_order", "orders.note_order", "orders.change_address_order")
    sheet = fetched(caller)
    assert sheet.cell(order, "receiver_phone").value == "138****5678"
    assert sheet.cell(order, "receiver_phone").protection.locked
    sheet.set(order, receiver_street="别处 1 号", seller_memo="ok")

    answer = put(caller, sheet.saved())

    cells = {cell["field"]: cell for cell in answer.json()["results"][0]["cells"]}
    assert cells["receiver_street"]["code"] == "masked"
    assert cells["receiver_street"]["theirs"] == ""
    now = Order.objects.get(pk=order.pk)
    assert (now.receiver_street, now.seller_memo) == (order.receiver_street, "ok")
