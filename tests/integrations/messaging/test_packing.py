"""Cutting by bytes, never within a character, and saying what was left out."""

import pytest

from integrations.messaging.packing import cut, fit


def more(count: int) -> str:
    return f"还有 {count} 条"


@pytest.mark.parametrize("limit", [10, 11, 12, 2048])
def test_cuts_between_characters(limit):
    text = cut("订单" * 1000, limit)

    assert len(text.encode()) <= limit
    assert text.endswith("…")
    assert set(text) <= set("订单…")


def test_leaves_what_fits():
    assert cut("订单", 6) == "订单"
    assert fit(["订单", "ab"], 9, more) == "订单\nab"


@pytest.mark.parametrize("limit", [40, 100, 2048, 4096])
def test_shows_as_many_lines_as_fit_and_the_number_of_the_others(limit):
    lines = [f"{n} 订单超时" for n in range(500)]

    text = fit(lines, limit, more)

    *shown, last = text.split("\n")
    assert len(text.encode()) <= limit
    assert shown == lines[: len(shown)]
    assert last == more(500 - len(shown))
    one_more = "\n".join([*lines[: len(shown) + 1], more(499 - len(shown))])
    assert len(one_more.encode()) > limit


def test_a_first_line_that_is_too_long_is_cut_and_the_others_counted():
    text = fit(["订" * 3000, "b", "c"], 2048, more)

    assert len(text.encode()) <= 2048
    assert text.endswith("…\n还有 2 条")
