"""Where the goods go, and which stock is promised."""

from dataclasses import replace

import pytest

from inventory.actions import receive_stock
from inventory.errors import OutOfStock
from inventory.models import Reservation
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, Forbidden, WrongState
from ordercenter.core.models import Event
from orders.actions import allocate_order, change_address, place_orders
from orders.errors import TooLate
from orders.models import Order, OrderState, WorkOrder
from orders.receiver import Receiver
from tests.factories import RECEIVER, OrderFactory, ShopFactory, StockLevelFactory, draft
from tests.support.laws import broken_laws
from tests.support.snapshots import everything

pytestmark = pytest.mark.django_db
NOBODY = Actor("person", "x", "admin", permissions=frozenset())
ELSEWHERE = replace(RECEIVER, street="天目山路 18 号", phone="13900001111")


class TestAddress:
    def test_the_order_goes_elsewhere_and_says_so(self):
        order = OrderFactory()

        change_address(order.pk, seen=order.version, receiver=ELSEWHERE, actor=SYSTEM)

        stored = Order.objects.get()
        assert (stored.receiver, stored.receiver_phone_tail) == (ELSEWHERE, "1111")
        changes = Event.objects.get(kind="order.address_changed").changes
        assert changes == {
            "receiver_phone": ["13812345678", "13900001111"],
            "receiver_phone_tail": ["5678", "1111"],
            "receiver_street": ["文三路 269 号 2 幢 301 室", "天目山路 18 号"],
        }

    def test_what_was_wrong_with_the_address_is_no_longer_said(self):
        order = OrderFactory()
        Order.objects.update(tags=["address_vague", "phone_invalid", "unknown_sku", "VIP"])

        change_address(order.pk, seen=None, receiver=ELSEWHERE, actor=SYSTEM)

        assert Order.objects.get().tags == ["unknown_sku", "VIP"]

    def test_the_same_address_changes_nothing(self):
        order = OrderFactory()
        before = everything(order)

        change_address(order.pk, seen=None, receiver=RECEIVER, actor=SYSTEM)

        assert everything(order) == before

    @pytest.mark.parametrize(
        ("receiver", "field"),
        [
            (replace(RECEIVER, phone=""), "phone"),
            (replace(RECEIVER, phone="123"), "phone"),
            (replace(RECEIVER, street="老地方"), "street"),
            (Receiver(), "phone"),
        ],
    )
    def test_an_address_nobody_finds_is_refused(self, receiver, field):
        order = OrderFactory()
        before = everything(order)

        with pytest.raises(BadInput) as refusal:
            change_address(order.pk, seen=None, receiver=receiver, actor=SYSTEM)

        assert field in refusal.value.details["fields"]
        assert everything(order) == before

    @pytest.mark.parametrize(
        "state", sorted(set(OrderState) - {"pending_payment", "pending_review"})[:11]
    )
    def test_it_is_too_late_once_packed(self, state):
        order = OrderFactory(state=state)
        before = everything(order)
        if state in ("pending_finance", "preparing"):
            change_address(order.pk, seen=None, receiver=ELSEWHERE, actor=SYSTEM)
            assert Order.objects.get().receiver == ELSEWHERE
            return

        with pytest.raises(TooLate):
            change_address(order.pk, seen=None, receiver=ELSEWHERE, actor=SYSTEM)

        assert everything(order) == before

    def test_needs_the_permission(self):
        with pytest.raises(Forbidden):
            change_address(OrderFactory().pk, seen=None, receiver=ELSEWHERE, actor=NOBODY)


class TestAllocation:
    @pytest.fixture
    def level(self):
        return StockLevelFactory(on_hand=1)

    @pytest.fixture
    def short(self, level) -> Order:
        """An order that wants three of one piece."""
        shop = ShopFactory()
        shop.warehouses.add(level.warehouse)
        return place_orders(shop, [draft((level.sku.code, 3))], actor=SYSTEM)[0].order

    def test_an_order_gets_its_stock_when_there_is_some(self, level, short):
        receive_stock(
            sku=level.sku_id, warehouse=level.warehouse_id, quantity=2, document="PO", actor=SYSTEM
        )

        allocate_order(short.pk, seen=None, actor=SYSTEM)

        assert Reservation.objects.get().quantity == 3
        work = WorkOrder.objects.get()
        assert (work.kind, work.state) == ("shortage", "withdrawn")
        event = Event.objects.get(kind="order.allocated")
        assert event.data == {"warehouse": level.warehouse_id}
        assert broken_laws() == {}

    def test_allocating_again_keeps_the_promise(self, level):
        order = OrderFactory(lines=[(level, 1)])

        allocate_order(order.pk, seen=None, actor=SYSTEM)

        level.refresh_from_db()
        assert level.reserved == 1
        assert broken_laws() == {}

    def test_without_enough_stock_nothing_changes(self, short):
        before = everything(short)

        with pytest.raises(OutOfStock):
            allocate_order(short.pk, seen=None, actor=SYSTEM)

        assert everything(short) == before

    @pytest.mark.parametrize("state", [OrderState.PACKED, OrderState.CANCELLED])
    def test_it_is_too_late_once_packed(self, level, state):
        order = OrderFactory(lines=[(level, 1)], state=state)
        before = everything(order)

        with pytest.raises(WrongState):
            allocate_order(order.pk, seen=None, actor=SYSTEM)

        assert everything(order) == before

    def test_needs_the_permission(self, short):
        with pytest.raises(Forbidden):
            allocate_order(short.pk, seen=None, actor=NOBODY)
