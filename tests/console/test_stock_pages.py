"""Stock is received, adjusted and watched by dialogs."""

from django.urls import reverse

from inventory.models import Movement, StockLevel
from tests.factories import StockLevelFactory, WarehouseFactory


def press(client, level, verb, **fields):
    address = reverse(f"admin:inventory_stocklevel_{verb}", args=[level.pk])
    return client.post(address, {"_form_submitted": "on", **fields})


def test_goods_come_in_by_the_warehouse(signed_in):
    level = StockLevelFactory(on_hand=10)

    press(signed_in("warehouse"), level, "receive", quantity=5, document="PO-9", bin_code="A-1-1")

    level.refresh_from_db()
    assert level.on_hand == 15
    assert Movement.objects.filter(level=level, document="PO-9", bin__code="A-1-1").exists()


def test_the_first_goods_of_a_sku_come_in_from_the_list(signed_in):
    level, house = StockLevelFactory(on_hand=1), WarehouseFactory()
    body = {
        "_form_submitted": "on",
        "sku_code": level.sku.code,
        "warehouse": house.pk,
        "quantity": 7,
        "document": "PO-1",
    }

    signed_in("warehouse").post(reverse("admin:inventory_stocklevel_receive_new"), body)

    assert StockLevel.objects.get(sku=level.sku, warehouse=house).on_hand == 7


def test_the_warehouse_does_not_adjust(signed_in):
    level = StockLevelFactory(on_hand=10)

    answer = press(
        signed_in("warehouse"), level, "adjust", quantity=-1, reason="counted", note="少一件"
    )

    assert answer.status_code == 403
    level.refresh_from_db()
    assert level.on_hand == 10


def test_promised_pieces_are_not_adjusted_away(signed_in):
    level = StockLevelFactory(on_hand=10, reserved=0)
    client = signed_in("supervisor")

    press(client, level, "adjust", quantity=-11, reason="counted", note="盘亏")

    level.refresh_from_db()
    assert level.on_hand == 10
    page = client.get(reverse("admin:inventory_stocklevel_change", args=[level.pk]))
    assert "已预留给订单" in "".join(str(message) for message in page.context["messages"])


def test_movements_and_reservations_are_read_only(signed_in):
    level = StockLevelFactory(on_hand=10)
    movement = level.movements.get()
    client = signed_in("root")

    for name in ("movement", "reservation"):
        assert client.get(reverse(f"admin:inventory_{name}_add")).status_code == 403
    assert (
        client.post(reverse("admin:inventory_movement_change", args=[movement.pk])).status_code
        == 403
    )
    assert (
        client.post(reverse("admin:inventory_movement_delete", args=[movement.pk])).status_code
        == 403
    )
