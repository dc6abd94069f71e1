"""The reconciliation workbook: a summary and the rows behind it, which tie to the cent.

While the details are written their amounts are added up, and at the end they must be the sums
that the books give by themselves (`ledger.totals`). Where they are not, `DoesNotTie` is raised
and nobody gets a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _

from ordercenter.core.moments import SHANGHAI
from ordercenter.core.workbooks.writing import Field, SheetWriter, Style, WorkbookWriter
from orders.finance.errors import DoesNotTie
from orders.finance.figures import ZERO
from orders.finance.ledger import Key, Span, gifts_left_out, one_moment, rows, totals
from orders.finance.models import Cause, DifferenceState, LineKind, LineOutcome
from orders.models import CHANNEL_NAMES, OrderKind, OrderState, PaymentMethod, channel_name

# A worksheet has 1,048,576 rows; beyond this nobody reads one.
MOST_ROWS = 1_000_000

Cells = list[str]
Sums = dict[Key, list[Decimal]]


@dataclass(frozen=True, slots=True)
class Detail:
    """One sheet of details: which columns of its rows are amounts, and how a row is shown."""

    kind: str
    title: str
    fields: Sequence[Field]
    shows: Callable[[Sequence[Any]], Cells]
    amounts: Sequence[int] = ()
    counts_rows: bool = False


def write_sheet(sink: IO[bytes], span: Span) -> dict[str, str]:
    """Write the workbook of these days; its grand totals as texts, by name.

    Raises `DoesNotTie` when details, summary and books are not the same to the cent.
    """
    with one_moment():
        book = WorkbookWriter(sink)
        summary = book.first_sheet(_("Summary"), _summary_fields(), frozen=3)
        found: dict[str, Sums] = {}
        for detail in _details():
            sheet = book.sheet_beside(detail.title, detail.fields)
            sums = _write_detail(sheet, detail, span)
            if detail.amounts:
                found[detail.kind] = sums
                _require_tie(detail, sums, totals(detail.kind, span))
        figures = _write_summary(summary, span, found)
        book.close()
        return figures


def _write_detail(sheet: SheetWriter, detail: Detail, span: Span) -> Sums:
    sums: Sums = defaultdict(lambda: [ZERO] * (len(detail.amounts) + detail.counts_rows))
    grand = [ZERO] * len(detail.amounts)
    channels = {code: channel_name(code) for code in CHANNEL_NAMES}
    for count, row in enumerate(rows(detail.kind, span), start=1):
        if count > MOST_ROWS:
            raise DoesNotTie(_("More rows than a worksheet can hold. Choose fewer days."))
        mine = sums[row[0], row[1], row[2]]
        if detail.counts_rows:
            mine[0] += 1
        for place, column in enumerate(detail.amounts):
            mine[place + detail.counts_rows] += row[column]
            grand[place] += row[column]
        sheet.add([f"{row[0]}", channels.get(row[1], row[1]), row[2], *detail.shows(row)])
    sheet.end_table()
    if detail.amounts:
        sheet.add_sums(_sum_row(detail, grand))
    return sums


def _sum_row(detail: Detail, grand: Sequence[Decimal]) -> list[tuple[str, bool]]:
    cells = [(_("Total"), False), *[("", False)] * (len(detail.fields) - 1)]
    for column, total in zip(detail.amounts, grand, strict=True):
        cells[column] = (f"{total}", True)
    return cells


def _require_tie(detail: Detail, sums: Sums, books: Mapping[Key, Sequence[Decimal]]) -> None:
    for key in {*sums, *books}:
        ours, theirs = list(sums.get(key, ())), [Decimal(value) for value in books.get(key, ())]
        if any(ours) != any(theirs) or (any(ours) and ours != theirs):
            raise DoesNotTie(
                _("%(sheet)s of %(day)s, %(shop)s: the rows come to %(rows)s, the books to "
                  "%(books)s. No sheet is handed out; tell an administrator.")
                % {
                    "sheet": detail.title,
                    "day": key[0],
                    "shop": key[2],
                    "rows": "/".join(str(value) for value in ours) or "0",
                    "books": "/".join(str(value) for value in theirs) or "0",
                }
            )  # fmt: skip


# -- the summary -----------------------------------------------------------------------------


def _write_summary(sheet: SheetWriter, span: Span, found: Mapping[str, Sums]) -> dict[str, str]:
    grand = [ZERO] * 9
    nothing = {"orders": [ZERO] * 5, "payments": [ZERO], "refunds": [ZERO], "settlements": [ZERO]}
    for key in sorted({key for sums in found.values() for key in sums}):
        orders, payments, refunds, settled = (
            found[kind].get(key, zeros) for kind, zeros in nothing.items()
        )
        amounts = [*orders, *payments, *refunds, payments[0] - refunds[0], *settled]
        for place, amount in enumerate(amounts):
            grand[place] += amount
        sheet.add([f"{key[0]}", channel_name(key[1]), key[2], *(f"{amount}" for amount in amounts)])
    sheet.end_table()
    sheet.add_sums(
        [
            (_("Total"), False),
            ("", False),
            ("", False),
            (f"{grand[0]:.0f}", False),
            *((f"{sum_}", True) for sum_ in grand[1:]),
        ]
    )
    for remark in ("", *_remarks(span)):
        sheet.add_styled([(remark, Style.REMARK)])
    told = (f"{grand[0]:.0f}", *(f"{sum_}" for sum_ in grand[1:]))
    return dict(zip(FIGURES, told, strict=True))


FIGURES = (
    "orders", "goods", "discount", "freight", "total", "paid", "refunds", "net", "settled",
)  # fmt: skip


def _remarks(span: Span) -> list[str]:
    count, total = gifts_left_out(span)
    if span.with_gifts:
        gifts = _("Gift orders are shown: %(count)d orders, %(total)s CNY to pay in all.")
    else:
        gifts = _("Gift orders are left out: %(count)d orders, %(total)s CNY to pay in all.")
    return [
        _("Days: %(first)s to %(last)s, from midnight to midnight in Shanghai. Amounts in CNY.")
        % {"first": span.first, "last": span.last},
        _("An order belongs to the day on which it was placed, and counts once it is paid."),
        _("A payment belongs to the day on which the buyer paid."),
        _("A refund belongs to the day on which the money arrived at the buyer."),
        _("A settlement line belongs to the day that the channel gives; lines that came before "
          "in another file count once."),
        _("To pay = goods − discount + freight as the channel says. Net = paid − paid back."),
        gifts % {"count": count, "total": total},
        _("Details, summary and books were compared when this file was made: they agree."),
    ]  # fmt: skip


# -- columns ---------------------------------------------------------------------------------


def _text(title: str, width: float = 16) -> Field:
    return Field(title, width, Style.PLAIN)


def _money(title: str) -> Field:
    return Field(title, 13, Style.AMOUNT, is_number=True)


def _place() -> list[Field]:
    return [_text(_("Day"), 12), _text(_("Channel"), 12), _text(_("Shop"), 20)]


def _summary_fields() -> list[Field]:
    return [
        *_place(),
        Field(_("Orders"), 9, Style.COUNT, is_number=True),
        _money(_("Goods amount")),
        _money(_("Discount")),
        _money(_("Freight")),
        _money(_("To pay")),
        _money(_("Paid amount")),
        _money(_("Paid back")),
        _money(_("Net")),
        _money(_("Settled by the channel")),
    ]


def _details() -> list[Detail]:
    number, external = _text(_("Order number"), 19), _text(_("Channel's number"), 22)
    return [
        Detail(
            "orders",
            _("Orders"),
            [*_place(), number, external, _text(_("Kind"), 9), _text(_("Main order"), 19),
             _text(_("State"), 11), _money(_("Goods amount")), _money(_("Discount")),
             _money(_("Freight")), _money(_("To pay")), _money(_("Paid amount")),
             _text(_("Placed at"), 18), _text(_("Paid at"), 18)],
            _order_cells,
            amounts=(8, 9, 10, 11),
            counts_rows=True,
        ),
        Detail(
            "payments",
            _("Payments"),
            [*_place(), number, external, _text(_("Paid by")), _text(_("Transaction"), 32),
             _money(_("Amount")), _text(_("Paid at"), 18)],
            _payment_cells,
            amounts=(7,),
        ),
        Detail(
            "refunds",
            _("Refunds"),
            [*_place(), number, external, _text(_("Refund number"), 20), _text(_("Paid back by")),
             _text(_("Their number"), 32), _text(_("Reason"), 24), _money(_("Amount")),
             _text(_("Paid back at"), 18)],
            _refund_cells,
            amounts=(9,),
        ),
        Detail(
            "settlements",
            _("Settlement lines"),
            [*_place(), _text(_("File"), 24), _text(_("Row"), 7),
             _text(_("Number in the file"), 24), _text(_("Transaction"), 32),
             _text(_("Kind"), 14), _text(_("Outcome"), 18), number,
             _money(_("Amount")), _money(_("Fee kept back")), _text(_("When"), 18)],
            _settlement_cells,
            amounts=(10,),
        ),
        Detail(
            "differences",
            _("Differences"),
            [*_place(), _text(_("File"), 24), _text(_("Number"), 22), _text(_("Cause"), 20),
             _text(_("State"), 10), _money(_("Ours")), _money(_("Theirs")), _money(_("Gap")),
             _text(_("Accepted by"), 12), _text(_("Accepted at"), 18), _text(_("Reason"), 40)],
            _difference_cells,
        ),
    ]  # fmt: skip


def _order_cells(row: Sequence[Any]) -> Cells:
    number, external, kind, main, state = row[3:8]
    return [
        number,
        external,
        _word(OrderKind, kind),
        main,
        _word(OrderState, state),
        *(f"{amount}" for amount in row[8:13]),
        _moment(row[13]),
        _moment(row[14]),
    ]


def _payment_cells(row: Sequence[Any]) -> Cells:
    method = _word(PaymentMethod, row[5]) if row[5] else _("not noted")
    return [row[3], row[4], method, row[6], f"{row[7]}", _moment(row[8])]


def _refund_cells(row: Sequence[Any]) -> Cells:
    method = _word(PaymentMethod, row[6])
    return [*row[3:6], method, row[7], row[8], f"{row[9]}", _moment(row[10])]


def _settlement_cells(row: Sequence[Any]) -> Cells:
    return [
        row[3],
        f"{row[4]}",
        row[5],
        row[6],
        _word(LineKind, row[7]),
        _word(LineOutcome, row[8]),
        row[9],
        f"{row[10]}",
        f"{row[11]}",
        _moment(row[12]),
    ]


def _difference_cells(row: Sequence[Any]) -> Cells:
    cause, state = _word(Cause, row[5]), _word(DifferenceState, row[6])
    amounts = (f"{amount}" for amount in row[7:10])
    return [row[3], row[4], cause, state, *amounts, row[10], _moment(row[11]), row[12]]


def _word(choices: Any, code: str) -> str:
    return str(dict(choices.choices).get(code, code))


def _moment(at: datetime | date | None) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if isinstance(at, datetime) else ""
