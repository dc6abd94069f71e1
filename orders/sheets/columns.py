"""The order workbook: what stands in which column, and which cells a person may change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ordercenter.core.workbooks.writing import Field, Style
from orders.models import OrderState, Urgency
from orders.plain import plain_sql

LISTS_SHEET = "_lists"
BASE_SHEET = "_base"
# More rows than this are neither exported nor taken: no person works through them.
MOST_ROWS = 199_990


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `sql` is the exported value of order `o` of shop `s`, as text.

    A `merged` column is compared with its base and written back; an `entry` is only read.
    """

    key: str
    title: str | Promise
    width: float
    sql: str = ""
    merged: bool = False
    entry: bool = False
    is_long: bool = False
    is_number: bool = False
    is_hidden: bool = False
    longest: int = 0
    choices: str = ""
    prompt: str | Promise = ""

    def as_field(self, *, is_open: bool) -> Field:
        """How the column is written; only open ones can be edited."""
        if self.is_number:
            style = Style.MONEY
        elif is_open:
            style = Style.OPEN_LONG if self.is_long else Style.OPEN
        else:
            style = Style.LOCKED_LONG if self.is_long else Style.LOCKED
        return Field(
            title=str(self.title),
            width=self.width,
            style=style,
            header=Style.HEADER_OPEN if is_open else Style.HEADER,
            is_number=self.is_number,
            is_blank=self.entry,
            is_hidden=self.is_hidden,
            choices=self.choices if is_open else "",
            prompt=str(self.prompt),
        )


def _text(key: str, title: str | Promise, width: float, longest: int, sql: str = "") -> Column:
    return Column(
        key, title, width, plain_sql(sql or f"o.{key}"), merged=True, longest=longest,
        is_long=longest > 100,
    )  # fmt: skip


def _locked(key: str, title: str | Promise, width: float, sql: str) -> Column:
    return Column(key, title, width, sql)


def _amount(key: str, title: str | Promise) -> Column:
    return Column(key, title, 11, f"o.{key}::text", is_number=True)


_STATES = f"{LISTS_SHEET}!$A$1:$A${len(OrderState)}"
_URGENCIES = f"{LISTS_SHEET}!$B$1:$B${len(Urgency)}"
_LINES = """(SELECT string_agg(l.sku_code || ' × ' || l.quantity, E'\\n' ORDER BY l.id)
  FROM orders_orderline l WHERE l.order_id = o.id)"""

COLUMNS = (
    _locked("number", _("Order number"), 18, "o.number"),
    _locked("shop", _("Shop"), 14, plain_sql("s.name")),
    _locked("external_number", _("Channel's number"), 22, plain_sql("o.external_number")),
    _locked(
        "placed_at",
        _("Placed at"),
        17,
        "to_char(o.placed_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')",
    ),
    Column(
        "state",
        _("State"),
        11,
        "o.state",
        merged=True,
        choices=_STATES,
        prompt=_(
            "Review passed, payment checked, completed and cancelled can be chosen, where the "
            "order is ready for it. To cancel, say why in the column beside the notes."
        ),
    ),
    Column("urgency", _("Urgency"), 9, "o.urgency", merged=True, choices=_URGENCIES),
    _text("receiver_name", _("Receiver"), 12, 100),
    _text("receiver_phone", _("Phone"), 15, 40),
    _text("receiver_province", _("Province"), 10, 40),
    _text("receiver_city", _("City"), 10, 40),
    _text("receiver_district", _("District"), 10, 40),
    _text("receiver_street", _("Street and house number"), 34, 300),
    _text("seller_memo", _("Seller's memo"), 28, 1000),
    Column("note", _("Add a note"), 24, entry=True, is_long=True, longest=500),
    Column("cancel_reason", _("Reason of cancelling"), 20, entry=True, is_long=True, longest=200),
    Column("lines", _("Goods"), 26, plain_sql(f"coalesce({_LINES}, '')"), is_long=True),
    _amount("goods_amount", _("Goods amount")),
    _amount("freight", _("Freight")),
    _amount("discount", _("Discount")),
    _amount("total", _("To pay")),
    _amount("paid_amount", _("Paid amount")),
    Column("token", _("Row mark (leave it)"), 4, is_hidden=True),
)
BY_KEY = {column.key: column for column in COLUMNS}
# What is compared and written back, in the order in which the base sheet holds it.
MERGED = tuple(column.key for column in COLUMNS if column.merged)
ENTRIES = tuple(column.key for column in COLUMNS if column.entry)
RECEIVER = tuple(key for key in MERGED if key.startswith("receiver_"))
# An address is one thing: half of one and half of another is no place.
ADDRESS = ("receiver_province", "receiver_city", "receiver_district", "receiver_street")
# Never written back; a change of one of them is told to the person.
LOCKED = tuple(c.key for c in COLUMNS if not c.merged and not c.entry and c.key != "token")
Choices = Sequence[tuple[str, str | Promise]]
_LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


def words_of(choices: Choices) -> dict[str, str]:
    """The word of each code in the language in use."""
    return {code: str(word) for code, word in choices}


def codes_of(choices: Choices) -> dict[str, str]:
    """The code of each word, in every language we speak, and of the code itself."""
    codes = {code: code for code, _word in choices}
    for language in _LANGUAGES:
        with translation.override(language):
            codes |= {str(word): code for code, word in choices}
    return codes
