"""The machines are exactly these, and every other move is refused and changes nothing."""

import pytest

from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, ChangedMeanwhile, Forbidden, NotFound, WrongState
from ordercenter.core.models import Event
from orders import actions
from orders.errors import OnHold
from orders.models import Order, OrderState, WorkOrder
from tests.factories import OrderFactory, StockLevelFactory
from tests.support.snapshots import everything

S = OrderState
NOBODY = Actor("person", "nobody", "admin", permissions=frozenset())

ROAD = {
    ("pending_payment", "pay", "pending_review"),
    ("pending_review", "approve", "pending_finance"),
    ("pending_finance", "send_back", "pending_review"),
    ("preparing", "send_back", "pending_review"),
    ("pending_finance", "confirm_funds", "preparing"),
    ("preparing", "pack", "packed"),
    ("packed", "unpack", "preparing"),
    ("packed", "dispatch", "dispatched"),
    ("dispatched", "start_transit", "in_transit"),
    ("dispatched", "deliver", "delivered"),
    ("in_transit", "deliver", "delivered"),
    ("delivered", "complete", "completed"),
    ("pending_payment", "cancel", "cancelled"),
    ("pending_review", "cancel", "cancelled"),
    ("pending_finance", "cancel", "cancelled"),
    ("preparing", "cancel", "cancelled"),
    ("packed", "cancel", "cancelled"),
    ("dispatched", "close", "closed"),
    ("in_transit", "close", "closed"),
    ("delivered", "close", "closed"),
}

# Each action with the verb of the machine it makes, the words it needs and its permission.
ACTIONS = [
    (actions.pay_order, "pay", {"amount": 10}, "orders.pay_order"),
    (actions.approve_order, "approve", {}, "orders.approve_order"),
    (actions.send_back_order, "send_back", {"reason": "重看"}, "orders.approve_order"),
    (actions.confirm_funds_order, "confirm_funds", {}, "orders.confirm_funds_order"),
    (actions.complete_order, "complete", {}, "orders.complete_order"),
    (actions.cancel_order, "cancel", {"reason": "不要了"}, "orders.cancel_order"),
    (actions.close_order, "close", {"reason": "丢件"}, "orders.close_order"),
]


def sources(verb: str) -> set[str]:
    return {source for source, name, _ in ROAD if name == verb}


def target(verb: str) -> str:
    (found,) = {target for _, name, target in ROAD if name == verb}
    return found


def test_an_order_moves_exactly_so():
    moves = {(t.source, t.name, t.target) for t in Order().get_all_state_transitions()}

    assert moves == ROAD


def test_a_work_order_moves_exactly_so():
    moves = {(t.source, t.name, t.target) for t in WorkOrder().get_all_state_transitions()}

    assert moves == {
        ("open", "claim", "claimed"),
        ("open", "resolve", "resolved"),
        ("claimed", "resolve", "resolved"),
        ("open", "withdraw", "withdrawn"),
        ("claimed", "withdraw", "withdrawn"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("action", "verb", "words", "state"),
    [(a, v, w, s) for a, v, w, _ in ACTIONS for s in sorted(sources(v))],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_legal_move_is_made_with_version_clock_and_story(action, verb, words, state):
    order = OrderFactory(state=state)

    moved = action(order.pk, seen=order.version, actor=SYSTEM, **words)

    stored = Order.objects.get(pk=order.pk)
    assert (moved.state, stored.state) == (target(verb), target(verb))
    assert stored.version == order.version + 1
    assert stored.state_since > order.state_since
    told = Event.objects.filter(stream=order.stream, to_state=stored.state, subject_kind="order")
    assert told.latest("sequence").from_state == state


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("action", "words", "state"),
    [(a, w, s) for a, v, w, _ in ACTIONS for s in sorted(set(OrderState.values) - sources(v))],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_every_other_move_is_refused_and_changes_nothing(action, words, state):
    order = OrderFactory(state=state)
    before = everything(order)

    with pytest.raises(WrongState):
        action(order.pk, seen=None, actor=SYSTEM, **words)

    assert everything(order) == before


@pytest.mark.django_db
@pytest.mark.parametrize(("action", "verb", "words", "permission"), ACTIONS)
class TestRefusals:
    def test_without_the_permission(self, action, verb, words, permission):
        order = OrderFactory(state=min(sources(verb)))
        before = everything(order)

        with pytest.raises(Forbidden) as refusal:
            action(order.pk, seen=None, actor=NOBODY, **words)

        assert refusal.value.details == {"permission": permission}
        assert everything(order) == before

    def test_over_an_older_version(self, action, verb, words, permission):
        order = OrderFactory(state=min(sources(verb)))
        before = everything(order)

        with pytest.raises(ChangedMeanwhile) as refusal:
            action(order.pk, seen=order.version - 1, actor=SYSTEM, **words)

        assert refusal.value.details == {"seen": order.version - 1, "current": order.version}
        assert everything(order) == before

    def test_while_a_work_order_blocks_it(self, action, verb, words, permission):
        order = OrderFactory(state=min(sources(verb)))
        work = actions.open_work_order(
            order.pk,
            kind="other",
            title="先看这个",
            owner_role="cs",
            blocks=(verb,),
            actor=SYSTEM,
        )
        before = everything(order)

        with pytest.raises(OnHold, match="先看这个") as refusal:
            action(order.pk, seen=None, actor=SYSTEM, **words)

        assert refusal.value.details == {"work_order": work.pk}
        assert everything(order) == before
        actions.resolve_work_order(work.pk, seen=None, resolution="好了", actor=SYSTEM)
        assert action(order.pk, seen=None, actor=SYSTEM, **words).state == target(verb)

    def test_of_another_partners_order(self, action, verb, words, permission):
        order = OrderFactory(state=min(sources(verb)))
        before = everything(order)
        partner = Actor.partner(
            1, "ERP", permissions=frozenset({permission}), shops=frozenset({order.shop_id + 1})
        )

        with pytest.raises(NotFound):
            action(order.pk, seen=None, actor=partner, **words)

        assert everything(order) == before

    def test_of_an_order_that_is_not_there(self, action, verb, words, permission):
        with pytest.raises(NotFound):
            action(10**12, seen=None, actor=SYSTEM, **words)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("action", "state"),
    [
        (actions.cancel_order, S.PENDING_REVIEW),
        (actions.close_order, S.DISPATCHED),
        (actions.send_back_order, S.PREPARING),
    ],
)
@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_step_aside_needs_a_reason(action, state, reason):
    order = OrderFactory(state=state)
    before = everything(order)

    with pytest.raises(BadInput) as refusal:
        action(order.pk, seen=None, reason=reason, actor=SYSTEM)

    assert refusal.value.details == {"fields": {"reason": ["empty"]}}
    assert everything(order) == before


@pytest.mark.django_db
def test_a_negative_payment_is_refused():
    order = OrderFactory(state=S.PENDING_PAYMENT)
    before = everything(order)

    with pytest.raises(BadInput):
        actions.pay_order(order.pk, seen=None, amount=-1, actor=SYSTEM)

    assert everything(order) == before


@pytest.mark.django_db
class TestFollowing:
    @pytest.mark.parametrize(
        ("state", "reached", "end"),
        [
            (S.PREPARING, S.PACKED, S.PACKED),
            (S.PREPARING, S.DELIVERED, S.DELIVERED),
            (S.PACKED, S.PREPARING, S.PREPARING),
            (S.PACKED, S.DISPATCHED, S.DISPATCHED),
            (S.DISPATCHED, S.PACKED, S.DISPATCHED),
            (S.DELIVERED, S.IN_TRANSIT, S.DELIVERED),
            (S.CANCELLED, S.DELIVERED, S.CANCELLED),
            (S.PENDING_REVIEW, S.PACKED, S.PENDING_REVIEW),
        ],
    )
    def test_an_order_follows_its_last_parcel_and_never_goes_back(self, state, reached, end):
        order = OrderFactory(state=state)

        actions.follow_shipments(order, reached=reached, actor=SYSTEM)

        assert Order.objects.get(pk=order.pk).state == end

    def test_each_step_on_the_way_is_told(self):
        order = OrderFactory(state=S.PREPARING)

        actions.follow_shipments(order, reached=S.DELIVERED, actor=SYSTEM)

        kinds = Event.objects.filter(stream=order.stream).order_by("sequence")
        assert list(kinds.values_list("kind", flat=True))[-4:] == [
            "order.packed",
            "order.dispatched",
            "order.in_transit",
            "order.delivered",
        ]
        stored = Order.objects.get(pk=order.pk)
        assert stored.dispatched_at is not None
        assert stored.delivered_at is not None


@pytest.mark.django_db
def test_a_step_takes_a_fixed_number_of_statements(django_assert_num_queries):
    for lines in (1, 4):
        level = StockLevelFactory()
        others = [StockLevelFactory(warehouse=level.warehouse) for _ in range(lines - 1)]
        order = OrderFactory(lines=[(stock, 1) for stock in [level, *others]])

        with django_assert_num_queries(STATEMENTS_OF_A_STEP):
            actions.approve_order(order.pk, seen=order.version, actor=SYSTEM)


# savepoint, lock, guards, update, clock stopped and started (with its shop), event, release
STATEMENTS_OF_A_STEP = 9
