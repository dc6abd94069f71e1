from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import Blocked, DomainError
from ordercenter.core.workbooks import errors
from ordercenter.core.workbooks.errors import BadWorkbook, Sentences

OWN: Sentences = {
    "no_header": _(
        "No row has the headers of “%(format)s”. Missing: %(columns)s. Choose another format, or "
        "enter the headers of this file at the format."
    ),
    "no_rows": _("The file has headers but no rows."),
    "cut_rows": _(
        "Rows end before their last column: %(rows)s. The file was not transferred completely; "
        "download it again."
    ),
    "shifted_rows": _(
        "Rows have more cells than there are headers: %(rows)s. An amount with a comma needs "
        "quotes. Download the file again, or save it as an Excel workbook (*.xlsx)."
    ),
    "cut_end": _(
        "The end of the file is missing. It was not transferred completely; download it again."
    ),
    "bad_cells": _(
        "These cells can't be read: %(cells)s. Nothing was loaded. Correct them, then upload the "
        "file again."
    ),
    "no_period": _("No row says when it happened. Enter the first and the last day."),
}


class BadSettlement(BadWorkbook):
    """A settlement file that can't be loaded; nothing of it is kept."""

    WHY = {**errors.WHY, **OWN}


class LoadedBefore(DomainError):
    """The same content was loaded already, under whatever name."""

    code = "settlement_loaded_before"


class DoesNotTie(DomainError):
    """The parts of a sheet don't add up to its whole; nothing of it is handed out."""

    code = "does_not_tie"
    status = 500


class InvoiceTooHigh(DomainError):
    """Less of the order's money is left than the invoice would be written over."""

    code = "invoice_too_high"


class CostsNotSeen(Blocked):
    """The purchase costs behind the invoice were not looked at, or are others by now."""

    code = "blocked"
