"""Rows for tests, made by the actions that make them in real life.

Stock comes in through `receive_stock` and orders through `place_orders`, so ledger, bins, timeline
and clocks agree from the start and the laws hold in every test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from django.contrib.auth.models import Group
from django.db import transaction
from factory.django import DjangoModelFactory

from inventory.actions import receive_stock
from inventory.models import Sku, StockLevel, Warehouse
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import User
from orders.actions import (
    approve_order,
    cancel_order,
    close_order,
    complete_order,
    confirm_funds_order,
    follow_shipments,
    pay_order,
    place_orders,
)
from orders.drafts import Draft, DraftLine
from orders.models import Customer, Order, OrderState, Shop
from orders.receiver import Receiver

RECEIVER = Receiver(
    name="王小明",
    phone="13812345678",
    province="浙江省",
    city="杭州市",
    district="西湖区",
    street="文三路 269 号 2 幢 301 室",
)
PLACED_AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class SkuFactory(DjangoModelFactory[Sku]):
    class Meta:
        model = Sku

    code = factory.Sequence(lambda n: f"SKU-{n:05d}")
    name = factory.Sequence(lambda n: f"刹车片 {n} 号")
    price = Decimal("49.90")


class WarehouseFactory(DjangoModelFactory[Warehouse]):
    class Meta:
        model = Warehouse

    code = factory.Sequence(lambda n: f"WH{n:03d}")
    name = factory.Sequence(lambda n: f"仓库 {n}")
    rank = factory.Sequence(lambda n: n)


class StockLevelFactory(DjangoModelFactory[StockLevel]):
    """`on_hand` pieces that were received; 0 leaves an empty level."""

    class Meta:
        model = StockLevel

    sku = factory.SubFactory(SkuFactory)
    warehouse = factory.SubFactory(WarehouseFactory)
    on_hand = 10

    @classmethod
    def _create(cls, model_class: type[StockLevel], *args: Any, **kwargs: Any) -> StockLevel:
        on_hand = kwargs.pop("on_hand")
        if on_hand == 0:
            return model_class.objects.create(**kwargs)
        level = receive_stock(
            sku=kwargs.pop("sku").pk,
            warehouse=kwargs.pop("warehouse").pk,
            quantity=on_hand,
            document="PO-1",
            actor=SYSTEM,
        )
        if kwargs:
            model_class.objects.filter(pk=level.pk).update(**kwargs)
        return model_class.objects.select_related("sku", "warehouse").get(pk=level.pk)


class ShopFactory(DjangoModelFactory[Shop]):
    class Meta:
        model = Shop

    code = factory.Sequence(lambda n: f"shop-{n}")
    name = factory.Sequence(lambda n: f"旗舰店 {n}")
    channel = "taobao"


class CustomerFactory(DjangoModelFactory[Customer]):
    class Meta:
        model = Customer

    name = "王小明"
    phone = factory.Sequence(lambda n: f"139{n:08d}")
    match_key = factory.LazyAttribute(lambda customer: f"phone:{customer.phone}")
    first_seen_at = factory.LazyFunction(moments.now)


class UserFactory(DjangoModelFactory[User]):
    """A member of staff; `roles` are names of groups."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"staff{n}")
    full_name = factory.Sequence(lambda n: f"员工 {n}")
    is_staff = True

    @factory.post_generation
    def roles(self: Any, create: bool, extracted: Iterable[str] | None, **_: Any) -> None:
        for name in extracted or ():
            self.groups.add(Group.objects.get_or_create(name=name)[0])


def draft(
    *lines: tuple[str, int],
    number: str = "T-1",
    paid: bool = True,
    **fields: Any,
) -> Draft:
    """A draft as a door would read it: lines are (SKU code, quantity), each at 10.00."""
    amount = sum((Decimal("10.00") * quantity for _, quantity in lines), Decimal("0.00"))
    wanted: dict[str, Any] = {
        "external_number": number,
        "placed_at": PLACED_AT,
        "receiver": RECEIVER,
        "buyer_name": "小明",
        "goods_amount": amount,
        "total": amount,
        "paid_at": PLACED_AT + timedelta(minutes=1) if paid else None,
        "paid_amount": amount if paid else Decimal("0.00"),
        "lines": tuple(
            DraftLine(
                channel_line=str(place),
                sku_code=code,
                quantity=quantity,
                title=f"商品 {code}",
                unit_price=Decimal("10.00"),
                amount=Decimal("10.00") * quantity,
            )
            for place, (code, quantity) in enumerate(lines, start=1)
        ),
    }
    return Draft(**(wanted | fields))


class OrderFactory(DjangoModelFactory[Order]):
    """An order that came in through `place_orders` and went on to `state`.

    `lines` are (level, quantity); without them one piece of a level of its own is ordered.
    """

    class Meta:
        model = Order

    shop = factory.SubFactory(ShopFactory)
    number = factory.Sequence(lambda n: f"T-{n:06d}")
    state = OrderState.PENDING_REVIEW

    @classmethod
    def _create(cls, model_class: type[Order], *args: Any, **kwargs: Any) -> Order:
        lines: Sequence[tuple[StockLevel, int]] = kwargs.pop("lines", None) or [
            (StockLevelFactory(), 1)
        ]
        state = OrderState(kwargs.pop("state"))
        shop = kwargs.pop("shop")
        if not shop.warehouses.exists():
            shop.warehouses.set({level.warehouse_id for level, _ in lines})
        wanted = draft(
            *((level.sku.code, quantity) for level, quantity in lines),
            paid=state != OrderState.PENDING_PAYMENT,
            **kwargs,
        )
        order = place_orders(shop, [wanted], actor=SYSTEM)[0].order
        bring_to(order.pk, state)
        return Order.objects.select_related("shop").get(pk=order.pk)


_PARCELS = (
    OrderState.PACKED,
    OrderState.DISPATCHED,
    OrderState.IN_TRANSIT,
    OrderState.DELIVERED,
)


@transaction.atomic
def bring_to(order_id: int, state: OrderState) -> Order:
    """Move an order that has just come in along the usual road to `state`.

    The parcels' part of the road is taken without parcels: the order follows none.
    """
    order = Order.objects.locked(order_id, seen=None)
    if state in (OrderState.PENDING_PAYMENT, order.state):
        return order
    if order.state == OrderState.PENDING_PAYMENT:
        order = pay_order(order_id, seen=None, amount=order.total, actor=SYSTEM)
    if state == OrderState.PENDING_REVIEW:
        return order
    if state == OrderState.CANCELLED:
        return cancel_order(order_id, seen=None, reason="test", actor=SYSTEM)
    order = approve_order(order_id, seen=None, actor=SYSTEM)
    if state == OrderState.PENDING_FINANCE:
        return order
    order = confirm_funds_order(order_id, seen=None, actor=SYSTEM)
    if state == OrderState.PREPARING:
        return order
    follow_shipments(
        order, reached=state if state in _PARCELS else OrderState.DELIVERED, actor=SYSTEM
    )
    if state == OrderState.COMPLETED:
        return complete_order(order_id, seen=None, actor=SYSTEM)
    if state == OrderState.CLOSED:
        return close_order(order_id, seen=None, reason="test", actor=SYSTEM)
    return order
