"""Why an order workbook is not taken, each with what the person can do about it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import DomainError
from ordercenter.core.workbooks import errors
from ordercenter.core.workbooks.errors import BadWorkbook, Sentences

OWN: Sentences = {
    "foreign": _(
        "This workbook was not exported here: its hidden base is missing. Export the orders, copy "
        "your changes into that workbook, and upload it."
    ),
    "tampered": _(
        "The hidden base of this workbook was changed, so we can't tell what you changed. Export "
        "the orders again and enter your changes there."
    ),
    "other_kind": _("This workbook was made by another version. Export the orders again."),
    "double_rows": _(
        "Orders appear more than once: %(rows)s. Keep one row of each, then upload again."
    ),
    "foreign_rows": _(
        "These rows are not from this export: rows %(rows)s. New orders are not entered here; "
        "remove the rows."
    ),
}


class BadOrderSheet(BadWorkbook):
    """A sound workbook that is not one of ours any more."""

    WHY = {**errors.WHY, **OWN}


class TooManyOrders(DomainError):
    """More orders than a workbook can hold."""

    code = "too_many_orders"
    status = 422

    def __init__(self, most: int) -> None:
        sentence = _("More than %(most)s orders. Narrow the filters and export in parts.")
        super().__init__(sentence % {"most": f"{most:,}"}, most=most)
