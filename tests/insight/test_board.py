"""The numbers on the first page: right, each with its rows behind it, for whom they concern."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from ordercenter.console.numbers import Board, chart, numbers, panels
from ordercenter.core import clocks, moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.models import Timer
from orders.actions import claim_work_order, hold_order
from orders.insight import keeping
from orders.insight.behind import find_counted
from orders.insight.reading import SPANS
from orders.models import Order, Shop
from tests.factories import OrderFactory
from tests.insight import world

INDEX = reverse("admin:index")


@pytest.fixture
def told(db):
    """The known world, its clocks swept, read by everybody and counted."""
    with moments.pretend(world.TODAY):
        orders = world.tell_story()
        clocks.sweep()
        world.tell_everybody()
        keeping.rebuild()
        yield orders


def numbers_for(client, span="30"):
    answer = client.get(INDEX, {"span": span})
    assert answer.status_code == 200
    return answer.context["numbers"]


def tile(shown, title):
    return next(one for one in shown["tiles"] if one.title == title)


def parts(number):
    return {part.title: part.value for part in number.parts}


def test_thirty_days_say_what_the_known_world_did(told, signed_in):
    shown = numbers_for(signed_in("director"))
    says = {number.title: number.value for number in shown["tiles"]}

    assert says["准时出库率"] == "66.7%"
    assert says["下单到出库"] == "1 天 8 小时"
    assert says["下单数"] == "5"
    assert says["已签收"] == "2"
    assert says["已结束"] == "2"
    assert says["自助服务占比"] == "50.0%"
    assert says["体感延误"] == "20 分钟"
    assert says["退货申请"] == "1"
    assert says["工单关闭时长"] == "30 分钟"
    assert parts(tile(shown, "准时出库率")) == {"准时": "2", "超时出库": "1", "无承诺时间": "0"}
    assert parts(tile(shown, "退货申请")) == {"占比": "33.3%", "发错或漏发": "1"}


def test_a_day_is_a_business_day_in_shanghai(db, signed_in):
    world.warehouse.make_house()
    midnight = world.TODAY.replace(hour=0)
    for moment in (midnight - timedelta(seconds=1), midnight):
        with moments.pretend(moment):
            world.returns.paid_order()
    with moments.pretend(world.TODAY):
        keeping.rebuild()
        client = signed_in("director")

        assert tile(numbers_for(client, "today"), "下单数").value == "1"
        assert tile(numbers_for(client, "yesterday"), "下单数").value == "1"
        assert tile(numbers_for(client, "30"), "下单数").value == "2"


def whole(text: str) -> int | None:
    """The number if it counts rows, None for shares, times and money."""
    return int(text.replace(",", "")) if re.fullmatch(r"[\d,]+", text) else None


def ways_in(shown) -> list[tuple[str, str, int]]:
    """Everything on the board that counts rows and can be opened."""
    found = []
    for number in shown["tiles"]:
        found += [(number.title, number.url, whole(number.value))]
        found += [(f"{number.title}/{p.title}", p.url, whole(p.value)) for p in number.parts]
    for panel in shown["panels"]:
        found += [(f"{panel.title}/{p.title}", p.url, whole(p.value)) for p in panel.parts]
        found += [(f"{panel.title}/{p.title}/more", p.more_url, whole(p.more)) for p in panel.parts]
    return [(name, url, count) for name, url, count in found if url and count is not None]


@pytest.mark.parametrize("span", SPANS)
def test_every_number_opens_as_many_rows_as_it_says(told, signed_in, somebody, span):
    client = signed_in("root")
    with moments.pretend(world.at(0, 1)):
        order = told["waiting"]
        work = hold_order(order.pk, reason="第二次", actor=SYSTEM, owner_role="supervisor")
        boss = somebody("supervisor")
        claim_work_order(work.pk, seen=None, actor=Actor.person(boss, via="admin"))
        Timer.objects.filter(stopped_at__isnull=True).update(due_at=world.at(0))
        keeping.rebuild()
    with moments.pretend(world.at(0, 2)):
        ways = ways_in(numbers_for(client, span))

        assert len(ways) > 30
        for name, url, count in ways:
            answer = client.get(url)
            assert answer.status_code == 200, name
            assert len(answer.context["cl"].result_list) == count, name


def test_each_bar_opens_the_orders_of_its_day(told, signed_in):
    client = signed_in("director")
    bars = [bar for bar in numbers_for(client)["bars"] if bar.pieces]

    assert len(bars) == 3
    for bar in bars:
        assert len(client.get(bar.url).context["cl"].result_list) == 1


def test_a_list_says_which_number_it_is_behind_and_how_to_leave_it(told, signed_in):
    client = signed_in("director")
    late = next(p for p in tile(numbers_for(client), "准时出库率").parts if p.title == "超时出库")

    page = client.get(late.url)

    assert [order.pk for order in page.context["cl"].result_list] == [told["late"].pk]
    assert "已出库 · 超时出库 · 2026-10-22 – 2026-11-20" in page.content.decode()
    assert "behind" not in page.context["cl"].all_rows_url


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "outbound~late~2026-10-22",
        "outbound~late~2026-13-01~2026-11-20~",
        "returned~~2026-10-22~2026-11-20~",
        "overdue~person~1",
        "overdue~rôle~cs",
        "outbound~'; DROP TABLE x; --~2026-10-22~2026-11-20~x'",
    ],
)
def test_what_nobody_knows_never_shows_all_orders(told, signed_in, text):
    answer = signed_in("director").get(
        reverse("admin:orders_order_changelist"), {"tab": "all", "behind": text}
    )

    if answer.status_code == 200:
        assert len(answer.context["cl"].result_list) == 0
    else:
        assert answer.status_code == 302 and "e=1" in answer.url


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("finance", True),
        ("supervisor", True),
        ("director", True),
        ("admin", True),
        ("cs", False),
        ("warehouse", False),
        ("sales", False),
        ("logistics", False),
    ],
)
def test_numbers_are_for_those_they_concern(told, signed_in, role, sees):
    client = signed_in(role)

    assert ("numbers" in client.get(INDEX).context) is sees
    assert client.get(reverse("insight:export")).status_code == (200 if sees else 403)


def test_nobody_is_sent_to_a_list_they_may_not_open(told, signed_in):
    client = signed_in("finance")

    ways = ways_in(numbers_for(client))
    assert len(ways) > 5
    for name, url, _count in ways:
        assert client.get(url).status_code == 200, name


def test_ten_orders_and_a_hundred_take_the_same_queries(db, signed_in):
    client = signed_in("director")
    taken = {}
    for rows in (10, 100):
        OrderFactory.create_batch(rows)
        keeping.rebuild()
        numbers_for(client)
        with CaptureQueriesContext(connection) as queries:
            numbers_for(client, "365")
        taken[rows] = len(queries)

    assert taken[10] == taken[100] <= 20


def test_the_board_takes_five_statements(told, rf, somebody):
    request = rf.get("/")
    request.user = somebody("root")

    with CaptureQueriesContext(connection) as queries:
        board = Board(request, "365")
        chart(board)
        list(numbers(board))
        list(panels(board))

    assert len(queries) == 5


def test_the_workbook_says_the_same_and_computes_nothing(told, signed_in):
    Shop.objects.update(name="=1+1")
    answer = signed_in("finance").get(reverse("insight:export"), {"span": "30"})
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    sums, days = book.worksheets

    rows = {(row[0], row[1]): row[3:] for row in sums.iter_rows(min_row=2, values_only=True)}
    assert rows["已出库", "超时出库"] == (1, 30, 4320)
    assert sum(row[4] for row in days.iter_rows(min_row=2, values_only=True)) == sum(
        row[0] for row in rows.values()
    )
    assert {cell.data_type for cell in days["B"][1:]} == {"s"}


def test_a_page_without_history_says_nothing_instead_of_zero_percent(db, signed_in):
    shown = numbers_for(signed_in("director"))

    assert tile(shown, "准时出库率").value == "–"
    assert shown["kept_at"] is None


LATIN = re.compile(r">\s*([A-Z][a-z]+[^<]*)<")


@pytest.mark.parametrize("span", ["30", "365"])
def test_the_board_is_chinese(told, signed_in, span):
    page = signed_in("director").get(INDEX, {"span": span}).content.decode()
    board = page[page.index('class="oc-numbers"') : page.rindex("oc-bars")]

    assert LATIN.findall(board) == []
    assert escape("准时出库率") in board


def test_few_rows_among_many_are_found_by_the_index_of_their_label(db):
    behind = find_counted(Order, "outbound~no_promise~2025-11-20~2026-11-20~")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on")
        sql, values = behind.rows(Order.objects.all()).order_by().query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "order_outbound_label" in plan
