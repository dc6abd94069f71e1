"""Whether two receivers are the same, as far as it can be known."""

from dataclasses import replace

import pytest

from orders.receiver import Receiver, Sameness, compare
from tests.factories import RECEIVER

MASKED = Receiver(
    name="王**",
    phone="138****5678",
    province="浙江省",
    city="杭州市",
    district="西湖区",
    street="文**********",
    token="oaid-1",
)


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        (RECEIVER, RECEIVER, Sameness.SAME),
        (RECEIVER, replace(RECEIVER, phone="13812345679"), Sameness.DIFFERENT),
        (RECEIVER, replace(RECEIVER, street="别处 1 号"), Sameness.DIFFERENT),
        (RECEIVER, replace(RECEIVER, name="王小华"), Sameness.DIFFERENT),
        (MASKED, MASKED, Sameness.SAME),
        (MASKED, replace(MASKED, token="oaid-2"), Sameness.CANNOT_KNOW),
        (MASKED, replace(MASKED, token=""), Sameness.CANNOT_KNOW),
        (MASKED, RECEIVER, Sameness.CANNOT_KNOW),
        (MASKED, replace(RECEIVER, phone="13900000000"), Sameness.DIFFERENT),
        (MASKED, replace(MASKED, token="", phone="138****0000"), Sameness.DIFFERENT),
        (replace(RECEIVER, token="t"), replace(RECEIVER, token="t", name="x"), Sameness.SAME),
        (Receiver(), Receiver(), Sameness.SAME),
    ],
)
def test_comparing_from_both_sides(one, other, answer):
    assert compare(one, other) is compare(other, one) is answer


@pytest.mark.parametrize("text", ["王*", "王**", "王*明", "*明", "王＊"])
def test_a_star_in_a_name_is_a_mask(text):
    assert replace(RECEIVER, name=text).is_masked


def test_one_star_in_a_street_is_not():
    assert not replace(RECEIVER, street="3*4 米仓库 5 号").is_masked
    assert replace(RECEIVER, street="文三路**号").is_masked


def test_a_receiver_comes_back_from_its_columns():
    class Row:
        pass

    row = Row()
    for name, value in MASKED.as_columns().items():
        setattr(row, name, value)

    assert Receiver.from_columns(row) == MASKED
