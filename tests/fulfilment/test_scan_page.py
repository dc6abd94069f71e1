"""The scan page: notes first, one piece after the other, and never over somebody's head."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inventory.models import Sku
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Event, User
from orders.actions import add_note, cancel_order
from orders.fulfilment.actions import scan_item
from orders.fulfilment.models import Carrier, Shipment
from orders.models import Order, Urgency
from tests.fulfilment import world

pytestmark = pytest.mark.usefixtures("house")

PACKER = (
    "start_picking_shipment",
    "pack_shipment",
    "unpack_shipment",
    "set_carrier_shipment",
    "print_label_shipment",
    "void_label_shipment",
    "dispatch_shipment",
)


def client_with(*codenames: str) -> Client:
    user = User.objects.create_user(f"u{len(codenames)}", password="x", full_name="打包小赵")
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="fulfilment", codename__in=codenames)
    )
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    return client


@pytest.fixture
def packer() -> Client:
    return client_with(*PACKER)


class Page:
    """A card in the browser: it sends what its own forms hold."""

    def __init__(self, client: Client, shipment: Shipment) -> None:
        self.client = client
        self.number = shipment.number
        self.look(reverse("scan:card", args=[shipment.number]))

    def look(self, url: str) -> None:
        self.url = url
        self.answer = self.client.get(url, follow=True)
        self.html = self.answer.content.decode()

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.html)
        assert found, name
        return found[1]

    def send(self, verb: str, **typed: object) -> None:
        data = {name: self.hidden(name) for name in ("seen", "after", "read")}
        answer = self.client.post(
            reverse("scan:step", args=[self.number, verb]), data | typed, follow=True
        )
        self.answer, self.html = answer, answer.content.decode()
        self.url = answer.redirect_chain[-1][0]

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(m.tags, str(m)) for m in get_messages(self.answer.wsgi_request)] or [
            (tags, text)
            for tags, text in re.findall(r'<p class="message (\w+)">([^<]+)</p>', self.html)
        ]

    @property
    def complaint(self) -> str:
        return " ".join(text for tags, text in self.said if tags == "error")


def test_only_staff_who_may_pack_get_in(client):
    address = reverse("scan:home")

    assert client.get(address).status_code == 302
    assert client_with("dispatch_shipment").get(address).status_code == 403
    assert client_with(*PACKER).get(address).status_code == 200


@pytest.mark.parametrize("by", ["number", "order", "external", "waybill"])
def test_any_number_of_the_parcel_leads_to_its_card(packer, by):
    shipment = world.packed()
    code = {
        "number": shipment.number.lower(),
        "order": shipment.order.number,
        "external": shipment.order.external_number,
        "waybill": f" {shipment.waybill} ",
    }[by]

    answer = packer.get(reverse("scan:home"), {"q": code})

    assert answer.status_code == 302
    assert answer.url == reverse("scan:card", args=[shipment.number])


def test_an_order_with_two_parcels_asks_which(packer):
    first, second = world.two_parcels(world.preparing_order())

    html = packer.get(reverse("scan:home"), {"q": first.order.number}).content.decode()

    assert first.number in html
    assert second.number in html


def test_an_unknown_number_is_named(packer):
    html = packer.get(reverse("scan:home"), {"q": "<b>X-1"}).content.decode()

    assert "&lt;b&gt;X-1" in html


def test_today_shows_each_parcel_in_its_area_the_most_urgent_first(packer):
    calm = world.released()
    pressing = world.released(world.preparing_order(urgency=Urgency.RED))
    add_note(pressing.order_id, text="轻放", actor=SYSTEM)
    add_note(pressing.order_id, text="加冰", actor=SYSTEM)
    packed = world.packed()

    areas = {a.key: a.shipments for a in packer.get(reverse("scan:home")).context["areas"]}

    assert areas["pack"] == [pressing, calm]
    assert [(s.checked, s.pieces) for s in areas["pack"]] == [(0, 3), (0, 3)]
    assert areas["label"] == [packed]
    assert areas["pickup"] == []
    assert "release" not in areas


def test_the_list_costs_the_same_for_one_and_for_many(packer):
    world.released()
    packer.get(reverse("scan:home"))  # what is remembered for some seconds is read now
    counts = []
    for more in (0, 5):
        for _ in range(more):
            world.released()
        with CaptureQueriesContext(connection) as seen:
            packer.get(reverse("scan:home"))
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 10


def test_all_notes_stand_before_the_goods(packer):
    order = world.preparing_order(urgency=Urgency.RED, buyer_message="明天中午前送到")
    add_note(order.pk, text="易碎，双层气泡膜", actor=SYSTEM)
    page = Page(packer, world.released(order))

    assert "明天中午前送到" in page.html
    assert "易碎，双层气泡膜" in page.html
    assert "货品A" not in page.html

    page.send("scan", code="A")
    assert page.complaint
    assert Event.objects.filter(kind="shipment.item_scanned").count() == 0

    page.send("scan", code="")
    assert "货品A" in page.html
    assert "明天中午前送到" in page.html


def test_a_note_that_comes_meanwhile_is_shown_before_work_goes_on(packer):
    order = world.preparing_order({"A": 2}, buyer_message="放门口")
    page = Page(packer, world.released(order))
    page.send("scan", code="")
    page.send("scan", code="A")
    add_note(order.pk, text="客户要求改红色包装", actor=SYSTEM)

    page.send("scan", code="A")

    assert page.complaint
    assert "客户要求改红色包装" in page.html
    assert "货品A" not in page.html


def test_from_the_first_scan_to_the_door(packer):
    page = Page(packer, world.released(world.preparing_order({"A": 2, "B": 1})))
    for code in ("A", "69000A", "b"):
        page.send("scan", code=code)
    page.send("pack", weight_grams="850")
    page.send("label", carrier=Carrier.objects.get(code="ZTO").pk, waybill="7300 1234 5678")

    assert parse_qs(urlsplit(page.url).query)["print"] == ["1"]
    pdf = packer.get(reverse("scan:label", args=[page.number]))
    assert pdf["Content-Type"] == "application/pdf"
    assert b"730012345678" in pdf.content

    page.send("dispatch")

    shipment = Shipment.objects.get(number=page.number)
    assert (shipment.state, shipment.weight_grams) == ("dispatched", 850)
    assert Order.objects.get(pk=shipment.order_id).state == "dispatched"
    doors = Event.objects.filter(subject_kind="shipment", actor_kind="person")
    assert set(doors.values_list("door", "actor_label")) == {("scan", "打包小赵")}
    assert world.broken_laws() == {}


def test_wrong_goods_are_named_loudly_and_counted_nowhere(packer):
    Sku.objects.create(code="C", name="别的货")
    page = Page(packer, world.released())

    page.send("scan", code="C")

    assert "别的货" in page.complaint
    assert not Shipment.objects.get(number=page.number).lines.exclude(packed=0).exists()


def test_the_second_of_two_writers_sees_what_the_first_did(packer):
    shipment = world.released(world.preparing_order({"A": 2}))
    page = Page(packer, shipment)
    scan_item(shipment.pk, seen=None, code="A", actor=SYSTEM)

    page.send("scan", code="A")

    assert "系统" in page.complaint
    assert shipment.lines.get().packed == 1
    page.send("scan", code="A")
    assert shipment.lines.get().packed == 2


def test_a_cancelled_order_is_not_dispatched(packer):
    shipment = world.packed()
    page = Page(packer, shipment)
    cancel_order(shipment.order_id, seen=None, reason="不要了", actor=SYSTEM)

    page.send("dispatch")

    assert shipment.order.number in page.complaint
    shipment.refresh_from_db()
    assert shipment.state == "packed"


def test_a_taken_waybill_prints_no_label(packer):
    taken = world.packed()
    shipment = world.released()
    page = Page(packer, shipment)
    for code in ("A", "A", "B"):
        page.send("scan", code=code)
    page.send("pack")

    page.send("label", carrier=taken.carrier_id, waybill=taken.waybill)

    assert taken.waybill in page.complaint
    shipment.refresh_from_db()
    assert (shipment.carrier, shipment.label_printed_at) == (None, None)


@pytest.mark.parametrize("weight", ["abc", "-5", "0", "9" * 30, "１２", "1.5"])
def test_an_impossible_weight_is_refused(packer, weight):
    shipment = world.released(world.preparing_order({"A": 1}))
    page = Page(packer, shipment)
    page.send("scan", code="A")

    page.send("pack", weight_grams=weight)

    assert page.complaint
    shipment.refresh_from_db()
    assert shipment.state == "picking"


def test_scanning_another_parcel_goes_there(packer):
    here, there = world.released(), world.released()
    page = Page(packer, here)

    page.send("scan", code=there.number)

    assert there.number in page.url


def test_nothing_is_changed_by_looking(packer):
    shipment = world.released()

    assert packer.get(reverse("scan:step", args=[shipment.number, "pack"])).status_code == 405
    assert packer.get(reverse("scan:label", args=[shipment.number])).status_code == 404
    assert packer.post(reverse("scan:step", args=[shipment.number, "explode"])).status_code == 404


def test_a_step_without_its_permission_is_refused():
    client = client_with("pack_shipment")
    shipment = world.packed()

    Page(client, shipment)
    answer = client.post(
        reverse("scan:step", args=[shipment.number, "dispatch"]),
        {"seen": shipment.version, "after": 0, "read": ""},
        follow=True,
    )

    assert 'class="message error"' in answer.content.decode()
    shipment.refresh_from_db()
    assert shipment.state == "packed"
