"""Taxpayer numbers: forms and check signs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.finance.taxnumbers import is_tax_number, tidy_tax_number

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
GOOD = (
    "913100006072514671",
    "91350100M000100Y43",
    "11010519491231002X",
    "11010519491231002X01",
)


@pytest.mark.parametrize("number", GOOD)
def test_right_ones(number: str):
    assert is_tax_number(number)


@pytest.mark.parametrize(
    "number", ["", "123", "91310000607251467I", "91350100m000100y43", "310000607251467000"]
)
def test_wrong_ones(number: str):
    assert not is_tax_number(number)


@given(
    st.sampled_from(GOOD[:2]),
    st.integers(0, 17),
    st.sampled_from(SIGNS),
)
def test_one_wrong_sign_shows(number: str, place: int, sign: str):
    changed = number[:place] + sign + number[place + 1 :]

    assert is_tax_number(changed) == (changed == number)


def test_blanks_and_full_width_forms_are_forgiven():
    assert tidy_tax_number(" ９１３５０１００ m000100y43 ") == "91350100M000100Y43"
