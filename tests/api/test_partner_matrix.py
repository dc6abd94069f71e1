"""Partner A against everything of partner B, at every address that the schema names.

Nothing of B's appears in any answer, whatever is asked; a new address has to find its place here.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from integrations.models import PartnerDelivery, WebhookEndpoint
from ordercenter.core import outbox
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Event
from ordercenter.core.workbooks.writing import MEDIA_TYPE
from orders.actions import PaymentReference, pay_order
from orders.fulfilment.actions import deliver_shipment
from orders.fulfilment.models import Shipment
from orders.models import Order, OrderState, PaymentMethod
from orders.sheets.models import SheetRun
from rma.actions import authorise_return, settle_return
from rma.models import Refund, Return
from tests.api.support import Caller, World, administrator, build_world, partner_for
from tests.factories import bring_to
from tests.fulfilment.world import dispatched

SCHEMA = "/api/v1/schema/"
# What lies under these nouns belongs to somebody; the others are below.
OWNED = {"orders", "shipments", "returns", "webhooks"}
# Lists and exports without a number in the address, and what else there is.
SHARED = {"stock", "sheets"}


@dataclass
class Side:
    """A partner with one of everything."""

    world: World
    caller: Caller
    order: Order
    shipment: Shipment
    rma: Return
    refund: Refund
    webhook: WebhookEndpoint

    @property
    def numbers(self) -> Mapping[str, str]:
        """What stands in addresses, by the noun of the address."""
        return {
            "orders": self.order.number,
            "shipments": self.shipment.number,
            "returns": self.rma.number,
            "webhooks": self.webhook.number,
        }

    @property
    def marks(self) -> set[str]:
        """Texts that stand in this side's data and in nobody else's."""
        return {
            *self.numbers.values(),
            self.refund.number,
            self.order.external_number,
            self.order.buyer_name,
            self.shipment.waybill,
            self.world.shop.code,
            self.world.warehouse.code,
            *self.world.codes,
            self.webhook.url,
        }


def build_side(name: str, phone: str) -> Side:
    world = build_world()
    caller = partner_for(world.shop)
    admin = administrator()
    webhook = caller.post(
        "/api/v1/webhooks/", {"url": f"https://{name}.example/"}, key=f"hook-{name}"
    )
    assert webhook.status_code == 201, webhook.content
    body = world.body(external_number=f"NUMBER-OF-{name}", buyer_name=f"买家{name}", paid=False)
    body["receiver"] = body["receiver"] | {"phone": phone}
    placed = caller.place(body).json()
    order = Order.objects.get(number=placed["number"])
    reference = PaymentReference(PaymentMethod.WECHATPAY, f"42000000{phone}{name}")
    pay_order(order.pk, seen=None, amount=order.total, reference=reference, actor=SYSTEM)
    order = bring_to(order.pk, OrderState.PREPARING)
    shipment = dispatched(order)
    deliver_shipment(shipment.pk, seen=None, reason="signed", actor=SYSTEM)
    wish = {
        "order": order.number,
        "kind": "refund_only",
        "reason": "no_reason",
        "lines": [{"line": "1", "quantity": 1}],
    }
    asked = admin.post("/api/v1/returns/", wish)
    assert asked.status_code == 201, asked.content
    rma = Return.objects.get(number=asked.json()["number"])
    rma = authorise_return(rma.pk, seen=None, actor=SYSTEM)
    if not Refund.objects.filter(rma_id=rma.pk).exists():
        settle_return(rma.pk, seen=None, actor=SYSTEM)
    while outbox.drain("local"):
        pass
    return Side(
        world,
        caller,
        Order.objects.get(pk=order.pk),
        Shipment.objects.get(pk=shipment.pk),
        Return.objects.get(pk=rma.pk),
        Refund.objects.get(rma_id=rma.pk),
        WebhookEndpoint.objects.get(number=webhook.json()["number"]),
    )


@pytest.fixture
def sides(db: None) -> tuple[Side, Side]:
    """Ours and theirs. Both keys hold every permission there is: only the shops differ."""
    ours, theirs = build_side("ours", "13811110001"), build_side("theirs", "13822220002")
    return ours, theirs


@pytest.fixture
def operations(db: None) -> list[tuple[str, str, dict[str, Any]]]:
    """Every (method, address, description) of the API."""
    paths = Caller().get(SCHEMA, headers={"Accept": "application/json"}).json()["paths"]
    return [
        (method, path, described)
        for path, item in paths.items()
        for method, described in item.items()
    ]


def noun_of(path: str) -> str:
    return path.removeprefix("/api/v1/").partition("/")[0]


def body_of(answer: Any) -> str:
    """All text of an answer; a workbook is unpacked."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"\n".join(book.read(name) for name in book.namelist())
    return content.decode("utf-8", "replace")


def questions(path: str, described: Mapping[str, Any], theirs: Side) -> Iterator[dict[str, str]]:
    """No filter, and each filter with what belongs to the others."""
    yield {}
    values = {
        "shop": theirs.world.shop.code,
        "external_number": theirs.order.external_number,
        "phone_tail": theirs.order.receiver_phone_tail,
        "order": theirs.order.number,
        "waybill": theirs.shipment.waybill,
        "warehouse": theirs.world.warehouse.code,
        "tracking_number": theirs.rma.tracking_number or "x",
        "sku": theirs.world.codes[0],
    }
    searches = (theirs.order.number, theirs.order.receiver_phone, theirs.order.buyer_name)
    for parameter in described.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] != "query":
            continue
        if name == "search":
            yield from ({"search": text} for text in searches)
        elif name in values:
            yield {name: values[name]}


def test_every_address_has_a_place_in_this_matrix(operations):
    assert {noun_of(path) for _method, path, _described in operations} == OWNED | SHARED


def test_each_side_sees_its_own(sides, operations):
    """Otherwise the tests below would hold of an API that shows nothing at all."""
    for side in sides:
        seen = ""
        for method, path, _described in operations:
            if method == "get" and noun_of(path) in OWNED:
                seen += body_of(
                    side.caller.get(path.replace("{number}", side.numbers[noun_of(path)]))
                )
        hidden = {mark for mark in side.marks if mark not in seen}
        assert hidden == set()
        assert PartnerDelivery.objects.filter(endpoint=side.webhook).count() > 5


def test_no_list_filter_or_export_shows_anything_of_the_others(sides, operations):
    ours, theirs = sides
    asked = 0
    for method, path, described in operations:
        if method != "get" or "{" in path:
            continue
        for question in questions(path, described, theirs):
            text = body_of(ours.caller.get(path, **question))
            # What was asked comes back in the address of the next page and in complaints.
            found = {mark for mark in theirs.marks - set(question.values()) if mark in text}
            assert found == set(), (path, question)
            asked += 1
    assert asked > 15


def test_no_address_with_a_number_of_the_others_answers_anything_but_404(sides, operations):
    ours, theirs = sides
    before = picture()
    answered = []
    for method, path, _described in operations:
        if "{" not in path:
            continue
        noun = noun_of(path)
        if noun == "sheets":
            continue
        address = path.replace("{number}", theirs.numbers[noun])
        headers = ours.caller.headers | {"If-Match": '"1"', "Idempotency-Key": f"{method}-{path}"}
        answer = ours.caller.client.generic(
            method.upper(),
            address,
            b"{}" if method != "get" else b"",
            content_type="application/json",
            headers=headers,
        )
        text = body_of(answer)
        is_label_refused = path.endswith("/label/") and answer.status_code == 403
        assert answer.status_code == 404 or is_label_refused, (method, path, text)
        assert not {mark for mark in theirs.marks - {theirs.numbers[noun]} if mark in text}
        answered.append(path)
    assert len(answered) > 40
    assert picture() == before


def picture() -> list[Any]:
    """All that a refused request must leave as it was."""
    return [
        list(model.objects.order_by("pk").values_list("pk", "version"))
        for model in (Order, Shipment, Return, Refund, WebhookEndpoint)
    ] + [Event.objects.count(), PartnerDelivery.objects.count()]


def test_stories_and_messages_are_of_the_own_orders_only(sides):
    ours, theirs = sides

    story = body_of(ours.caller.get(f"/api/v1/orders/{ours.order.number}/timeline/", limit=500))
    queued = PartnerDelivery.objects.filter(endpoint=ours.webhook)

    assert not {mark for mark in theirs.marks if mark in story}
    assert set(queued.values_list("stream", flat=True)) == {f"order:{ours.order.pk}"}
    assert re.search(r'"refund\.', story)


def test_a_sheet_run_of_the_others_is_not_there(sides):
    ours, theirs = sides
    book = b"".join(theirs.caller.get("/api/v1/sheets/orders/").streaming_content)
    put = theirs.caller.client.put(
        "/api/v1/sheets/orders/", book, content_type=MEDIA_TYPE, headers=theirs.caller.headers
    )
    runs = list(SheetRun.objects.values_list("pk", flat=True))

    assert (put.status_code, len(runs)) == (200, 2), "the export and what was put back"
    for run in runs:
        for part in ("", "result/"):
            address = f"/api/v1/sheets/runs/{run}/{part}"
            assert ours.caller.get(address).status_code == 404
    # The export has no report; what was put back has one, for whoever put it.
    assert theirs.caller.get(f"/api/v1/sheets/runs/{max(runs)}/").status_code == 200
