"""What would stop a parcel? And what only looks as if it did."""

import pytest

from orders.cleaning import Finding, LineFacts, as_tags, is_own_phone, is_phone, look_over
from orders.receiver import Receiver, tidy_phone, tidy_text

GOOD = {
    "name": "王小明",
    "phone": "13812345678",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "street": "文三路 269 号",
}
LINE = LineFacts("A", True, 1, None)


def found(*lines: LineFacts, **parts: str) -> dict[Finding, list[str]]:
    return look_over(Receiver(**(GOOD | parts)), lines or (LINE,))


def test_a_parcel_that_could_be_packed_has_no_finding():
    assert found() == {}


@pytest.mark.parametrize(
    "phone",
    [
        "13812345678",
        "19912345678",
        "18877771111-123",
        "057188889999",
        "0571-88889999",
        "4008001234",
        "+85291234567",
    ],
)
def test_numbers_that_can_be_dialled(phone):
    assert is_phone(phone)
    assert found(phone=phone) == {}


@pytest.mark.parametrize(
    "phone",
    [
        "1381234567",
        "12812345678",
        "10812345678",
        "138123456789",
        "0",
        "无",
        "abc",
        "138 1234",
        "-1",
    ],
)
def test_numbers_that_cannot(phone):
    assert found(phone=phone) == {Finding.PHONE_INVALID: [phone]}


def test_no_number_at_all():
    assert found(phone="") == {Finding.PHONE_MISSING: []}


def test_a_virtual_number_is_nobodys_own():
    assert is_own_phone("18877771111")
    assert not is_own_phone("18877771111-123")
    assert not is_own_phone("138****5678")


@pytest.mark.parametrize(
    "street",
    ["文三路 269 号", "阳光小区三单元", "城关镇东门村二组", "软件园 A 座大堂", "人民大厦前台"],
)
def test_streets_that_name_a_door(street):
    assert found(street=street) == {}


@pytest.mark.parametrize(
    "parts",
    [
        {"street": ""},
        {"street": "老地方"},
        {"street": "1号"},
        {"street": "人民路上靠近河边"},
        {"province": ""},
        {"city": "", "district": ""},
    ],
)
def test_addresses_that_name_no_door(parts):
    assert list(found(**parts)) == [Finding.ADDRESS_VAGUE]


@pytest.mark.parametrize("parts", [{"city": ""}, {"district": ""}])
def test_a_municipality_has_one_level_less(parts):
    assert found(**parts) == {}


@pytest.mark.parametrize(
    "parts",
    [{"name": "王**"}, {"name": "王*明"}, {"phone": "138****5678"}, {"street": "文三路***"}],
)
def test_what_the_channel_masked_is_not_judged(parts):
    assert found(**({"phone": "1", "street": ""} | parts)) == {}


@pytest.mark.parametrize(
    ("quantity", "safety", "is_unusual"),
    [(20, 10, False), (21, 10, True), (10_000, 0, False), (10_000, None, False)],
)
def test_more_than_twice_the_safety_stock_is_unusual(quantity, safety, is_unusual):
    findings = found(LineFacts("A", True, quantity, safety))

    assert (Finding.QUANTITY_UNUSUAL in findings) is is_unusual


def test_all_findings_are_told_at_once():
    findings = look_over(
        Receiver(phone="0"), [LineFacts("X", False, 1, None), LineFacts("A", True, 9, 1)]
    )

    assert as_tags(findings) == [
        "address_vague",
        "phone_invalid",
        "quantity_unusual",
        "unknown_sku",
    ]
    assert look_over(Receiver(**GOOD), []) == {Finding.NO_LINES: []}


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("  文三路\t２６９　号\n", "文三路 269 号"),
        ("ＡＢＣ（１）", "ABC(1)"),
        ("谢谢😀👍🏽", "谢谢😀👍🏽"),
        ("半个\ud83d", "半个"),
        ("a\x00b", "ab"),
        ("", ""),
    ],
)
def test_text_is_tidied(text, tidy):
    assert tidy_text(text) == tidy


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("１３８-１２３４-５６７８", "13812345678"),
        ("138 1234 5678", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("０５７１－８８８８９９９９", "057188889999"),
        ("18877771111-123", "18877771111-123"),
        ("188 7777 1111 - 123", "18877771111-123"),
        ("138****5678", "138****5678"),
        ("电话：13812345678", "13812345678"),
        ("", ""),
    ],
)
def test_a_phone_is_tidied(text, tidy):
    assert tidy_phone(text) == tidy


@pytest.mark.parametrize(
    ("phone", "tail"),
    [
        ("13812345678", "5678"),
        ("138****5678", "5678"),
        ("18877771111-123", "1111"),
        ("0571-88889999", "9999"),
        ("0571-****9999", "9999"),
        ("12", "12"),
        ("", ""),
        ("无", ""),
    ],
)
def test_the_last_four_digits(phone, tail):
    assert Receiver(phone=phone).phone_tail == tail
