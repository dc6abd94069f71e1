"""What was ordered is changed by who brought the order in (A9), and stock and totals follow."""

from decimal import Decimal

import pytest

from inventory.errors import OutOfStock
from inventory.models import Reservation, StockLevel
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, Forbidden
from ordercenter.core.models import Event
from orders.actions import LineRevision, place_orders, revise_order
from orders.errors import NotTheOwner, TooLate
from orders.models import Order, OrderState, WorkOrder
from tests.factories import OrderFactory, ShopFactory, StockLevelFactory, UserFactory, draft
from tests.support.laws import broken_laws
from tests.support.snapshots import everything

pytestmark = pytest.mark.django_db
MAY_REVISE = frozenset({"orders.revise_order", "orders.place_order"})


@pytest.fixture
def level() -> StockLevel:
    return StockLevelFactory(on_hand=10)


def seller(*, user=None, permissions=MAY_REVISE) -> Actor:
    user = user or UserFactory()
    return Actor("person", user.full_name, "admin", id=user.pk, permissions=permissions)


def brought_in_by(actor: Actor, level: StockLevel, **fields) -> Order:
    shop = ShopFactory()
    shop.warehouses.add(level.warehouse)
    return place_orders(shop, [draft((level.sku.code, 2), **fields)], actor=actor)[0].order


def revise(order: Order, actor: Actor, **wanted) -> Order:
    line = order.lines.get()
    parts = {
        "line": line.pk,
        "sku_code": line.sku_code,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
    }
    return revise_order(
        order.pk,
        seen=None,
        revisions=[LineRevision(**(parts | wanted))],
        reason="客户改单",
        actor=actor,
    )


def test_lines_totals_stock_and_story_follow(level):
    other = StockLevelFactory(warehouse=level.warehouse, on_hand=10)
    actor = seller()
    order = brought_in_by(actor, level, freight=Decimal("5"), discount=Decimal("1"))

    revise(order, actor, sku_code=other.sku.code, quantity=3, unit_price=Decimal("8.50"))

    stored, line = Order.objects.get(), order.lines.get()
    assert (line.sku_id, line.quantity, line.amount) == (other.sku_id, 3, Decimal("25.50"))
    assert (stored.goods_amount, stored.total) == (Decimal("25.50"), Decimal("29.50"))
    level.refresh_from_db()
    other.refresh_from_db()
    assert (level.reserved, other.reserved) == (0, 3)
    event = Event.objects.get(stream=order.stream, kind="order.revised")
    assert event.changes == {
        "line 1": [f"{level.sku.code} × 2 @ 10.00", f"{other.sku.code} × 3 @ 8.50"],
        "total": ["20.00", "29.50"],
    }
    assert event.data == {"reason": "客户改单"}
    assert broken_laws() == {}


def test_what_was_wrong_with_the_lines_is_no_longer_said(level):
    owner = seller()
    order = brought_in_by(owner, level)
    Order.objects.update(tags=["quantity_unusual", "unknown_sku", "phone_invalid"])

    revise(order, owner, quantity=3)

    assert Order.objects.get().tags == ["phone_invalid"]


@pytest.mark.parametrize("price", ["10", "10.0", "10.00"])
def test_nothing_new_changes_nothing(level, price):
    actor = seller()
    order = brought_in_by(actor, level)
    before = everything(order)

    revise(order, actor, unit_price=Decimal(price))

    assert everything(order) == before


class TestOwnerLock:
    def test_another_seller_may_not(self, level):
        order = brought_in_by(seller(), level)
        before = everything(order)

        with pytest.raises(NotTheOwner) as refusal:
            revise(order, seller(), quantity=1)

        assert refusal.value.details == {"owner": order.brought_in_label}
        assert everything(order) == before

    def test_an_administrator_may(self, level):
        order = brought_in_by(seller(), level)
        boss = Actor.person(UserFactory(is_superuser=True), via="admin")
        keeper = seller(permissions=MAY_REVISE | {"orders.revise_others_order"})

        assert revise(order, boss, quantity=1).total == Decimal("10.00")
        assert revise(order, keeper, quantity=3).total == Decimal("30.00")

    def test_an_order_of_the_channel_is_nobodys_but_an_administrators(self, level):
        order = brought_in_by(SYSTEM, level)

        with pytest.raises(NotTheOwner):
            revise(order, seller(), quantity=1)

    def test_a_partner_with_the_same_number_is_not_the_person(self, level):
        person = seller()
        order = brought_in_by(person, level)
        partner = Actor.partner(
            person.id, "ERP", permissions=MAY_REVISE, shops=frozenset({order.shop_id})
        )

        with pytest.raises(NotTheOwner):
            revise(order, partner, quantity=1)

    def test_the_owner_needs_the_permission_all_the_same(self, level):
        user = UserFactory()
        order = brought_in_by(seller(user=user), level)

        with pytest.raises(Forbidden):
            revise(order, seller(user=user, permissions=frozenset()), quantity=1)


@pytest.mark.parametrize(
    "wanted",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"unit_price": Decimal("-0.01")},
        {"sku_code": "NO-SUCH-SKU"},
        {"line": 10**9},
    ],
)
def test_senseless_lines_are_refused(level, wanted):
    order = brought_in_by(SYSTEM, level)
    before = everything(order)

    with pytest.raises(BadInput):
        revise(order, SYSTEM, **wanted)

    assert everything(order) == before


def test_more_than_there_is_leaves_the_old_promise(level):
    order = brought_in_by(SYSTEM, level)
    before = everything(order)

    with pytest.raises(OutOfStock):
        revise(order, SYSTEM, quantity=11)

    assert everything(order) == before


@pytest.mark.parametrize(
    "state", [OrderState.PACKED, OrderState.DISPATCHED, OrderState.COMPLETED, OrderState.CANCELLED]
)
def test_it_is_too_late_once_packed(level, state):
    order = OrderFactory(lines=[(level, 2)], state=state)
    before = everything(order)

    with pytest.raises(TooLate):
        revise(order, SYSTEM, quantity=1)

    assert everything(order) == before


def test_a_shortage_that_the_revision_ends_is_withdrawn(level):
    order = brought_in_by(SYSTEM, level)
    short = place_orders(order.shop, [draft((level.sku.code, 9), number="S")], actor=SYSTEM)[
        0
    ].order
    work = WorkOrder.objects.get(order=short, kind="shortage")

    revise(short, SYSTEM, quantity=8)

    work.refresh_from_db()
    assert work.state == "withdrawn"
    assert Reservation.objects.filter(state="confirmed").count() == 2
    assert broken_laws() == {}
