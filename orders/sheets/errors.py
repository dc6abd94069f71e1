"""Why a workbook is not taken, each with what the person can do about it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import DomainError


class BadWorkbook(DomainError):
    """A file that can't be synced; nothing of it was written. `code` says why."""

    status = 422

    def __init__(self, why: str, **details: object) -> None:
        self.code = f"workbook_{why}"
        if why == "too_large":
            self.status = 413
        super().__init__(WHY[why] % details if details else WHY[why], **details)


WHY: dict[str, str | Promise] = {
    "empty": _("The file is empty. Choose the workbook again."),
    "too_large": _("The file is larger than 100 MB. Export fewer orders and work in parts."),
    "password": _(
        "The workbook is protected by a password. Open it, remove the password (File > Info > "
        "Protect workbook), save it and upload it again."
    ),
    "old_format": _(
        "This is an old .xls file. Open it, save it as “Excel workbook (*.xlsx)” and upload that."
    ),
    "macro": _(
        "The workbook contains macros (.xlsm), which we never open. Save it as “Excel workbook "
        "(*.xlsx)” and upload that."
    ),
    "other_format": _(
        "This is no Excel workbook. Upload the .xlsx file that was exported here, with your "
        "changes in it."
    ),
    "truncated": _(
        "The file is damaged or was not transferred completely. Save it again and upload it once "
        "more."
    ),
    "foreign": _(
        "This workbook was not exported here: its hidden base is missing. Export the orders, copy "
        "your changes into that workbook, and upload it."
    ),
    "tampered": _(
        "The hidden base of this workbook was changed, so we can't tell what you changed. Export "
        "the orders again and enter your changes there."
    ),
    "other_kind": _("This workbook was made by another version. Export the orders again."),
    "missing_columns": _(
        "These columns are missing: %(columns)s. Don't delete columns or rename their headers."
    ),
    "double_columns": _("These columns appear twice: %(columns)s. Remove the copies."),
    "double_rows": _(
        "Orders appear more than once: %(rows)s. Keep one row of each, then upload again."
    ),
    "foreign_rows": _(
        "These rows are not from this export: rows %(rows)s. New orders are not entered here; "
        "remove the rows."
    ),
    "formula": _(
        "Cells contain formulas: %(cells)s. Replace them by their values (copy, paste as values)."
    ),
    "too_wide": _("The sheet reaches far beyond our columns and rows. Delete what is there."),
    "too_many": _("More than %(most)s rows. Export fewer orders and work in parts."),
}


class TooManyOrders(DomainError):
    """More orders than a workbook can hold."""

    code = "too_many_orders"
    status = 422

    def __init__(self, most: int) -> None:
        sentence = _("More than %(most)s orders. Narrow the filters and export in parts.")
        super().__init__(sentence % {"most": f"{most:,}"}, most=most)
