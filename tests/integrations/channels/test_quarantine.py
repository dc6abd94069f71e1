"""What can't be read is a visible problem; the rest goes on; a person can let it be read again."""

import copy

import pytest

from integrations.channels.base import Answer, Care, ChannelTrouble, UnreadableAnswer, Verdict
from integrations.channels.taobao.adapter import DETAIL_API, LIST_API, TaobaoAdapter, read_time
from integrations.channels.taobao.mapping import MAPPING
from integrations.intake import processing
from integrations.intake.retry import retry_quarantined
from integrations.intake.versions import activate_mapping, draft_mapping
from integrations.models import Problem, RawMessage, RawState
from inventory.models import Reservation
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import Forbidden
from ordercenter.core.models import Event
from orders.models import Order, OrderLine, WorkOrder, WorkOrderKind
from tests.integrations.channels.conftest import shop_time
from tests.support.laws import broken_laws


def quarantined() -> list[RawMessage]:
    return list(RawMessage.objects.filter(state=RawState.QUARANTINED).order_by("pk"))


def problems() -> dict[str, str]:
    return {raw.external_number: raw.problem for raw in quarantined()}


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ("unknown_status", Problem.UNKNOWN_WORD),
        ("missing_tid", Problem.FIELD_MISSING),
        ("text_in_num", Problem.WRONG_FORM),
        ("absurd_number", Problem.OUT_OF_RANGE),
        ("negative_money", Problem.OUT_OF_RANGE),
        ("missing_lines", Problem.FIELD_MISSING),
        ("lines_not_wrapped", Problem.WRONG_FORM),
        ("bad_time", Problem.WRONG_FORM),
        ("null_fields", Problem.FIELD_MISSING),
    ],
)
def test_one_bad_message_is_set_aside_and_the_others_go_on(intake, generate, how, problem):
    tids = generate(12)
    intake.simulator.post("taobao/spoil", tid=tids[5], how=how, where="detail")

    intake.pull()

    assert problems() == {tids[5]: problem}
    assert set(Order.objects.values_list("external_number", flat=True)) == {
        *tids[:5],
        *tids[6:],
    }
    intake.account.refresh_from_db()
    assert intake.account.progress["complete"] is True


@pytest.mark.parametrize(
    ("how", "kept"),
    [
        ("long_text", ("请尽快发货。" * 84)[:500]),
        ("emoji", "生日礼物🎁请写贺卡❤️\u200d🔥"),
        ("nul_character", "请放丰巢"),
    ],
)
def test_odd_text_is_taken_as_far_as_it_fits(intake, generate, how, kept):
    [tid] = generate(1)
    intake.simulator.post("taobao/spoil", tid=tid, how=how)

    intake.pull()

    assert quarantined() == []
    assert intake.order(tid).buyer_message == kept


def test_an_unknown_sku_is_an_order_that_a_person_looks_at(intake, generate):
    [tid] = generate(1)
    intake.simulator.post("taobao/spoil", tid=tid, how="unknown_sku")

    intake.pull()

    assert intake.order(tid).tags == ["unknown_sku"]
    assert WorkOrder.objects.get().kind == WorkOrderKind.BAD_DATA


def test_a_row_of_the_list_without_a_number_is_kept_for_a_person(intake, generate):
    tids = generate(3)
    intake.simulator.post("taobao/spoil", tid=tids[1], how="missing_tid")

    intake.pull()

    [raw] = quarantined()
    assert (raw.api, raw.problem) == (LIST_API, Problem.FIELD_MISSING)
    assert Order.objects.count() == 2


def test_a_trade_that_never_comes_whole_does_not_hold_up_the_rest(intake, generate):
    tids = generate(3)
    intake.simulator.fault("taobao", "truncated", method=DETAIL_API, count=5)
    account = intake.account
    account.options["concurrency"] = 1
    account.save()

    intake.pull()

    assert list(problems().values()) == [Problem.MALFORMED]
    assert Order.objects.count() == 2
    [raw] = quarantined()
    assert raw.external_number in tids

    tally = retry_quarantined([raw.pk], actor=SYSTEM)

    assert tally["placed"] == 1
    raw.refresh_from_db()
    assert (raw.state, raw.problem) == (RawState.UNCHANGED, Problem.ASKED_AGAIN)
    assert set(Order.objects.values_list("external_number", flat=True)) == set(tids)


def test_a_channel_that_talks_nonsense_is_out_of_order_and_not_full_of_bad_orders(intake, generate):
    generate(30)
    before = intake.account.cursor_at
    intake.simulator.fault("taobao", "truncated", method=DETAIL_API, probability=1.0)

    with pytest.raises(ChannelTrouble):
        intake.pull()

    assert quarantined() == []
    intake.account.refresh_from_db()
    assert intake.account.cursor_at == before


def test_a_list_that_can_not_be_read_is_narrowed_down_to_its_second(intake, generate, monkeypatch):
    tids = generate(10)
    bad = intake.simulator.trade(tids[4])["trade"]["modified"]
    monkeypatch.setattr(TaobaoAdapter, "changes", _unreadable_where(bad))

    intake.pull()

    [raw] = quarantined()
    assert (raw.api, raw.problem, raw.body) == ("list", Problem.MALFORMED, "<garbage>")
    same_second = {tid for tid in tids if intake.simulator.trade(tid)["trade"]["modified"] == bad}
    assert set(Order.objects.values_list("external_number", flat=True)) == set(tids) - same_second


def _unreadable_where(moment: str):
    """`changes` of an adapter whose answer is garbage for any window that holds this second."""
    real = TaobaoAdapter.changes

    def changes(self, window):
        if window.start <= read_time(moment) <= window.end:
            verdict = Verdict(Answer.UNKNOWN_OUTCOME, Care.RETRY, "unreadable", "no JSON")
            raise UnreadableAnswer(verdict, "<garbage>")
        yield from real(self, window)

    return changes


class TestAfterwards:
    def test_a_mended_mapping_reads_what_was_set_aside(self, intake, generate):
        [tid] = generate(1, paid_share=1)
        intake.simulator.post("taobao/spoil", tid=tid, how="unknown_status")
        intake.pull()
        [raw] = quarantined()
        table = _table_that_knows("WAIT_PLATFORM_INSPECTION")
        mended = draft_mapping("taobao", table=table, note="", actor=SYSTEM)
        activate_mapping(mended.pk, seen=None, actor=SYSTEM)

        tally = retry_quarantined([raw.pk], actor=SYSTEM)

        assert tally["placed"] == 1
        raw.refresh_from_db()
        assert (raw.state, raw.problem, raw.order) == ("applied", "", intake.order(tid))
        assert Event.objects.filter(kind="channel_account.messages_retried").count() == 1

    def test_a_message_that_is_still_bad_is_set_aside_again(self, intake, generate):
        [tid] = generate(1)
        intake.simulator.post("taobao/spoil", tid=tid, how="bad_time")
        intake.pull()
        [raw] = quarantined()

        tally = retry_quarantined([raw.pk], actor=SYSTEM)

        assert tally == {"quarantined": 1}
        assert problems() == {tid: Problem.WRONG_FORM}

    def test_an_old_message_that_is_mended_late_is_stale(self, intake, generate):
        [tid] = generate(1, paid_share=0)
        intake.simulator.post("taobao/spoil", tid=tid, how="bad_time")
        intake.pull()
        intake.simulator.post("taobao/spoil", tid=tid, how="none")
        intake.change(tid, status="WAIT_SELLER_SEND_GOODS")
        intake.pull()
        [raw] = quarantined()
        good = intake.raws(tid)[-1].body
        modified = intake.simulator.trade(tid)["trade"]["modified"]
        old = good.replace(modified, shop_time(hours=-1)).replace("SELLER_SEND_GOODS", "BUYER_PAY")
        RawMessage.objects.filter(pk=raw.pk).update(body=old)

        tally = retry_quarantined([raw.pk], actor=SYSTEM)

        assert tally == {"stale": 1}
        assert intake.order(tid).channel_status == "WAIT_SELLER_SEND_GOODS"

    def test_only_who_may_lets_messages_be_read_again(self, intake, generate):
        [tid] = generate(1)
        intake.simulator.post("taobao/spoil", tid=tid, how="bad_time")
        intake.pull()
        clerk = Actor(kind="person", label="小李", door="admin", id=1, permissions=frozenset())

        with pytest.raises(Forbidden):
            retry_quarantined([raw.pk for raw in quarantined()], actor=clerk)

        assert problems() == {tid: Problem.WRONG_FORM}


def _table_that_knows(status: str) -> dict:
    table = copy.deepcopy(MAPPING)
    for row in table["fields"]:
        if row["field"] == "stage":
            row["table"][status] = "paid"
    return table


class TestBatches:
    def test_an_order_the_database_refuses_is_found_by_halving(self, intake, generate, monkeypatch):
        """The mapping lets it through, the database does not: 20 orders, one of them bad."""
        tids = generate(20)
        real = processing.place_orders
        sizes: list[int] = []

        def place_orders(shop, drafts, *, actor):
            sizes.append(len(drafts))
            placed = real(shop, drafts, actor=actor)
            if any(draft.external_number == tids[7] for draft in drafts):
                OrderLine.objects.filter(order=placed[0].order).update(quantity=-1)
            return placed

        monkeypatch.setattr(processing, "place_orders", place_orders)
        intake.pull()

        assert problems() == {tids[7]: Problem.NOT_PLACED}
        [raw] = quarantined()
        assert raw.detail.startswith("IntegrityError")
        assert Order.objects.count() == 19
        assert not Reservation.objects.exclude(line__in=OrderLine.objects.values("pk")).exists()
        assert len(sizes) < 12
        assert broken_laws() == {}

    def test_an_update_that_fails_is_set_aside_alone(self, intake, generate, monkeypatch):
        tids = generate(3, paid_share=1)
        intake.pull()
        for tid in tids:
            intake.change(tid, buyer_message="快")
        real = processing.take_channel_update

        def take(order_id, update, *, actor):
            if update.draft.external_number == tids[1]:
                raise ValueError("no such luck")
            return real(order_id, update, actor=actor)

        monkeypatch.setattr(processing, "take_channel_update", take)
        intake.pull()

        assert problems() == {tids[1]: Problem.NOT_UPDATED}
        messages = [intake.order(tid).buyer_message for tid in tids]
        assert messages[0] == messages[2] == "快"
