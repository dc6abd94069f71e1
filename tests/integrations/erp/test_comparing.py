"""The arithmetic of the check: exact, 0.5 % itself is no alarm, nothing is divided by nought."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.erp.comparing import Cause, Result, Row, Sums, compare, is_beyond, share_of

HALF = Decimal("0.50")


def rows(*totals: str, refund: str = "0.00") -> list[Row]:
    return [
        Row(f"O{n}", Decimal(total), Decimal(refund) if n == 1 else Decimal("0.00"))
        for n, total in enumerate(totals, 1)
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "is_alarm"),
    [
        ("1000.00", "1005.00", False),
        ("1000.00", "995.00", False),
        ("1000.00", "1005.01", True),
        ("1000.00", "994.99", True),
        # 0.5 % of 33.33 is 0.16665: neither binary nor rounded figures would do.
        ("33.33", "33.49", False),
        ("33.33", "33.50", True),
        ("0.00", "0.01", True),
        ("0.00", "0.00", False),
        ("0.01", "0.00", True),
    ],
)
def test_exactly_the_tolerance_is_no_alarm(ours, theirs, is_alarm):
    assert is_beyond(Decimal(ours), Decimal(theirs), HALF) is is_alarm


def test_nothing_on_one_side_is_all_of_it_and_no_division_by_nought():
    assert share_of(Decimal(0), Decimal("12.00")) == 1
    assert share_of(Decimal("12.00"), Decimal(0)) == 1
    assert share_of(Decimal(0), Decimal(0)) == 0


@pytest.mark.parametrize(
    ("ours", "theirs"), [([], rows("10.00")), (rows("10.00"), []), (rows("0.00"), [])]
)
def test_no_orders_on_one_side_is_an_alarm(ours, theirs):
    found = compare(ours, theirs, tolerance=HALF)

    assert found.result is Result.ALARM
    assert found.share == 1
    assert len(found.lines) == 1


def test_no_orders_on_either_side_agree():
    found = compare([], [], tolerance=HALF)

    assert (found.result, found.share, found.lines) == (Result.EQUAL, 0, [])


def test_the_same_on_both_sides_agrees_in_any_order():
    found = compare(rows("10.00", "20.00"), rows("10.00", "20.00")[::-1], tolerance=HALF)

    assert found.result is Result.EQUAL
    assert found.ours == Sums(2, Decimal("30.00"), Decimal("0.00")) == found.theirs


def test_differences_that_even_out_are_shown_without_an_alarm():
    found = compare(rows("10.00", "20.00"), rows("11.00", "19.00"), tolerance=HALF)

    assert found.result is Result.WITHIN
    assert [line.cause for line in found.lines] == [Cause.AMOUNT, Cause.AMOUNT]


def test_refunds_alone_raise_the_alarm():
    found = compare(rows("10.00", refund="2.00"), rows("10.00"), tolerance=HALF)

    assert found.result is Result.ALARM
    assert [line.cause for line in found.lines] == [Cause.REFUND]


def test_the_number_of_orders_alone_raises_the_alarm():
    ours = rows("10.00", "0.00")

    assert compare(ours, ours[:1], tolerance=HALF).result is Result.ALARM


def test_what_is_not_audited_counts_for_nothing_but_is_named():
    theirs = [Row("O1", Decimal("10.00"), is_booked=False)]

    found = compare(rows("10.00"), theirs, tolerance=HALF)

    assert (found.theirs.orders, found.theirs.total) == (0, 0)
    assert [line.cause for line in found.lines] == [Cause.NOT_BOOKED]


def test_the_channels_number_is_known_as_ours():
    ours = [Row("O1", Decimal("10.00"), also="TB-1"), Row("O2", Decimal("5.00"), also="TB-2")]
    theirs = [Row("TB-1", Decimal("10.00")), Row("O2", Decimal("5.00"))]

    assert compare(ours, theirs, tolerance=HALF).result is Result.EQUAL


def test_a_channels_number_of_two_orders_says_nothing():
    ours = [Row("O1", Decimal("10.00"), also="7"), Row("O2", Decimal("10.00"), also="7")]
    theirs = [Row("7", Decimal("10.00")), Row("O2", Decimal("10.00"))]

    causes = [line.cause for line in compare(ours, theirs, tolerance=HALF).lines]

    assert causes == [Cause.MISSING, Cause.UNKNOWN]


def test_an_order_under_both_numbers_is_there_twice():
    ours = [Row("O1", Decimal("10.00"), also="TB-1")]
    theirs = [Row("O1", Decimal("10.00")), Row("TB-1", Decimal("10.00"))]

    found = compare(ours, theirs, tolerance=HALF)

    assert (found.theirs.orders, [line.cause for line in found.lines]) == (2, [Cause.UNKNOWN])


def test_a_refund_of_another_days_order_is_no_order_of_the_day():
    ours = [Row("O9", None, Decimal("3.00"))]
    theirs = [Row("O9", None, Decimal("3.00"))]

    found = compare(ours, theirs, tolerance=HALF)

    assert (found.result, found.ours.orders) == (Result.EQUAL, 0)


amounts = st.decimals(min_value=0, max_value=10_000, places=2)
sides = st.dictionaries(st.sampled_from([f"O{n}" for n in range(8)]), amounts, max_size=8)


@given(sides, sides)
def test_lines_explain_exactly_the_difference(ours, theirs):
    """What the lines differ by is what the sums differ by; no line means no difference."""
    found = compare(
        [Row(n, total) for n, total in ours.items()],
        [Row(n, total) for n, total in theirs.items()],
        tolerance=HALF,
    )

    by_lines = sum(((x.theirs or 0) - (x.ours or 0) for x in found.lines), Decimal(0))
    assert by_lines == found.theirs.total - found.ours.total
    assert bool(found.lines) == (ours != theirs)
    assert (found.result is Result.EQUAL) == (ours == theirs)
