"""Versions of a mapping: tried out on stored messages, put to use, gone back from (A4)."""

import copy

import pytest

from integrations.channels.taobao.mapping import MAPPING
from integrations.intake.versions import (
    MappingInUse,
    NothingToRollBackTo,
    activate_mapping,
    active_version,
    draft_mapping,
    edit_mapping,
    preview,
    roll_back_mapping,
)
from integrations.models import MappingVersion, RawMessage
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, ChangedMeanwhile, Forbidden, WrongState
from ordercenter.core.models import Event

CLERK = Actor(kind="person", label="小李", door="admin", id=1, permissions=frozenset())


def with_referrer() -> dict:
    """Taobao's table, which now takes the referrer from the buyer's public id."""
    table = copy.deepcopy(MAPPING)
    table["fields"] = [row for row in table["fields"] if row["field"] != "referrer_code"]
    table["fields"].append(
        {"field": "referrer_code", "path": "buyer_open_uid", "convert": "text", "default": ""}
    )
    return table


@pytest.fixture
def draft(db) -> MappingVersion:
    return draft_mapping("taobao", table=with_referrer(), note="referrer", actor=SYSTEM)


def test_version_1_is_the_adapters_own_table(db):
    version = active_version("taobao")

    assert (version.number, version.state, version.table) == (1, "active", MAPPING)
    assert active_version("taobao").pk == version.pk


def test_a_draft_changes_nothing_until_it_is_put_to_use(draft):
    assert (draft.number, draft.state) == (2, "draft")
    assert active_version("taobao").number == 1

    activate_mapping(draft.pk, seen=draft.version, actor=SYSTEM)

    assert active_version("taobao").number == 2
    assert MappingVersion.objects.get(number=1).state == "retired"


def test_going_back_and_forth_is_on_the_timeline(draft):
    activate_mapping(draft.pk, seen=None, actor=SYSTEM)

    assert roll_back_mapping("taobao", actor=SYSTEM).number == 1
    assert roll_back_mapping("taobao", actor=SYSTEM).number == 2

    kinds = Event.objects.filter(stream="mapping:taobao").order_by("sequence")
    assert list(kinds.values_list("kind", flat=True)) == [
        "mapping.drafted",
        "mapping.retired",
        "mapping.activated",
        "mapping.retired",
        "mapping.rolled_back",
        "mapping.retired",
        "mapping.rolled_back",
    ]


def test_there_is_nothing_to_go_back_to_at_first(draft):
    with pytest.raises(NothingToRollBackTo):
        roll_back_mapping("taobao", actor=SYSTEM)


def test_the_version_in_use_can_neither_be_edited_nor_put_to_use_again(draft):
    activate_mapping(draft.pk, seen=None, actor=SYSTEM)

    with pytest.raises(MappingInUse):
        edit_mapping(draft.pk, seen=None, table=MAPPING, note="", actor=SYSTEM)
    with pytest.raises(WrongState):
        activate_mapping(draft.pk, seen=None, actor=SYSTEM)
    assert MappingVersion.objects.get(pk=draft.pk).table == with_referrer()


def test_a_draft_is_edited_over_the_version_that_was_read(draft):
    edit_mapping(draft.pk, seen=draft.version, table=MAPPING, note="back", actor=SYSTEM)

    with pytest.raises(ChangedMeanwhile):
        edit_mapping(draft.pk, seen=draft.version, table=with_referrer(), note="", actor=SYSTEM)
    assert MappingVersion.objects.get(pk=draft.pk).table == MAPPING


def test_a_faulty_table_is_never_stored(draft):
    faulty = {**MAPPING, "fields": MAPPING["fields"][1:]}

    with pytest.raises(BadInput):
        draft_mapping("taobao", table=faulty, note="", actor=SYSTEM)
    with pytest.raises(BadInput):
        edit_mapping(draft.pk, seen=None, table=faulty, note="", actor=SYSTEM)
    assert MappingVersion.objects.count() == 2


@pytest.mark.parametrize(
    "act",
    [
        lambda pk: draft_mapping("taobao", table=MAPPING, note="", actor=CLERK),
        lambda pk: edit_mapping(pk, seen=None, table=MAPPING, note="", actor=CLERK),
        lambda pk: activate_mapping(pk, seen=None, actor=CLERK),
        lambda pk: roll_back_mapping("taobao", actor=CLERK),
    ],
    ids=["draft", "edit", "activate", "roll_back"],
)
def test_only_who_may_edit_mappings_does(draft, act):
    with pytest.raises(Forbidden):
        act(draft.pk)

    assert active_version("taobao").number == 1


def test_a_preview_shows_each_difference_and_changes_nothing(intake, generate, draft):
    tids = generate(3)
    intake.pull()
    ids = list(RawMessage.objects.order_by("pk").values_list("pk", flat=True))

    shown = preview(draft.pk, ids)

    assert {item.external_number for item in shown} == set(tids)
    for item in shown:
        [(name, (before, after))] = item.differences.items()
        assert (name, before) == ("referrer_code", "")
        assert after.startswith("AAHk")
    assert intake.order(tids[0]).referrer_code == ""


def test_a_preview_says_which_messages_a_version_can_not_read(intake, generate, db):
    generate(1)
    intake.pull()
    table = copy.deepcopy(MAPPING)
    table["fields"].append({"field": "currency", "path": "currency", "convert": "text"})
    draft = draft_mapping("taobao", table=table, note="", actor=SYSTEM)

    [item] = preview(draft.pk, list(RawMessage.objects.values_list("pk", flat=True)))

    assert item.problem_before == ""
    assert item.problem_after.endswith("currency")


def test_new_messages_are_read_by_the_version_in_use(intake, generate, draft):
    [early] = generate(1)
    intake.pull()
    activate_mapping(draft.pk, seen=None, actor=SYSTEM)
    [late] = generate(1, seed=2)

    intake.pull()

    assert intake.order(early).referrer_code == ""
    assert intake.order(late).referrer_code.startswith("AAHk")
    assert [raw.mapping.number for raw in (*intake.raws(early), *intake.raws(late))] == [1, 2]
