"""The reconciliation workbook ties to the cent: details, summary and books, in random worlds."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from ordercenter.core import moments
from ordercenter.core.errors import Forbidden
from orders.finance import tasks, workbook
from orders.finance.errors import DoesNotTie
from orders.finance.figures import business_day
from orders.finance.ledger import Span
from orders.finance.models import DailySheet
from orders.finance.sheets import make_sheet
from orders.finance.workbook import write_sheet
from orders.models import Order, OrderKind, PaymentMethod, Shop
from rma.models import Refund, RefundState
from tests.factories import ShopFactory
from tests.finance.daily import day_figures
from tests.finance.world import make_order, pay_back, person, shanghai

pytestmark = pytest.mark.django_db

FIRST = date(2026, 11, 19)
LAST = date(2026, 11, 21)
ZERO = Decimal("0.00")


class Read:
    """The workbook as another program reads it."""

    def __init__(self, span: Span) -> None:
        file = BytesIO()
        self.figures = write_sheet(file, span)
        self.book = openpyxl.load_workbook(BytesIO(file.getvalue()))
        self.summary, *details = self.book.worksheets
        self.orders, self.payments, self.refunds, self.settlements, self.differences = details

    def summed(self, *columns: int) -> dict[tuple[str, str], list[Decimal]]:
        return self.sums(self.summary, *columns)

    @staticmethod
    def sums(sheet: Any, *columns: int) -> dict[tuple[str, str], list[Decimal]]:
        """The sums of columns by day and shop over the rows above the totals."""
        found: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO] * len(columns))
        for row in sheet.iter_rows(min_row=2, values_only=True):
            if row[1] is None or not str(row[0]).startswith("20"):
                continue
            for place, column in enumerate(columns):
                found[row[0], row[2]][place] += Decimal(str(row[column]))
        return {key: sums for key, sums in found.items() if any(sums)}


cents = st.integers(1, 999_999).map(lambda n: Decimal(n) / 100)
hours = st.integers(0, 24 * 5 - 1)
stories = st.lists(
    st.fixed_dictionaries(
        {
            "total": cents,
            "freight": st.integers(0, 99).map(lambda n: Decimal(n) / 100),
            "shop": st.integers(0, 1),
            "placed": hours,
            "waits": st.one_of(st.none(), hours),
            "is_gift": st.booleans(),
            "method": st.sampled_from([PaymentMethod.BANK, None]),
            "back": st.lists(st.tuples(st.integers(1, 100), hours), max_size=2),
        }
    ),
    max_size=6,
)
BEGINS = shanghai("2026-11-18 00:30")


def tell(story: Mapping[str, Any], shop: Shop, main: Order) -> None:
    placed = BEGINS + timedelta(hours=story["placed"])
    paid = None if story["waits"] is None else placed + timedelta(hours=story["waits"])
    kind = {"kind": OrderKind.GIFT, "main_order_id": main.pk} if story["is_gift"] else {}
    order = make_order(
        story["total"] + story["freight"],
        placed=placed,
        paid=paid,
        shop=shop,
        method=story["method"],
        freight=story["freight"],
        **kind,
    )
    if paid is None:
        return
    for share, later in story["back"]:
        left = order.paid_amount - order.refunded_amount
        amount = (left * share / 100).quantize(Decimal("0.01"))
        if amount > 0:
            pay_back(order, amount, at=paid + timedelta(hours=later))
            order.refresh_from_db()


class Laws(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(stories, st.booleans())
    def test_details_summary_and_books_agree(self, told: list[Any], with_gifts: bool) -> None:
        shops = ShopFactory(name="甲"), ShopFactory(name="乙")
        main = make_order("1.00", placed=shanghai("2026-01-01 00:00"), shop=shops[0])
        for story in told:
            tell(story, shops[story["shop"]], main)

        read = Read(Span(FIRST, LAST, with_gifts))

        assert read.summed(3, 4, 5, 6, 7) == _books_of_orders(with_gifts)
        counted = {key: sums[1:] for key, sums in read.summed(3, 4, 5, 6, 7).items()}
        assert counted == read.sums(read.orders, 8, 9, 10, 11)
        assert read.summed(8) == read.sums(read.payments, 7) == _books_of_payments(with_gifts)
        assert read.summed(9) == read.sums(read.refunds, 9) == _books_of_refunds(with_gifts)
        assert all(net == paid - back for paid, back, net in read.summed(8, 9, 10).values())


def _in(orders: Any, with_gifts: bool) -> Any:
    return orders if with_gifts else orders.exclude(kind=OrderKind.GIFT)


def _books_of_orders(with_gifts: bool) -> dict[tuple[str, str], list[Decimal]]:
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO] * 5)
    for order in _in(Order.objects.filter(paid_at__isnull=False), with_gifts):
        day = business_day(order.placed_at)
        if FIRST <= day <= LAST:
            mine = found[str(day), order.shop.name]
            amounts = (order.goods_amount, order.discount, order.freight, order.total)
            for place, amount in enumerate((1, *amounts)):
                mine[place] += amount
    return dict(found)


def _books_of_payments(with_gifts: bool) -> dict[tuple[str, str], list[Decimal]]:
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO])
    for order in _in(Order.objects.filter(paid_at__isnull=False), with_gifts):
        day = business_day(order.paid_at)
        if FIRST <= day <= LAST:
            found[str(day), order.shop.name][0] += order.paid_amount
    return {key: sums for key, sums in found.items() if any(sums)}


def _books_of_refunds(with_gifts: bool) -> dict[tuple[str, str], list[Decimal]]:
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO])
    refunds = Refund.objects.filter(state=RefundState.SUCCEEDED)
    for refund in refunds if with_gifts else refunds.exclude(order__kind=OrderKind.GIFT):
        day = business_day(refund.done_at)
        if FIRST <= day <= LAST:
            found[str(day), refund.order.shop.name][0] += refund.amount
    return dict(found)


NOON = shanghai("2026-11-20 12:00")


def test_the_sheet_and_the_figures_for_others_are_the_same():
    shop = ShopFactory()
    order = make_order("12.34", placed=NOON, paid=NOON, shop=shop)
    make_order("0.66", placed=NOON, paid=NOON, shop=shop)
    pay_back(order, "2.34", at=NOON)
    day = NOON.date()

    (mine,) = day_figures(day)

    figures = Read(Span(day, day)).figures
    assert figures["orders"] == f"{mine.orders}"
    assert figures["total"] == f"{mine.total}" == "13.00"
    assert figures["refunds"] == f"{mine.refunds}" == "2.34"
    assert figures["net"] == "10.66"


def test_the_totals_below_each_sheet_are_those_of_the_summary():
    order = make_order("12.34", placed=NOON, paid=NOON)
    pay_back(order, "2.34", at=NOON)
    read = Read(Span(NOON.date(), NOON.date()))

    totals = [row for row in read.summary.iter_rows(values_only=True) if row[0] == "合计"]
    assert [float(value) for value in totals[0][3:]] == [
        1, 12.34, 0, 0, 12.34, 12.34, 2.34, 10, 0,
    ]  # fmt: skip
    assert read.refunds.cell(3, 10).value == 2.34
    assert read.summary.auto_filter.ref == "A1:L2"


def test_the_summary_says_what_belongs_to_a_day_and_what_was_left_out():
    main = make_order("80.00", placed=NOON, paid=NOON)
    make_order("5.00", placed=NOON, paid=NOON, kind=OrderKind.GIFT, main_order_id=main.pk)

    def remarks(with_gifts: bool) -> str:
        sheet = Read(Span(NOON.date(), NOON.date(), with_gifts)).summary
        return "\n".join(str(row[0]) for row in sheet.iter_rows(values_only=True))

    assert "赠品单未计入：1 单" in remarks(False) and "5.00" in remarks(False)
    assert "赠品单已计入：1 单" in remarks(True)
    assert "退款按到账日" in remarks(False)


def test_texts_stay_texts():
    make_order("1.00", placed=NOON, paid=NOON, external_number="=1+1")
    sheet = Read(Span(NOON.date(), NOON.date())).orders

    assert (sheet.cell(2, 5).value, sheet.cell(2, 5).data_type) == ("=1+1", "s")


def test_money_that_no_payment_explains_still_stands_in_the_rows():
    order = make_order("10.00", placed=NOON, paid=NOON)
    Order.objects.filter(pk=order.pk).update(paid_amount=Decimal("12.00"))

    read = Read(Span(NOON.date(), NOON.date()))

    assert [row[7] for row in read.payments.iter_rows(min_row=2, max_row=3, values_only=True)] == [
        2,
        10,
    ]


def test_what_does_not_tie_is_not_handed_out(monkeypatch: pytest.MonkeyPatch):
    make_order("10.00", placed=NOON, paid=NOON)
    real = workbook.totals

    def wrong(kind: str, span: Span) -> Any:
        return {
            key: (*sums[:-1], sums[-1] + Decimal("0.01")) for key, sums in real(kind, span).items()
        }

    monkeypatch.setattr(workbook, "totals", wrong)

    with pytest.raises(DoesNotTie):
        write_sheet(BytesIO(), Span(NOON.date(), NOON.date()))


def test_a_payment_on_another_day_than_its_order_says_does_not_tie():
    order = make_order("10.00", placed=NOON, paid=NOON)
    order.payments.update(at=NOON - timedelta(days=1))

    with pytest.raises(DoesNotTie):
        write_sheet(BytesIO(), Span(NOON.date(), NOON.date()))


def test_the_clock_makes_each_day_once_and_catches_up():
    make_order("10.00", placed=NOON, paid=NOON)
    with moments.pretend(shanghai("2026-11-21 00:40")):
        assert tasks.make_daily_sheets() == 7
        assert tasks.make_daily_sheets() == 0

    kept = DailySheet.objects.get(first_day=NOON.date())
    assert (kept.operator, kept.is_by_clock) == ("timer:daily sheets", True)
    assert kept.figures["paid"] == "10.00"
    with kept.file.open() as file:
        assert openpyxl.load_workbook(file).worksheets[0].cell(2, 9).value == 10


def test_a_day_that_does_not_tie_keeps_no_other_from_its_sheet():
    order = make_order("10.00", placed=NOON, paid=NOON)
    order.payments.update(at=NOON + timedelta(days=3))

    with moments.pretend(shanghai("2026-11-22 00:40")), pytest.raises(DoesNotTie):
        tasks.make_daily_sheets()

    assert DailySheet.objects.count() == 6
    assert not DailySheet.objects.filter(first_day=NOON.date()).exists()


def test_who_may_not_make_sheets_is_refused():
    with pytest.raises(Forbidden):
        make_sheet(FIRST, LAST, actor=person())

    assert not DailySheet.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_sheet_shows_one_moment(monkeypatch: pytest.MonkeyPatch):
    """An order that comes in between details and sums is in neither."""
    make_order("10.00", placed=NOON, paid=NOON)
    real, came = workbook.totals, []

    def late(kind: str, span: Span) -> Any:
        if not came:
            came.append(_in_another_connection())
        return real(kind, span)

    monkeypatch.setattr(workbook, "totals", late)

    assert write_sheet(BytesIO(), Span(NOON.date(), NOON.date()))["paid"] == "10.00"
    assert Order.objects.aggregate(paid=Sum("paid_amount"))["paid"] == Decimal("15.00")


def _in_another_connection() -> bool:
    def come() -> None:
        try:
            make_order("5.00", placed=NOON, paid=NOON)
        finally:
            connection.close()

    thread = threading.Thread(target=come)
    thread.start()
    thread.join()
    return True
