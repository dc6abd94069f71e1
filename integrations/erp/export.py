"""The standard workbook for an ERP that is fed by hand: the same documents as are pushed (J3)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.erp.base import Document
from integrations.erp.documents import CENT, refund_of, sale_of
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.workbooks.writing import Field, Style, WorkbookWriter
from orders.finance.figures import orders_of, refunds_of

LONGEST_DAYS = 31
_AT_ONCE = 500
_COLUMNS = (
    (gettext_lazy("Document"), 10, False),
    (gettext_lazy("Document number"), 22, False),
    (gettext_lazy("Date"), 12, False),
    (gettext_lazy("Order number"), 22, False),
    (gettext_lazy("Shop code"), 14, False),
    (gettext_lazy("Shop"), 20, False),
    (gettext_lazy("Channel's number"), 24, False),
    (gettext_lazy("Material code"), 18, False),
    (gettext_lazy("Material"), 30, False),
    (gettext_lazy("Quantity"), 10, True),
    (gettext_lazy("Price with tax"), 14, True),
    (gettext_lazy("Amount with tax"), 14, True),
    (gettext_lazy("Refund amount"), 14, True),
)


def write_workbook(sink: IO[bytes], first: date, last: date, *, actor: Actor) -> int:
    """Sales line by line and refunds of these days stand in the workbook; the number of rows.

    Its columns are those that the daily check reads: handed back, it agrees to the cent.
    """
    actor.require("integrations.export_erp")
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise BadInput(
            _("Choose at most %(days)s days, the last not before the first.")
            % {"days": LONGEST_DAYS},
            fields={"last": ["range"]},
        )
    book = WorkbookWriter(sink)
    sheet = book.first_sheet(
        _("ERP documents"),
        [
            Field(
                str(title),
                width,
                style=Style.MONEY if is_number else Style.PLAIN,
                is_number=is_number,
            )
            for title, width, is_number in _COLUMNS
        ],
        frozen=2,
    )
    for row in _rows(first, last):
        sheet.add(row)
    rows = sheet.rows - 1
    book.close()
    return rows


def workbook_file(first: date, last: date, *, actor: Actor) -> IO[bytes]:
    """The workbook of these days, open for reading and gone when it is closed."""
    handle, name = tempfile.mkstemp(suffix=".xlsx")
    os.close(handle)
    path = Path(name)
    try:
        with path.open("wb") as sink:
            write_workbook(sink, first, last, actor=actor)
        return path.open("rb")
    finally:
        path.unlink()


def _rows(first: date, last: date) -> Iterator[list[str]]:
    sales = orders_of(first, last).select_related("shop", "warehouse").order_by("pk")
    for order in sales.prefetch_related("lines").iterator(chunk_size=_AT_ONCE):
        document = sale_of(order)
        names = {line.sku_code: line.title for line in order.lines.all()}
        for item in document.items:
            yield [
                *_head(_("Sale"), document, order.number, order.shop.name, order.external_number),
                item.code,
                names.get(item.code) or _("Freight"),
                str(item.quantity),
                str((item.amount / item.quantity).quantize(CENT)),
                str(item.amount),
                "0",
            ]
    refunds = refunds_of(first, last).select_related("order__shop", "order__warehouse")
    for refund in refunds.order_by("pk").iterator(chunk_size=_AT_ONCE):
        document, order = refund_of(refund), refund.order
        yield [
            *_head(_("Refund"), document, order.number, order.shop.name, order.external_number),
            *["", "", "0", "0", "0"],
            str(refund.amount),
        ]


def _head(kind: str, document: Document, number: str, shop: str, external: str) -> list[str]:
    return [kind, document.number, f"{document.day}", number, document.shop, shop, external]
