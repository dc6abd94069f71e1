"""Orders come in: one or a batch, whole, once, and never lost."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.actions import set_safety_stock
from inventory.errors import OutOfStock
from inventory.models import Reservation, StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, Forbidden
from ordercenter.core.models import Event, Timer
from orders.actions import place_order, place_orders
from orders.cleaning import Finding
from orders.drafts import DraftLine
from orders.errors import DuplicateOrder
from orders.models import Customer, Order, OrderKind, OrderLine, WorkOrder
from orders.receiver import Receiver
from tests.factories import (
    PLACED_AT,
    RECEIVER,
    OrderFactory,
    ShopFactory,
    StockLevelFactory,
    UserFactory,
    draft,
)
from tests.support.laws import broken_laws

pytestmark = pytest.mark.django_db


@pytest.fixture
def level() -> StockLevel:
    return StockLevelFactory(on_hand=10)


@pytest.fixture
def shop(level):
    shop = ShopFactory(hold_minutes=30, ship_within_hours=24)
    shop.warehouses.add(level.warehouse)
    return shop


def place_one_of_a_batch(shop, wanted, *, actor):
    return place_orders(shop, [wanted], actor=actor)


def nothing_came_in() -> bool:
    return not (
        Order.objects.exists()
        or Customer.objects.exists()
        or Reservation.objects.exists()
        or Event.objects.filter(subject_kind="order").exists()
    )


class TestOne:
    def test_a_paid_order_waits_for_review_with_its_stock_promised(self, shop, level):
        placed = place_order(shop, draft((level.sku.code, 3)), actor=SYSTEM)

        order = Order.objects.get()
        assert placed.order.number == order.number != ""
        assert (order.state, order.payment_state, order.version) == ("pending_review", "paid", 1)
        assert (order.total, order.paid_amount) == (Decimal("30.00"), Decimal("30.00"))
        assert order.ship_by == order.paid_at + timedelta(hours=24)
        assert Reservation.objects.get().state == "confirmed"
        assert (order.receiver, order.receiver_phone_tail) == (RECEIVER, "5678")
        assert broken_laws() == {}

    def test_an_unpaid_order_holds_its_stock_for_a_while(self, shop, level):
        with moments.pretend(PLACED_AT):
            place_order(shop, draft((level.sku.code, 3), paid=False), actor=SYSTEM)

        order, reservation = Order.objects.get(), Reservation.objects.get()
        assert (order.state, order.ship_by) == ("pending_payment", None)
        assert reservation.state == "held"
        assert reservation.expires_at == PLACED_AT + timedelta(minutes=30)

    def test_its_story_begins_with_its_placing_and_its_clock_runs(self, shop, level):
        actor = Actor.person(UserFactory(is_superuser=True), via="admin")

        order = place_order(shop, draft((level.sku.code, 1)), actor=actor).order

        event = Event.objects.get(stream=order.stream)
        assert (event.sequence, event.kind, event.to_state) == (1, "order.placed", order.state)
        assert (event.door, event.actor_id) == ("admin", actor.id)
        assert (order.brought_in_by_id, order.source) == (actor.id, "admin")
        assert Timer.objects.get(subject_kind="order").stage == "pending_review"

    def test_its_number_tells_the_day_in_shanghai(self, shop, level):
        late = PLACED_AT.replace(hour=17)  # 01:00 of the next day in Shanghai

        order = place_order(shop, draft((level.sku.code, 1), placed_at=late), actor=SYSTEM).order

        assert order.number.startswith("OC261121")

    def test_without_enough_stock_nothing_is_written(self, shop, level):
        with pytest.raises(OutOfStock) as refusal:
            place_order(shop, draft((level.sku.code, 11)), actor=SYSTEM)

        assert refusal.value.details["shortages"] == [
            {"sku": level.sku.code, "wanted": 11, "available": 10}
        ]
        assert nothing_came_in()

    def test_the_same_number_twice_in_one_shop_is_refused(self, shop, level):
        place_order(shop, draft((level.sku.code, 1)), actor=SYSTEM)

        with pytest.raises(DuplicateOrder) as refusal:
            place_order(shop, draft((level.sku.code, 1)), actor=SYSTEM)

        assert refusal.value.details == {"external_number": "T-1"}
        assert (Order.objects.count(), Reservation.objects.count()) == (1, 1)

    def test_the_same_number_in_two_shops_is_two_orders(self, shop, level):
        other = ShopFactory()

        for where in (shop, other):
            place_order(where, draft((level.sku.code, 1)), actor=SYSTEM)

        assert Order.objects.filter(external_number="T-1").count() == 2
        assert len(set(Order.objects.values_list("number", flat=True))) == 2

    @pytest.mark.parametrize(
        "change",
        [
            {"lines": ()},
            {"lines": (DraftLine("1", "X", 0),)},
            {"lines": (DraftLine("1", "X", -1),)},
            {"lines": (DraftLine("1", "X", 1), DraftLine("1", "Y", 1))},
            {"kind": OrderKind.GIFT},
        ],
    )
    def test_a_senseless_order_is_refused(self, shop, change):
        with pytest.raises(BadInput):
            place_order(shop, draft(("X", 1), **change), actor=SYSTEM)

        assert nothing_came_in()

    @pytest.mark.parametrize("place", [place_order, place_one_of_a_batch])
    def test_needs_the_permission_and_the_shop(self, shop, level, place):
        wanted = draft((level.sku.code, 1))
        may_not = Actor("person", "x", "admin", permissions=frozenset())
        other_shop = Actor.partner(
            1, "ERP", permissions=frozenset({"orders.place_order"}), shops=frozenset({0})
        )

        for actor in (may_not, other_shop):
            with pytest.raises(Forbidden):
                place(shop, wanted, actor=actor)

        assert nothing_came_in()


class TestBatch:
    def test_paid_unpaid_short_and_unknown_all_come_in(self, shop, level):
        code = level.sku.code
        drafts = [
            draft((code, 4), number="paid"),
            draft((code, 4), number="unpaid", paid=False),
            draft((code, 4), number="short"),
            draft(("NO-SUCH-SKU", 1), (code, 1), number="unknown"),
            draft((code, 1), number="last"),
        ]

        placed = place_orders(shop, drafts, actor=SYSTEM)

        assert [p.order.external_number for p in placed] == [d.external_number for d in drafts]
        assert [bool(p.shortages) for p in placed] == [False, False, True, False, False]
        assert [list(p.findings) for p in placed] == [[], [], [], [Finding.UNKNOWN_SKU], []]
        work = {w.order.external_number: w for w in WorkOrder.objects.select_related("order")}
        assert set(work) == {"short", "unknown"}
        assert (work["short"].kind, work["short"].blocks) == ("shortage", ["confirm_funds"])
        assert (work["unknown"].kind, work["unknown"].blocks) == ("bad_data", ["approve"])
        assert work["unknown"].detail == {"unknown_sku": ["NO-SUCH-SKU"]}
        assert Order.objects.get(external_number="unknown").tags == ["unknown_sku"]
        level.refresh_from_db()
        assert (level.reserved, level.available) == (10, 0)
        assert broken_laws() == {}

    def test_a_line_of_an_unknown_sku_is_kept_with_its_code(self, shop):
        place_orders(shop, [draft(("NO-SUCH-SKU", 2))], actor=SYSTEM)

        line = OrderLine.objects.get()
        assert (line.sku_id, line.sku_code, line.quantity) == (None, "NO-SUCH-SKU", 2)

    def test_a_known_number_fails_the_batch_and_leaves_nothing_of_it(self, shop, level):
        place_orders(shop, [draft((level.sku.code, 1), number="old")], actor=SYSTEM)
        before = Order.objects.count(), Event.objects.count()

        with pytest.raises(IntegrityError, match="order_once_per_shop"), transaction.atomic():
            place_orders(
                shop,
                [draft((level.sku.code, 1), number=number) for number in ("new", "old")],
                actor=SYSTEM,
            )

        assert (Order.objects.count(), Event.objects.count()) == before
        level.refresh_from_db()
        assert level.reserved == 1

    def test_no_order_is_no_error(self, shop):
        assert place_orders(shop, [], actor=SYSTEM) == []

    def test_fifty_orders_take_as_many_statements_as_one(self, shop, level):
        StockLevel.objects.filter(pk=level.pk).update(on_hand=1000)
        # What is remembered for some seconds is read now: warehouses, time limits, calendar.
        place_orders(shop, [draft((level.sku.code, 1))], actor=SYSTEM)
        counts = []

        for size in (1, 50):
            drafts = [
                draft((level.sku.code, 1), number=f"{size}-{n}", receiver=other_phone(size, n))
                for n in range(size)
            ]
            with CaptureQueriesContext(connection) as queries:
                place_orders(shop, drafts, actor=SYSTEM)
            counts.append(len(queries))

        assert counts[0] == counts[1] <= 11


def other_phone(*numbers: int) -> Receiver:
    return replace(RECEIVER, phone="139" + "".join(f"{number:04d}" for number in numbers))


class TestWarehouses:
    def test_the_shops_own_are_asked_by_their_rank(self, level):
        nearer = StockLevelFactory(sku=level.sku, on_hand=10, warehouse__rank=0)
        shop = ShopFactory()
        shop.warehouses.set([level.warehouse, nearer.warehouse])

        place_order(shop, draft((level.sku.code, 1)), actor=SYSTEM)

        assert Reservation.objects.get().level == nearer

    def test_without_a_choice_every_active_one_is_asked(self, level):
        level.warehouse.is_active = False
        level.warehouse.save()
        other = StockLevelFactory(sku=level.sku, on_hand=10)

        place_order(ShopFactory(), draft((level.sku.code, 1)), actor=SYSTEM)

        assert Reservation.objects.get().level == other


class TestCustomers:
    def place(self, shop, level, number: str, **fields) -> Order:
        return place_orders(
            shop, [draft((level.sku.code, 1), number=number, **fields)], actor=SYSTEM
        )[0].order

    def test_the_same_phone_is_the_same_customer(self, shop, level):
        one, two = (self.place(shop, level, number) for number in "12")

        assert one.customer_id == two.customer_id is not None

    def test_two_new_orders_of_one_buyer_in_a_batch_are_one_customer(self, shop, level):
        drafts = [draft((level.sku.code, 1), number=number) for number in "12"]

        placed = place_orders(shop, drafts, actor=SYSTEM)

        assert len({p.order.customer_id for p in placed}) == Customer.objects.count() == 1

    def test_a_masked_receiver_is_known_by_the_channels_name(self, shop, level):
        masked = Receiver(name="王**", phone="138****5678", token="oaid-1")

        one, two = (
            self.place(shop, level, number, receiver=masked, buyer_key="buyer-9") for number in "12"
        )
        nobody = self.place(shop, level, "3", receiver=masked)

        assert one.customer_id == two.customer_id is not None
        assert nobody.customer_id is None
        assert Customer.objects.get().match_key == "taobao:buyer-9"

    @pytest.mark.parametrize("phone", ["18877771111-123", "无", "0000", "1" * 200])
    def test_a_lent_or_senseless_number_identifies_nobody(self, shop, level, phone):
        receiver = replace(RECEIVER, phone=phone)

        order = self.place(shop, level, "1", receiver=receiver)

        assert order.customer_id is None
        assert order.receiver_phone == phone[:40]

    def test_a_long_name_is_kept_as_far_as_it_fits(self, shop, level):
        receiver = replace(RECEIVER, name="长" * 500)

        order = self.place(shop, level, "1", receiver=receiver)

        assert order.receiver_name == Customer.objects.get().name == "长" * 100


def test_an_unusual_quantity_waits_for_a_person(shop, level):
    set_safety_stock(sku=level.sku_id, warehouse=level.warehouse_id, safety=2, actor=SYSTEM)

    four, five = place_orders(
        shop,
        [draft((level.sku.code, 4), number="4"), draft((level.sku.code, 5), number="5")],
        actor=SYSTEM,
    )

    assert four.findings == {}
    assert five.findings == {Finding.QUANTITY_UNUSUAL: [f"{level.sku.code} × 5"]}
    assert OrderFactory().tags == []
