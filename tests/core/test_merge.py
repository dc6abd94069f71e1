"""Three-way merge: nothing that anybody wrote is lost without a person's word."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordercenter.core.merge import Outcome, merge_field, three_way

VALUE = st.one_of(st.none(), st.integers(0, 2), st.sampled_from(["", "a", "b"]))
ROW = st.dictionaries(st.sampled_from(["name", "phone", "street"]), VALUE)


@pytest.mark.parametrize(
    ("base", "theirs", "yours", "outcome", "result"),
    [
        ("a", "a", "a", Outcome.UNCHANGED, "a"),
        ("a", "b", "a", Outcome.UNCHANGED, "b"),
        ("a", "a", "b", Outcome.APPLIED, "b"),
        ("a", "b", "b", Outcome.MERGED, "b"),
        ("a", "b", "c", Outcome.CONFLICT, "b"),
        (None, "b", "c", Outcome.CONFLICT, "b"),
        (None, None, "c", Outcome.APPLIED, "c"),
    ],
)
def test_the_table(base, theirs, yours, outcome, result):
    field = merge_field("x", base, theirs, yours)

    assert (field.outcome, field.result) == (outcome, result)


@given(VALUE, VALUE, VALUE)
def test_the_result_is_somebodys_value(base, theirs, yours):
    assert merge_field("x", base, theirs, yours).result in (theirs, yours)


@given(VALUE, VALUE, VALUE)
def test_who_changed_nothing_loses_nothing_and_takes_nothing(base, theirs, yours):
    assert merge_field("x", base, theirs, base).result == theirs
    assert merge_field("x", base, base, yours).result == yours


@given(VALUE, VALUE, VALUE)
def test_two_different_changes_are_never_settled_without_a_person(base, theirs, yours):
    is_conflict = merge_field("x", base, theirs, yours).outcome is Outcome.CONFLICT

    assert is_conflict == (yours != base and theirs != base and theirs != yours)


@given(VALUE, VALUE, VALUE)
def test_a_conflict_is_one_from_both_sides(base, theirs, yours):
    one = merge_field("x", base, theirs, yours)
    other = merge_field("x", base, yours, theirs)

    assert (one.outcome is Outcome.CONFLICT) == (other.outcome is Outcome.CONFLICT)
    if one.outcome is not Outcome.CONFLICT:
        assert one.result == other.result


@given(ROW, ROW, ROW)
def test_the_same_message_again_changes_nothing(base, theirs, yours):
    merge = three_way(base, theirs, yours)
    now: dict[str, Any] = dict(theirs) | merge.changes

    again = three_way(yours, now, yours)

    assert again.changes == {}
    assert again.conflicts == ()


@given(ROW, ROW, ROW)
def test_only_named_fields_are_looked_at(base, theirs, yours):
    merge = three_way(base, theirs, yours, fields=["name"])

    assert [field.name for field in merge.fields] == ["name"]
    assert set(merge.changes) | {f.name for f in merge.conflicts} <= {"name"}
