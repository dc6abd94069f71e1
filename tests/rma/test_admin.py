"""The admin pages of returns: every page opens, buttons do what their words say."""

import pytest
from django.test import Client
from django.urls import reverse

from ordercenter.console.roles import grant_roles
from rma.admin.dialogs import NewReturn
from rma.models import Refund, Return, UnknownParcel
from tests.factories import UserFactory
from tests.fulfilment.world import broken_laws
from tests.rma import world
from tests.rma.test_parcels import noted

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(UserFactory(is_superuser=True))
    return client


def press(client: Client, model: str, pk: int | None, name: str, **values: object) -> None:
    """Open the dialog, then press the button; the browser is sent on."""
    args = [] if pk is None else [pk]
    url = reverse(f"admin:rma_{model}_{name}", args=args)
    assert client.get(url, headers={"HX-Request": "true"}).status_code == 200
    data = {"_form_submitted": "true", **values}
    answer = client.post(url, data, headers={"HX-Request": "true"})
    assert "HX-Redirect" in answer.headers, answer.content.decode()[-3000:]


def test_every_page_opens(boss):
    order = world.delivered_order()
    rma = world.inspected(world.received(order), defective=1)
    noted(tracking_number="YT12345", phone_tail="5678")

    for model, pk in (
        ("return", rma.pk),
        ("unknownparcel", UnknownParcel.objects.get().pk),
    ):
        for tab in ("", "?tab=all", "?q=5678"):
            page = boss.get(reverse(f"admin:rma_{model}_changelist") + tab)
            assert page.status_code == 200
        assert boss.get(reverse(f"admin:rma_{model}_change", args=[pk])).status_code == 200
    assert boss.get(reverse("admin:rma_return_label", args=[rma.pk])).status_code == 200
    assert boss.get(reverse("admin:rma_returnpolicy_changelist")).status_code == 200
    card = boss.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert rma.number in card.content.decode()


def test_a_return_goes_its_way_by_buttons(boss):
    order = world.delivered_order({"A": 2})
    line = order.lines.get()
    world.set_limit("0")

    press(
        boss,
        "return",
        None,
        "request_return",
        order_number=order.number,
        kind="return",
        reason="no_reason",
        skus="A*2",
    )
    rma = Return.objects.get()
    press(boss, "return", rma.pk, "authorise", **{f"pieces-{line.pk}": "1", "amount": "10.00"})
    press(boss, "return", rma.pk, "post", tracking_number="YT123")
    press(boss, "return", rma.pk, "receive", **{"pieces-A": "1"})
    press(boss, "return", rma.pk, "inspect", **{f"defective-{rma.lines.get().pk}": "0"})
    press(boss, "return", rma.pk, "approve_refund", amount="9.00", method="bank", account="62")

    refund = Refund.objects.get()
    assert (refund.method, str(refund.amount), refund.payee) == ("bank", "9.00", {"account": "62"})
    press(boss, "refund", refund.pk, "pay_out", reference="B1")
    rma.refresh_from_db()
    assert (rma.state, rma.lines.get().settled) == ("settled", 1)
    assert boss.get(reverse("admin:rma_refund_change", args=[refund.pk])).status_code == 200
    assert boss.get(reverse("admin:rma_refund_changelist")).status_code == 200
    assert broken_laws() == {}


@pytest.mark.parametrize(
    ("skus", "pieces"),
    [
        ("", [2, 1, 1]),
        ("A*3", [2, 1]),
        ("A × 1，Bx2", [1, 1]),
        ("Bx2x1", [1]),
    ],
)
def test_goods_are_named_by_code_wherever_their_lines_stand(rf, skus, pieces):
    order = world.delivered_order({"A": 2, "B": 1})
    order.lines.filter(sku_code="B").update(sku_code="Bx2")
    again = order.lines.get(sku_code="A")
    again.pk, again.channel_line, again.quantity = None, "again", 1
    again.save()

    form = NewReturn(
        rf.post("/"),
        data={
            "_form_submitted": "true",
            "order_number": order.number,
            "kind": "return",
            "reason": "damaged",
            "skus": skus,
        },
    )

    assert form.is_valid(), form.errors
    assert list(form.quantities().values()) == pieces


def test_an_unknown_parcel_is_assigned_to_an_order(boss):
    order = world.delivered_order({"A": 1})
    parcel = noted(phone_tail="5678", sku_codes=["A"])

    press(boss, "unknownparcel", parcel.pk, "assign", number=order.number)

    assert UnknownParcel.objects.get().rma.order == order


def test_finance_sees_no_button_of_customer_service(client):
    grant_roles()
    client.force_login(UserFactory(roles=["finance"]))
    rma = world.requested(world.delivered_order())

    page = client.get(reverse("admin:rma_return_change", args=[rma.pk])).content.decode()

    assert reverse("admin:rma_return_authorise", args=[rma.pk]) not in page
    assert client.post(reverse("admin:rma_return_authorise", args=[rma.pk])).status_code == 403
    assert Return.objects.get().state == "requested"
