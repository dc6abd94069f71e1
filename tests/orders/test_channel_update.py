"""A channel tells more about an order we have: nothing of anybody is lost, nothing turns back."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import Forbidden
from ordercenter.core.models import Event
from orders import channel_fields
from orders.actions import (
    ChannelUpdate,
    cancel_order,
    change_address,
    hold_order,
    open_work_order,
    resolve_work_order,
    take_channel_update,
)
from orders.actions.channel_update import ChannelMove, UpdateOutcome
from orders.drafts import Draft
from orders.models import Order, OrderState, WorkOrder
from tests.factories import PLACED_AT, RECEIVER, OrderFactory, StockLevelFactory, draft
from tests.support.laws import broken_laws
from tests.support.snapshots import everything

pytestmark = pytest.mark.django_db
S = OrderState


@pytest.fixture
def level():
    return StockLevelFactory(on_hand=10)


def said(level, **fields) -> Draft:
    """What the channel says of an order of two pieces."""
    return draft((level.sku.code, 2), number="C-1", **({"channel_modified_at": PLACED_AT} | fields))


def ordered(level, state: OrderState = S.PENDING_REVIEW) -> Order:
    return OrderFactory(
        lines=[(level, 2)], state=state, number="C-1", channel_modified_at=PLACED_AT
    )


def tell(order: Order, now: Draft, *, before: Draft, move=ChannelMove.NONE) -> UpdateOutcome:
    later = now.channel_modified_at or PLACED_AT
    now = replace(now, channel_modified_at=later + timedelta(minutes=1))
    update = ChannelUpdate(now, channel_fields.of_draft(before), move)
    return take_channel_update(order.pk, update, actor=SYSTEM)


def conflict(order: Order) -> dict[str, list[str]]:
    return WorkOrder.objects.get(order=order, kind="channel_conflict").detail["fields"]


def kinds(order: Order) -> list[str]:
    events = Event.objects.filter(stream=order.stream).order_by("sequence")
    return list(events.values_list("kind", flat=True))


class TestFields:
    def test_the_same_message_again_changes_nothing(self, level):
        order = ordered(level)
        before = everything(order)

        outcome = tell(order, said(level), before=said(level))

        assert outcome is UpdateOutcome.UNCHANGED
        after = everything(order)
        before["order"]["channel_modified_at"] += timedelta(minutes=1)
        assert after == before

    def test_what_only_the_channel_changed_is_taken_over(self, level):
        order = ordered(level)

        outcome = tell(
            order,
            said(level, buyer_message="请尽快", freight=Decimal("8")),
            before=said(level),
        )

        stored = Order.objects.get(pk=order.pk)
        assert outcome is UpdateOutcome.APPLIED
        assert (stored.buyer_message, stored.freight) == ("请尽快", Decimal("8.00"))
        assert stored.version == order.version + 1
        event = Event.objects.get(stream=order.stream, kind="order.channel_updated")
        assert event.changes == {"buyer_message": ["", "请尽快"], "freight": ["0.00", "8.00"]}

    def test_an_older_message_changes_nothing_at_all(self, level):
        order = ordered(level, S.PENDING_REVIEW)
        before = everything(order)
        old = said(
            level,
            paid=False,
            buyer_message="旧",
            channel_modified_at=PLACED_AT - timedelta(seconds=1),
        )

        update = ChannelUpdate(old, channel_fields.of_draft(said(level)), ChannelMove.CANCEL)
        outcome = take_channel_update(order.pk, update, actor=SYSTEM)

        assert outcome is UpdateOutcome.STALE
        assert everything(order) == before

    def test_what_both_changed_goes_to_a_person(self, level):
        order = ordered(level)
        Order.objects.filter(pk=order.pk).update(seller_memo="客服写的")

        tell(order, said(level, seller_memo="渠道写的"), before=said(level))

        stored = Order.objects.get(pk=order.pk)
        assert stored.seller_memo == "客服写的"
        assert conflict(order) == {"seller_memo": ["", "客服写的", "渠道写的"]}
        work = WorkOrder.objects.get()
        assert (work.owner_role, work.blocks) == ("cs", ["dispatch"])

    def test_the_same_change_on_both_sides_is_no_conflict(self, level):
        order = ordered(level)
        Order.objects.filter(pk=order.pk).update(seller_memo="一样")

        outcome = tell(order, said(level, seller_memo="一样"), before=said(level))

        assert outcome is UpdateOutcome.UNCHANGED
        assert not WorkOrder.objects.exists()

    def test_a_second_conflict_joins_the_open_work_order(self, level):
        order = ordered(level)
        Order.objects.filter(pk=order.pk).update(seller_memo="客服写的")
        first = said(level, seller_memo="渠道写的")
        tell(order, first, before=said(level))

        more = replace(first, lines=said(level).lines + draft(("NEW", 1)).lines)
        more = replace(more, lines=(more.lines[0], replace(more.lines[1], channel_line="2")))
        tell(order, more, before=first)
        tell(order, replace(more, channel_modified_at=PLACED_AT + timedelta(hours=1)), before=more)

        assert conflict(order) == {
            "seller_memo": ["", "客服写的", "渠道写的"],
            "line 2": ["", "", "NEW × 1"],
        }
        assert kinds(order).count("work_order.extended") == 1

    def test_what_was_decided_is_asked_again_only_when_it_comes_again(self, level):
        order = ordered(level)
        Order.objects.filter(pk=order.pk).update(seller_memo="客服写的")
        now = said(level, seller_memo="渠道写的")
        tell(order, now, before=said(level))
        work = WorkOrder.objects.get()
        resolve_work_order(work.pk, seen=None, resolution="保留客服备注", actor=SYSTEM)

        outcome = tell(
            order, replace(now, channel_modified_at=PLACED_AT + timedelta(hours=1)), before=now
        )

        assert outcome is UpdateOutcome.UNCHANGED
        assert WorkOrder.objects.count() == 1

    def test_needs_the_permission(self, level):
        order = ordered(level)
        update = ChannelUpdate(said(level), {})

        with pytest.raises(Forbidden):
            take_channel_update(
                order.pk, update, actor=Actor("person", "x", "api", permissions=frozenset())
            )


class TestAddress:
    elsewhere = replace(RECEIVER, street="天目山路 18 号", phone="13900001111")

    def test_a_new_one_is_taken_over_with_all_that_follows_from_it(self, level):
        order = ordered(level)

        tell(order, said(level, receiver=self.elsewhere), before=said(level))

        stored = Order.objects.get(pk=order.pk)
        assert stored.receiver == self.elsewhere
        assert stored.receiver_phone_tail == "1111"

    @pytest.mark.parametrize("state", [S.PACKED, S.DISPATCHED, S.COMPLETED, S.CANCELLED])
    def test_it_is_too_late_once_packed(self, level, state):
        order = ordered(level, state)

        tell(order, said(level, receiver=self.elsewhere), before=said(level))

        assert Order.objects.get(pk=order.pk).receiver == RECEIVER
        assert set(conflict(order)) == {"receiver_street", "receiver_phone"}

    def test_it_is_not_taken_over_against_a_guard(self, level):
        order = ordered(level)
        open_work_order(
            order.pk,
            kind="other",
            title="面单已打",
            owner_role="cs",
            blocks=("change_address",),
            actor=SYSTEM,
        )

        tell(order, said(level, receiver=self.elsewhere), before=said(level))

        assert Order.objects.get(pk=order.pk).receiver == RECEIVER
        assert set(conflict(order)) == {"receiver_street", "receiver_phone"}

    def test_half_of_theirs_and_half_of_ours_is_nobodys_address(self, level):
        order = ordered(level)
        ours = replace(RECEIVER, street="我们改的路 5 号")
        change_address(order.pk, seen=None, receiver=ours, actor=SYSTEM)

        tell(
            order,
            said(level, receiver=replace(RECEIVER, city="宁波市", district="鄞州区")),
            before=said(level),
        )

        assert Order.objects.get(pk=order.pk).receiver == ours
        assert conflict(order) == {
            "receiver_city": ["杭州市", "杭州市", "宁波市"],
            "receiver_district": ["西湖区", "西湖区", "鄞州区"],
        }

    def test_the_same_address_changed_on_both_sides_is_no_conflict(self, level):
        order = ordered(level)
        change_address(order.pk, seen=None, receiver=self.elsewhere, actor=SYSTEM)

        tell(order, said(level, receiver=self.elsewhere), before=said(level))

        assert not WorkOrder.objects.exists()


class TestLines:
    def test_another_quantity_goes_to_a_person(self, level):
        order = ordered(level)
        now = said(level)

        tell(order, replace(now, lines=(replace(now.lines[0], quantity=5),)), before=said(level))

        code = level.sku.code
        assert conflict(order) == {"line 1": [f"{code} × 2", f"{code} × 2", f"{code} × 5"]}
        assert order.lines.get().quantity == 2

    def test_a_line_that_is_gone_goes_to_a_person_once(self, level):
        order = OrderFactory(lines=[(level, 2), (level, 1)], number="C-1")
        code = level.sku.code
        both = draft((code, 2), (code, 1), number="C-1", channel_modified_at=PLACED_AT)
        rest = replace(both, lines=both.lines[:1])

        tell(order, rest, before=both)
        work = WorkOrder.objects.get(kind="channel_conflict")
        resolve_work_order(work.pk, seen=None, resolution="渠道已退一件", actor=SYSTEM)
        again = tell(
            order, replace(rest, channel_modified_at=PLACED_AT + timedelta(hours=2)), before=rest
        )

        assert work.detail["fields"] == {"line 2": [f"{code} × 1", f"{code} × 1", ""]}
        assert again is UpdateOutcome.UNCHANGED
        assert WorkOrder.objects.filter(kind="channel_conflict").count() == 1
        assert order.lines.count() == 2

    def test_what_was_revised_here_is_not_asked_about_while_the_channel_says_the_same(self, level):
        order = ordered(level)
        order.lines.update(quantity=3)

        outcome = tell(order, said(level), before=said(level))

        assert outcome is UpdateOutcome.UNCHANGED
        assert not WorkOrder.objects.exists()

    def test_a_refund_is_flagged_and_unflagged(self, level):
        order = ordered(level)
        asked = replace(said(level), lines=(replace(said(level).lines[0], refund_open=True),))

        tell(order, asked, before=said(level))
        flagged = Order.objects.get(pk=order.pk).refund_open, order.lines.get().refund_open
        withdrawn = replace(said(level), channel_modified_at=PLACED_AT + timedelta(hours=1))
        tell(order, withdrawn, before=asked)

        assert flagged == (True, True)
        assert not Order.objects.get(pk=order.pk).refund_open
        assert kinds(order).count("order.refund_flagged") == 2
        assert broken_laws() == {}


class TestMoves:
    def test_the_channel_pays(self, level):
        order = ordered(level, S.PENDING_PAYMENT)

        tell(order, said(level), before=said(level, paid=False))

        stored = Order.objects.get(pk=order.pk)
        assert (stored.state, stored.paid_amount) == (S.PENDING_REVIEW, Decimal("20.00"))

    def test_money_for_a_cancelled_order_goes_to_a_person(self, level):
        order = ordered(level, S.PENDING_PAYMENT)
        cancel_order(order.pk, seen=None, reason="超时", actor=SYSTEM)

        tell(order, said(level), before=said(level, paid=False))

        assert Order.objects.get(pk=order.pk).state == S.CANCELLED
        assert conflict(order) == {"payment": ["", "cancelled", "20.00"]}

    @pytest.mark.parametrize(
        "state", [S.PENDING_PAYMENT, S.PENDING_REVIEW, S.PENDING_FINANCE, S.PREPARING, S.PACKED]
    )
    def test_the_channel_cancels_what_has_not_left(self, level, state):
        order = ordered(level, state)
        now = said(level, paid=state != S.PENDING_PAYMENT)

        tell(order, now, before=now, move=ChannelMove.CANCEL)

        assert Order.objects.get(pk=order.pk).state == S.CANCELLED
        level.refresh_from_db()
        assert level.reserved == 0
        assert broken_laws() == {}

    @pytest.mark.parametrize("state", [S.DISPATCHED, S.IN_TRANSIT, S.DELIVERED])
    def test_a_cancellation_after_dispatch_goes_to_a_person(self, level, state):
        order = ordered(level, state)

        tell(order, said(level), before=said(level), move=ChannelMove.CANCEL)

        assert Order.objects.get(pk=order.pk).state == state
        assert conflict(order) == {"state": ["", state.value, "cancelled"]}

    def test_a_cancellation_that_a_work_order_blocks_goes_to_a_person(self, level):
        order = ordered(level)
        open_work_order(
            order.pk, kind="other", title="等", owner_role="cs", blocks=("cancel",), actor=SYSTEM
        )

        tell(order, said(level), before=said(level), move=ChannelMove.CANCEL)

        assert Order.objects.get(pk=order.pk).state == S.PENDING_REVIEW
        assert conflict(order) == {"state": ["", "pending_review", "cancelled"]}

    @pytest.mark.parametrize("state", [S.DISPATCHED, S.IN_TRANSIT, S.DELIVERED])
    def test_the_channel_completes_what_has_left(self, level, state):
        order = ordered(level, state)

        tell(order, said(level), before=said(level), move=ChannelMove.COMPLETE)

        assert Order.objects.get(pk=order.pk).state == S.COMPLETED

    @pytest.mark.parametrize("state", [S.PENDING_REVIEW, S.PREPARING, S.PACKED])
    def test_a_completion_of_what_is_still_here_goes_to_a_person(self, level, state):
        order = ordered(level, state)

        tell(order, said(level), before=said(level), move=ChannelMove.COMPLETE)

        assert Order.objects.get(pk=order.pk).state == state
        assert conflict(order) == {"state": ["", state.value, "completed"]}

    def test_a_blocked_completion_leaves_no_half_of_its_steps(self, level):
        order = ordered(level, S.DISPATCHED)
        open_work_order(
            order.pk, kind="other", title="等", owner_role="cs", blocks=("complete",), actor=SYSTEM
        )

        tell(order, said(level), before=said(level), move=ChannelMove.COMPLETE)

        assert Order.objects.get(pk=order.pk).state == S.DISPATCHED
        assert conflict(order) == {"state": ["", "dispatched", "completed"]}

    @pytest.mark.parametrize("move", [ChannelMove.CANCEL, ChannelMove.COMPLETE])
    @pytest.mark.parametrize("state", [S.CANCELLED, S.COMPLETED, S.CLOSED])
    def test_an_ended_order_stays_ended(self, level, state, move):
        order = ordered(level, state)

        tell(order, said(level), before=said(level), move=move)

        assert Order.objects.get(pk=order.pk).state == state

    def test_a_hold_does_not_keep_the_buyer_from_cancelling(self, level):
        order = ordered(level)
        hold_order(order.pk, reason="等客户", actor=SYSTEM)

        tell(order, said(level), before=said(level), move=ChannelMove.CANCEL)

        assert Order.objects.get(pk=order.pk).state == S.CANCELLED
        assert WorkOrder.objects.get().state == "withdrawn"
