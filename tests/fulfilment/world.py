"""A small warehouse whose orders come and go by the same actions that staff use."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import count

from inventory.actions import receive_stock
from inventory.models import Sku, Warehouse
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.invariants import verify
from ordercenter.core.models import Event
from orders.actions import approve_order, confirm_funds_order, place_order
from orders.drafts import Draft, DraftLine
from orders.fulfilment.actions import (
    dispatch_shipment,
    pack_shipment,
    plan_shipments,
    release_shipment,
    set_carrier,
    split_shipment,
)
from orders.fulfilment.models import Carrier, Shipment
from orders.models import Order, Shop
from orders.receiver import Receiver
from orders.selectors import forget_warehouses

RECEIVER = Receiver("王小明", "13812345678", "浙江省", "杭州市", "西湖区", "文三路 478 号 2 幢 301")
_numbers = count(1)


def make_house(code: str = "HZ1", stock: Mapping[str, int] | None = None) -> Warehouse:
    """A warehouse with so many pieces of these SKUs."""
    house = Warehouse.objects.create(
        code=code,
        name=f"{code} 仓",
        province="浙江省",
        city="杭州市",
        address="仓前街道 9 号",
        contact="仓库老李",
        phone="0571-88888888",
    )
    for sku_code, quantity in (stock or {"A": 50, "B": 50}).items():
        sku, _made = Sku.objects.get_or_create(
            code=sku_code, defaults={"name": f"货品{sku_code}", "barcode": f"69000{sku_code}"}
        )
        receive_stock(
            sku=sku.pk, warehouse=house.pk, quantity=quantity, document="ASN-1", actor=SYSTEM
        )
    forget_warehouses()
    return house


def make_shop() -> Shop:
    return Shop.objects.get_or_create(
        code="shop", defaults={"name": "旗舰店", "channel": "manual"}
    )[0]


def preparing_order(quantities: Mapping[str, int] | None = None, **draft: object) -> Order:
    """An order that finance has released to the warehouse; not planned yet."""
    lines = tuple(
        DraftLine(
            channel_line=f"L{n}",
            sku_code=code,
            quantity=quantity,
            unit_price=Decimal("10.00"),
            amount=Decimal("10.00") * quantity,
        )
        for n, (code, quantity) in enumerate((quantities or {"A": 2, "B": 1}).items(), 1)
    )
    total = sum((line.amount for line in lines), Decimal("0.00"))
    placed = place_order(
        make_shop(),
        Draft(
            external_number=f"T{next(_numbers)}",
            placed_at=moments.now(),
            lines=lines,
            goods_amount=total,
            total=total,
            paid_at=moments.now(),
            paid_amount=total,
            **{"receiver": RECEIVER, **draft},
        ),
        actor=SYSTEM,
    )
    approve_order(placed.order.pk, seen=None, actor=SYSTEM)
    return confirm_funds_order(placed.order.pk, seen=None, actor=SYSTEM)


def planned(order: Order) -> Shipment:
    """The order's only parcel."""
    return plan_shipments(order.pk, actor=SYSTEM)[0]


def two_parcels(order: Order) -> tuple[Shipment, Shipment]:
    """The order's goods but one B in the first planned parcel, that B in the second."""
    first = planned(order)
    line = order.lines.get(sku_code="B")
    second = split_shipment(first.pk, seen=None, quantities={line.pk: 1}, actor=SYSTEM)
    return first, second


def released(order: Order | None = None) -> Shipment:
    shipment = planned(order or preparing_order())
    return release_shipment(shipment.pk, seen=None, actor=SYSTEM)


def contents(shipment: Shipment) -> dict[str, int]:
    return dict(shipment.lines.values_list("sku__code", "quantity"))


def packed(order: Order | None = None) -> Shipment:
    """A closed parcel of 顺丰 with a waybill of its own."""
    shipment = released(order)
    return pack_and_bill(shipment)


def pack_and_bill(shipment: Shipment) -> Shipment:
    set_carrier(
        shipment.pk,
        seen=None,
        carrier=Carrier.objects.get(code="SF").pk,
        waybill=f"SF{next(_numbers):010d}",
        actor=SYSTEM,
    )
    return pack_shipment(shipment.pk, seen=None, quantities=contents(shipment), actor=SYSTEM)


def dispatched(order: Order | None = None) -> Shipment:
    return dispatch_shipment(packed(order).pk, seen=None, actor=SYSTEM)


def kinds(order_id: int) -> list[str]:
    """What the order's timeline tells, in order."""
    return list(
        Event.objects.filter(stream=f"order:{order_id}")
        .order_by("sequence")
        .values_list("kind", flat=True)
    )


def broken_laws() -> dict[str, object]:
    """Every law that does not hold now, with its first violation."""
    return {run.law: run.first for run in verify() if run.violations}


def picture(shipment: Shipment) -> tuple[object, ...]:
    """All that a refused step must leave as it was."""
    fresh = Shipment.objects.get(pk=shipment.pk)
    return (
        fresh.state,
        fresh.version,
        fresh.carrier_id,
        fresh.waybill,
        fresh.label_printed_at,
        fresh.left_warehouse_at,
        fresh.receiver_name,
        list(fresh.lines.order_by("pk").values_list("order_line", "quantity", "packed")),
        Order.objects.values_list("state", "version").get(pk=fresh.order_id),
        kinds(fresh.order_id),
    )
