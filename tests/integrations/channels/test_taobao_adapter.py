"""The Taobao client over real sockets: paging, repeats, verdicts."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from integrations.channels.base import (
    Answer,
    Care,
    ChannelTrouble,
    Listed,
    Parcel,
    TooManyRows,
    UnreadableAnswer,
)
from integrations.channels.taobao import adapter as taobao
from integrations.channels.taobao.adapter import DETAIL_API, LIST_API, SHIP_API, TaobaoAdapter
from integrations.models import Problem
from ordercenter.core import moments
from ordercenter.core.errors import BadInput
from tests.integrations.channels.conftest import CREDENTIALS, OPTIONS, shop_time, window


def numbers_in(adapter: TaobaoAdapter, **back: float) -> list[str]:
    pages = adapter.changes(window(**(back or {"minutes": 70})))
    return [item.number for page in pages for item in page.listed]


def listed(number: str) -> Listed:
    return Listed(number, moments.now())


@contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[str]:
    """A server that gives every call the same answer: somebody who is not the platform."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("sign_method", ["md5", "hmac", "hmac-sha256"])
def test_the_platform_accepts_each_signature(simulator, generate, sign_method):
    [tid] = generate(1)
    made = TaobaoAdapter(
        simulator.base_url, CREDENTIALS["demo1"], OPTIONS | {"sign_method": sign_method}
    )

    assert made.fetch(listed(tid)).problem == ""
    assert simulator.counters()["bad_signatures"] == {}


def test_details_come_with_the_masked_receiver_and_its_token(adapter, generate):
    [tid] = generate(1)

    message = adapter.fetch(listed(tid))

    trade = json.loads(message.body)["trade_fullinfo_get_response"]["trade"]
    assert trade["oaid"]
    assert "*" in trade["receiver_name"]
    assert message.number == tid


def test_two_answers_that_differ_in_their_request_number_have_one_mark(adapter, generate):
    [tid] = generate(1)

    one, two = adapter.fetch(listed(tid)), adapter.fetch(listed(tid))

    assert one.body != two.body
    assert one.sha256 == two.sha256


class TestPaging:
    def test_every_order_of_the_window_is_listed(self, adapter, generate):
        tids = generate(230)

        assert sorted(set(numbers_in(adapter))) == tids

    def test_a_short_window_costs_one_call(self, adapter, generate, simulator):
        generate(50)

        numbers_in(adapter)

        assert simulator.counters()["calls"]["taobao"] == {LIST_API: 1}

    def test_an_empty_window_is_empty(self, adapter):
        assert numbers_in(adapter) == []

    def test_no_order_is_lost_while_orders_move_to_the_first_page(
        self, adapter, generate, simulator
    ):
        """Each page is followed by changes that take rows out of it: the classic loss."""
        tids = generate(230)
        simulator.fault("taobao", "row_moved", method=LIST_API, count=4)

        found = set(numbers_in(adapter))

        moved = {tid for tid in tids if simulator.trade(tid)["trade"]["modified"] > _a_minute_ago()}
        assert moved
        assert set(tids) - moved <= found

    def test_reading_forwards_would_have_lost_some(self, adapter, generate, simulator, monkeypatch):
        """The guard taken out: the same story loses orders, so the test above can fail."""
        tids = generate(230)
        simulator.fault("taobao", "row_moved", method=LIST_API, count=4)
        found: set[str] = set()
        for page_no in range(1, 6):
            page, _ = adapter._page(window(minutes=70), page_no)
            found |= {item.number for item in page.listed}

        moved = {tid for tid in tids if simulator.trade(tid)["trade"]["modified"] > _a_minute_ago()}
        assert set(tids) - moved - found

    def test_rows_that_come_into_the_window_meanwhile_are_read_too(
        self, adapter, generate, simulator
    ):
        tids = generate(120)
        pages = adapter.changes(window(minutes=70))
        first = next(pages)
        late = generate(
            5, seed=2, modified_from=shop_time(minutes=-5), modified_to=shop_time(minutes=-4)
        )

        found = {item.number for page in [first, *pages] for item in page.listed}

        assert found == {*tids, *late}

    def test_a_window_with_too_many_rows_is_to_be_halved(self, adapter, generate, monkeypatch):
        generate(230)
        monkeypatch.setattr(taobao, "_MOST_PAGES", 3)

        with pytest.raises(TooManyRows):
            next(adapter.changes(window(minutes=70)))

    def test_a_row_without_a_number_is_kept_apart(self, adapter, generate, simulator):
        tids = generate(3)
        simulator.post("taobao/spoil", tid=tids[1], how="missing_tid", where="list")

        [page] = adapter.changes(window(minutes=70))

        assert {item.number for item in page.listed} == {tids[0], tids[2]}
        [stray] = page.strays
        assert stray.problem == Problem.FIELD_MISSING
        assert "modified" in stray.body


def _a_minute_ago() -> str:
    return shop_time(minutes=-1)


class TestRepeats:
    @pytest.mark.parametrize("kind", ["http_502", "truncated", "cut", "isp", "try_later"])
    def test_a_passing_failure_is_repeated(self, adapter, generate, simulator, kind):
        [tid] = generate(1)
        simulator.fault("taobao", kind, method=DETAIL_API, count=2)

        assert adapter.fetch(listed(tid)).problem == ""

    def test_a_short_ban_is_waited_out(self, adapter, generate, simulator):
        [tid] = generate(1)
        simulator.fault("taobao", "limited", method=DETAIL_API, count=1, seconds=1)

        assert adapter.fetch(listed(tid)).problem == ""

    def test_a_long_ban_ends_the_run_and_says_how_long(self, adapter, generate, simulator):
        [tid] = generate(1)
        simulator.fault("taobao", "daily_quota", method=DETAIL_API, count=1)

        with pytest.raises(ChannelTrouble) as caught:
            adapter.fetch(listed(tid))

        assert caught.value.verdict.care is Care.WAIT
        assert caught.value.verdict.wait == 31062.0

    def test_an_invalid_session_is_not_tried_again(self, adapter, generate, simulator):
        [tid] = generate(1)
        simulator.post("taobao/session", shop="demo1", works=False)

        with pytest.raises(ChannelTrouble) as caught:
            adapter.fetch(listed(tid))

        assert caught.value.verdict.answer is Answer.AUTH
        assert sum(simulator.counters()["refusals"]["taobao"].values()) == 1

    def test_a_time_out_of_a_read_is_repeated(self, simulator, generate):
        [tid] = generate(1)
        made = TaobaoAdapter(simulator.base_url, CREDENTIALS["demo1"], OPTIONS | {"timeout": 0.3})
        simulator.fault("taobao", "timeout", method=DETAIL_API, count=1, seconds=2)

        assert made.fetch(listed(tid)).problem == ""

    def test_a_trade_that_is_gone_is_no_reason_to_stop(self, adapter):
        message = adapter.fetch(listed("4299999999999999999"))

        assert message.problem == Problem.NOT_FETCHED
        assert "isv.trade-not-exist" in message.detail


class TestForgedAnswers:
    @pytest.mark.parametrize(
        "body",
        [
            b"<html>log in to this network</html>",
            b"{}",
            b"[]",
            b"null",
            b'{"trades_sold_increment_get_response": []}',
            b'{"some_other_response": {"trades": {"trade": []}, "total_results": 0}}',
            b'{"trades_sold_increment_get_response": {"total_results": "many"}}',
            b'{"trades_sold_increment_get_response": {"total_results": 1, "trades": 7}}',
            b'{"trades_sold_increment_get_response": {"total_results": NaN}}',
            b'{"trades_sold_increment_get_response": {"total_results": ' + b"9" * 5000 + b"}}",
            b"[" * 200_000,
            b"\xff\xfe\x00",
        ],
        ids=lambda body: body[:40].decode("latin-1"),
    )
    def test_what_is_no_list_is_never_read_as_an_empty_one(self, body):
        with answering(body) as url:
            made = TaobaoAdapter(url, CREDENTIALS["demo1"], OPTIONS)
            with pytest.raises(UnreadableAnswer):
                list(made.changes(window(minutes=5)))

    def test_a_refusal_before_the_platform_is_no_answer_of_it(self):
        with answering(b"forbidden", status=403) as url:
            made = TaobaoAdapter(url, CREDENTIALS["demo1"], OPTIONS)
            with pytest.raises(ChannelTrouble) as caught:
                list(made.changes(window(minutes=5)))

        assert caught.value.verdict.care is Care.STOP

    def test_nobody_there_is_something_to_try_again(self):
        made = TaobaoAdapter("http://127.0.0.1:9", CREDENTIALS["demo1"], OPTIONS)

        verdict = made.ship(Parcel("1", "SF1", "SF"))

        assert (verdict.answer, verdict.care) == (Answer.RETRY_LATER, Care.RETRY)


class TestShip:
    def test_a_whole_trade_is_told_once(self, adapter, generate, simulator):
        [tid] = generate(1, paid_share=1)

        verdict = adapter.ship(Parcel(tid, "SF1000000001", "SF"))

        assert verdict.answer is Answer.OK
        [told] = simulator.shipments()
        assert (told["tid"], told["out_sid"], told["is_split"]) == (tid, "SF1000000001", False)
        assert set(adapter.waybills(tid).values()) == {"SF1000000001"}

    def test_an_answer_that_never_came_leaves_the_outcome_unknown(self, simulator, generate):
        [tid] = generate(1, paid_share=1)
        made = TaobaoAdapter(simulator.base_url, CREDENTIALS["demo1"], OPTIONS | {"timeout": 0.3})
        simulator.fault("taobao", "timeout_after_write", method=SHIP_API, count=1, seconds=2)

        verdict = made.ship(Parcel(tid, "SF1000000002", "SF"))

        assert verdict.answer is Answer.UNKNOWN_OUTCOME
        assert len(simulator.shipments()) == 1

    def test_a_bad_waybill_is_for_a_person(self, adapter, generate):
        [tid] = generate(1, paid_share=1)

        verdict = adapter.ship(Parcel(tid, "!", "SF"))

        assert (verdict.answer, verdict.care) == (Answer.REFUSED, Care.PERSON)
        assert verdict.code.endswith(":B60")


def test_a_missing_credential_is_named(simulator):
    with pytest.raises(BadInput) as caught:
        TaobaoAdapter(simulator.base_url, {"app_key": "1"}, {})

    assert caught.value.details["fields"] == {"credentials": ["app_secret"]}
