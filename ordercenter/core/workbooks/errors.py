"""Why a file is not taken, each with what the person can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import DomainError

Sentences = Mapping[str, str | Promise]

WHY: Sentences = {
    "empty": _("The file is empty. Choose the workbook again."),
    "too_large": _("The file is larger than 100 MB. Work in parts."),
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
    "other_format": _("This is no Excel workbook. Upload an .xlsx file."),
    "encoding": _(
        "The text of this file can't be read: it is neither UTF-8 nor GBK. Download it again, or "
        "save it as an Excel workbook (*.xlsx)."
    ),
    "truncated": _(
        "The file is damaged or was not transferred completely. Save it again and upload it once "
        "more."
    ),
    "missing_columns": _(
        "These columns are missing: %(columns)s. Don't delete columns or rename their headers."
    ),
    "double_columns": _("These columns appear twice: %(columns)s. Remove the copies."),
    "formula": _(
        "Cells contain formulas: %(cells)s. Replace them by their values (copy, paste as values)."
    ),
    "too_wide": _("The sheet reaches far beyond our columns and rows. Delete what is there."),
    "too_many": _("More than %(most)s rows. Work in parts."),
}


class BadWorkbook(DomainError):
    """A file that can't be taken; nothing of it was written. `code` says why.

    Rooms with refusals of their own add sentences in a subclass.
    """

    status = 422
    WHY: ClassVar[Sentences] = WHY

    def __init__(self, why: str, **details: object) -> None:
        self.code = f"workbook_{why}"
        if why == "too_large":
            self.status = 413
        sentence = self.WHY[why]
        super().__init__(sentence % details if details else sentence, **details)
