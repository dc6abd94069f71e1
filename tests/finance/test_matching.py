"""A settlement file against our books: the passes one by one, and the laws over random worlds."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.finance.matched import Line, Matching, OrderResult, Paid
from orders.finance.matching import match
from orders.finance.models import Cause, LineKind, LineOutcome, OrderOutcome

DAY = date(2026, 11, 20)
ZERO = Decimal("0.00")


def line(row: int, amount: str, *numbers: str, **more: Any) -> Line:
    kind = more.pop("kind", LineKind.PAYOUT)
    return Line(
        row, kind, Decimal(amount), numbers, identity=more.pop("identity", f"#{row}"), **more
    )


def paid(pk: int, amount: str, **more: Any) -> Paid:
    refunds = tuple(Decimal(text) for text in more.pop("refunds", ()))
    settled = Decimal(more.pop("settled", "0.00"))
    payments = ((f"tx{pk}", Decimal(amount)),)
    return Paid(
        pk, (f"n{pk}", f"OC{pk}"), Decimal(amount), payments=payments, refunds=refunds,
        settled=settled, **more,
    )  # fmt: skip


def compared(lines: list[Line], orders: list[Paid], known: tuple[str, ...] = ()) -> Matching:
    return match(lines, orders, first=DAY, last=DAY, known=known)


def outcomes(found: Matching) -> list[LineOutcome]:
    return [outcome for _row, (outcome, _order) in sorted(found.lines.items())]


def causes(found: Matching) -> list[tuple[Cause, Decimal]]:
    return [(gap.cause, gap.theirs - gap.ours) for gap in found.gaps]


def test_number_and_amount_agree():
    found = compared([line(1, "10.00", "n1")], [paid(1, "10.00")])

    assert found.lines == {1: (LineOutcome.EXACT, 1)}
    assert found.orders == {
        1: OrderResult(OrderOutcome.SETTLED, Decimal("10.00"), Decimal("10.00"))
    }
    assert not found.gaps


def test_our_own_number_is_as_good_as_the_channels():
    assert outcomes(compared([line(1, "10.00", "OC1")], [paid(1, "10.00")])) == [LineOutcome.EXACT]


def test_the_transaction_finds_what_the_number_does_not():
    found = compared([line(1, "10.00", "?", transaction="tx1")], [paid(1, "10.00")])

    assert found.lines == {1: (LineOutcome.BY_TRANSACTION, 1)}


def test_several_lines_for_one_order():
    found = compared(
        [line(1, "3.00", "n1"), line(2, "7.00", "", transaction="tx1")], [paid(1, "10.00")]
    )

    assert set(outcomes(found)) == {LineOutcome.IN_PARTS}
    assert found.orders[1].outcome == OrderOutcome.IN_PARTS and not found.gaps


def test_one_line_for_several_orders():
    found = compared([line(1, "30.00", "n1", "n2")], [paid(1, "10.00"), paid(2, "20.00")])

    assert outcomes(found) == [LineOutcome.TOGETHER]
    assert {r.outcome for r in found.orders.values()} == {OrderOutcome.TOGETHER}
    assert not found.gaps


def test_one_line_for_several_orders_that_is_not_their_sum():
    found = compared([line(1, "29.00", "n1", "n2")], [paid(1, "10.00"), paid(2, "20.00")])

    assert outcomes(found) == [LineOutcome.AMOUNT_DIFFERS]
    assert causes(found) == [(Cause.AMOUNT, Decimal("-1.00"))]


def test_another_amount():
    found = compared([line(1, "9.99", "n1")], [paid(1, "10.00")])

    assert outcomes(found) == [LineOutcome.AMOUNT_DIFFERS]
    assert found.orders[1].outcome == OrderOutcome.DIFFERS
    assert causes(found) == [(Cause.AMOUNT, Decimal("-0.01"))]


def test_paid_out_twice():
    found = compared([line(1, "10.00", "n1"), line(2, "10.00", "n1")], [paid(1, "10.00")])

    assert outcomes(found) == [LineOutcome.EXACT, LineOutcome.AMOUNT_DIFFERS]
    assert found.orders[1] == OrderResult(OrderOutcome.DIFFERS, Decimal("10.00"), Decimal("20.00"))
    assert causes(found) == [(Cause.AMOUNT, Decimal("10.00"))]


def test_less_by_the_fee_that_the_line_names():
    found = compared([line(1, "9.40", "n1", fee=Decimal("0.60"))], [paid(1, "10.00")])

    assert outcomes(found) == [LineOutcome.AFTER_FEE]
    assert causes(found) == [(Cause.FEE, Decimal("-0.60"))]


def test_a_fee_of_its_own_line():
    found = compared(
        [line(1, "10.00", "n1"), line(2, "-0.60", "n1", kind=LineKind.FEE)], [paid(1, "10.00")]
    )

    assert outcomes(found) == [LineOutcome.EXACT, LineOutcome.FEE]
    assert causes(found) == [(Cause.FEE, Decimal("-0.60"))]


def test_less_by_what_was_paid_back():
    found = compared([line(1, "7.00", "n1")], [paid(1, "10.00", refunds=["3.00"])])

    assert outcomes(found) == [LineOutcome.AFTER_REFUND]
    assert causes(found) == [(Cause.REFUNDED, Decimal("-3.00"))]


def test_refund_lines():
    found = compared(
        [
            line(1, "10.00", "n1"),
            line(2, "-3.00", "n1", kind=LineKind.REFUND),
            line(3, "-1.00", "n1", kind=LineKind.REFUND),
        ],
        [paid(1, "10.00", refunds=["3.00", "2.00"])],
    )

    assert outcomes(found) == [
        LineOutcome.EXACT,
        LineOutcome.REFUND_AGREES,
        LineOutcome.REFUND_UNKNOWN,
    ]
    assert found.orders[1].outcome == OrderOutcome.REFUND_DIFFERS
    assert causes(found) == [
        (Cause.MISSING_OURS, Decimal("-1.00")),
        (Cause.REFUND_MISSING, Decimal("2.00")),
    ]


def test_a_refund_in_two_lines_agrees_with_one_of_ours():
    lines = [
        line(1, "10.00", "n1"),
        line(2, "-1.00", "n1", kind=LineKind.REFUND),
        line(3, "-2.00", "n1", kind=LineKind.REFUND),
    ]

    assert not compared(lines, [paid(1, "10.00", refunds=["3.00"])]).gaps


@pytest.mark.parametrize(
    ("order", "outcome", "cause"),
    [
        (paid(1, "10.00"), OrderOutcome.MISSING, Cause.MISSING_THEIRS),
        (paid(1, "10.00", refunds=["10.00"]), OrderOutcome.REFUNDED, Cause.REFUNDED),
        (paid(1, "10.00", settled="10.00"), OrderOutcome.ELSEWHERE, None),
    ],
)
def test_orders_that_the_file_does_not_name(
    order: Paid, outcome: OrderOutcome, cause: Cause | None
):
    found = compared([], [order])

    assert found.orders[1].outcome == outcome
    assert [gap.cause for gap in found.gaps] == ([cause] if cause else [])


def test_a_refund_of_an_order_that_another_file_has_settled():
    found = compared([], [paid(1, "10.00", settled="10.00", refunds=["4.00"])])

    assert found.orders[1].outcome == OrderOutcome.REFUND_DIFFERS
    assert causes(found) == [(Cause.REFUND_MISSING, Decimal("4.00"))]


def test_an_order_that_is_not_paid_in_our_books():
    found = compared([line(1, "10.00", "n1")], [paid(1, "0.00", in_period=False)])

    assert causes(found) == [(Cause.MISSING_OURS, Decimal("10.00"))]


def test_lines_that_take_no_part():
    tomorrow = date(2026, 11, 21)
    found = compared(
        [
            line(1, "10.00", "n1", identity="a"),
            line(2, "10.00", "n1", identity="a"),
            line(3, "10.00", "n1", identity="other file"),
            line(4, "10.00", "n1", day=tomorrow),
            line(5, "-500.00", kind=LineKind.OTHER),
            line(6, "1.00", "nobody"),
        ],
        [paid(1, "10.00")],
        known=("other file",),
    )

    assert outcomes(found) == [
        LineOutcome.EXACT,
        LineOutcome.DUPLICATE,
        LineOutcome.DUPLICATE,
        LineOutcome.OTHER_DAY,
        LineOutcome.ASIDE,
        LineOutcome.UNKNOWN_ORDER,
    ]
    assert found.orders[1].outcome == OrderOutcome.SETTLED
    assert [cause for cause, _gap in causes(found)] == [
        Cause.DUPLICATE,
        Cause.DUPLICATE,
        Cause.OTHER_DAY,
        Cause.UNKNOWN_ORDER,
    ]


# -- laws ------------------------------------------------------------------------------------

few = st.sampled_from([Decimal(text) for text in ("1.00", "2.00", "3.00", "5.00", "0.01")])
names = st.sampled_from(["n1", "n2", "n3", "OC2", "OC4", "nobody", ""])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Line], list[Paid]]:
    """Few amounts and few names, so that everything meets everything."""
    orders = []
    for pk in range(1, draw(st.integers(1, 5)) + 1):
        amount = draw(st.sampled_from([ZERO, Decimal("1.00"), Decimal("3.00"), Decimal("5.00")]))
        refunds = tuple(draw(st.lists(few, max_size=2)))
        orders.append(
            Paid(
                pk,
                (f"n{pk}", f"OC{pk}"),
                amount,
                in_period=draw(st.booleans()),
                settled=draw(st.sampled_from([ZERO, amount])),
                payments=((f"tx{pk}", amount),),
                refunds=refunds,
            )
        )
    lines = []
    for row in range(1, draw(st.integers(0, 8)) + 1):
        kind = draw(st.sampled_from(LineKind))
        amount = draw(few)
        numbers = tuple(filter(None, draw(st.lists(names, max_size=3, unique=True))))
        lines.append(
            Line(
                row,
                kind,
                -amount if kind in (LineKind.REFUND, LineKind.FEE) else amount,
                numbers,
                transaction=draw(st.sampled_from(["", "tx1", "tx2", "tx9"])),
                fee=draw(st.sampled_from([ZERO, Decimal("1.00")])),
                day=draw(st.sampled_from([None, DAY, date(2026, 11, 21)])),
                identity=draw(st.sampled_from(["a", "b", f"#{row}", f"#{row}"])),
            )
        )
    return lines, orders


@settings(max_examples=600, deadline=None)
@given(worlds())
def test_every_line_and_every_order_has_exactly_one_outcome(world: tuple[list[Line], list[Paid]]):
    lines, orders = world

    found = compared(lines, orders)

    # A second outcome of a line raises; of an order there is one place only.
    assert set(found.lines) == {one.row for one in lines}
    assert {order.id for order in orders if order.in_period} <= set(found.orders)
    named = {order for outcome, order in found.lines.values() if outcome in ABOUT_ORDERS and order}
    assert named <= set(found.orders)


@settings(max_examples=600, deadline=None)
@given(worlds())
def test_the_gaps_explain_all_that_the_file_says_besides_our_books(
    world: tuple[list[Line], list[Paid]],
):
    lines, orders = world

    found = compared(lines, orders)

    told = sum((one.amount for one in lines if found.lines[one.row][0] != LineOutcome.ASIDE), ZERO)
    expected = sum((result.ours for result in found.orders.values()), ZERO)
    # Refunds are expected of orders that were settled, and wherever a line speaks of one. Where
    # they were netted, or no money came at all, the order's own gap tells all.
    with_refund_lines = {
        order
        for outcome, order in found.lines.values()
        if outcome in (LineOutcome.REFUND_AGREES, LineOutcome.REFUND_UNKNOWN)
    }
    back = sum(
        (
            sum(order.refunds, ZERO)
            for order in orders
            if order.id in with_refund_lines
            or (order.id in found.orders and found.orders[order.id].outcome not in SILENT)
        ),
        ZERO,
    )
    gaps = sum((gap.theirs - gap.ours for gap in found.gaps), ZERO)
    assert told - (expected - back) == gaps


SILENT = (OrderOutcome.AFTER_REFUND, OrderOutcome.REFUNDED, OrderOutcome.MISSING)


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_what_is_settled_came_to_the_cent(world: tuple[list[Line], list[Paid]]):
    lines, orders = world

    found = compared(lines, orders)

    came: Counter[int] = Counter()
    for one in lines:
        outcome, order = found.lines[one.row]
        if outcome in PAYOUTS and order is not None:
            came[order] += one.amount
    for order_id, result in found.orders.items():
        if result.outcome in (OrderOutcome.SETTLED, OrderOutcome.IN_PARTS):
            assert result.ours == result.theirs == came[order_id]


PAYOUTS = (LineOutcome.EXACT, LineOutcome.BY_TRANSACTION, LineOutcome.IN_PARTS)
ABOUT_ORDERS = (
    *PAYOUTS,
    LineOutcome.TOGETHER,
    LineOutcome.AFTER_FEE,
    LineOutcome.AFTER_REFUND,
    LineOutcome.REFUND_AGREES,
    LineOutcome.REFUND_UNKNOWN,
)
