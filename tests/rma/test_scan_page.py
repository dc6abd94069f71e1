"""The receiving page: scan, photo, mismatch said loudly, inspect, parcels without RMA."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from orders.models import Attachment
from rma.actions import post_return
from rma.models import Return, UnknownParcel
from tests.factories import UserFactory
from tests.fulfilment.world import broken_laws
from tests.rma import world

pytestmark = pytest.mark.usefixtures("house")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def page(client: Client) -> Client:
    client.force_login(UserFactory(is_superuser=True))
    return client


def step(page: Client, rma: Return, verb: str, **values: object) -> str:
    """Do one step; the page that is shown afterwards."""
    answer = page.post(f"/scan/returns/{rma.number}/{verb}/", values, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("by", ["number", "tracking", "tail", "order"])
def test_finds_a_return_by_what_stands_on_the_parcel(page, by):
    rma = world.authorised(world.delivered_order())
    post_return(rma.pk, seen=None, tracking_number="YT998877", actor=world.CUSTOMER)
    code = {
        "number": rma.number.lower(),
        "tracking": "yt998877",
        "tail": "5678",
        "order": rma.order.number,
    }[by]

    answer = page.get("/scan/returns/", {"q": code})

    assert answer.headers["Location"] == f"/scan/returns/{rma.number}/"
    assert rma.number in page.get("/scan/returns/").content.decode()


def test_pieces_are_counted_received_photographed_and_inspected(page):
    order = world.delivered_order({"A": 2})
    rma = world.authorised(order)
    before = world.stock("A")

    assert "<b>1</b>/2" in step(page, rma, "scan", code="A")
    assert "<b>2</b>/2" in step(page, rma, "scan", code="69000A")
    assert Return.objects.get().state == "authorised"
    step(page, rma, "receive", seen=rma.version)
    step(page, rma, "photo", photo=SimpleUploadedFile("x.png", PNG))
    rma = Return.objects.get()
    shown = step(
        page, rma, "inspect", **{"seen": rma.version, f"defective-{rma.lines.get().pk}": 1}
    )

    assert Attachment.objects.get(order=order).kind == "photo"
    assert Return.objects.get().state == "inspected"
    assert world.stock("A") == (before[0] + 1, before[1] + 1)
    assert "error" not in shown
    assert broken_laws() == {}


def test_a_wrong_piece_is_said_loudly_and_received_only_with_words(page):
    rma = world.authorised(world.delivered_order({"A": 1}))
    step(page, rma, "scan", code="A")

    shown = step(page, rma, "scan", code="B")

    assert 'class="message error"' in shown and 'name="accept"' in shown
    assert Return.objects.get().state == "authorised"
    step(page, rma, "receive", seen=rma.version)
    assert Return.objects.get().state == "authorised"
    step(page, rma, "receive", seen=rma.version, accept=1, note="多了一件 B")
    assert Return.objects.get().state == "received"


def test_counting_starts_again_when_it_is_wanted(page):
    rma = world.authorised(world.delivered_order({"A": 1}))
    step(page, rma, "scan", code="B")

    shown = step(page, rma, "clear")

    assert "<b>0</b>/1" in shown and "message error" not in shown


def test_scanning_another_return_goes_there(page):
    rma, other = (world.authorised(world.delivered_order()) for _ in range(2))

    answer = page.post(f"/scan/returns/{rma.number}/scan/", {"code": other.number}, follow=True)

    assert other.number in answer.content.decode()


def test_an_unknown_parcel_goes_into_the_inbox(page):
    shown = page.get("/scan/returns/", {"q": "YT000111"}).content.decode()
    assert 'value="YT000111"' in shown

    page.post(
        "/scan/returns/unknown/",
        {
            "tracking_number": "YT000111",
            "phone_tail": "5678",
            "skus": "A，B",
            "photo": SimpleUploadedFile("p.png", PNG),
        },
    )

    parcel = UnknownParcel.objects.get()
    assert (parcel.sku_codes, parcel.phone_tail, bool(parcel.photo)) == (["A", "B"], "5678", True)


def test_an_unknown_parcel_lies_where_it_is_said_or_nowhere(page, house):
    def note(**where):
        given = {"tracking_number": "YT000111", **where}
        return page.post("/scan/returns/unknown/", given, follow=True)

    for where in ({}, {"warehouse": ""}, {"warehouse": "0"}, {"warehouse": house.pk}):
        assert note(**where).redirect_chain == [("/scan/returns/", 302)]

    found = UnknownParcel.objects.order_by("pk").values_list("warehouse", flat=True)
    assert list(found) == [None, None, None, house.pk]


@pytest.mark.parametrize(
    ("warehouse", "sentence"),
    [
        ("²", "请输入整数。"),
        ("9" * 5000, "请输入整数。"),
        ("-1", "请输入整数。"),
        ("99999999", "没有这个仓库。"),
    ],
)
def test_a_warehouse_that_is_not_there_is_refused_and_the_form_shown_again(
    page, warehouse, sentence
):
    answer = page.post(
        "/scan/returns/unknown/",
        {"tracking_number": "YT000111", "warehouse": warehouse},
        follow=True,
    )

    shown = answer.content.decode()
    assert answer.status_code == 200
    assert sentence in shown and 'value="YT000111"' in shown
    assert not UnknownParcel.objects.exists()


def test_only_who_may_receive_sees_the_page(client):
    assert client.get("/scan/returns/").status_code == 302
    client.force_login(UserFactory())
    assert client.get("/scan/returns/").status_code == 403
