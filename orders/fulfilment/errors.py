from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import Blocked, DomainError


class WrongItem(DomainError):
    """What was scanned or named does not belong into this parcel; the message says what does."""

    code = "wrong_item"


class NotComplete(DomainError):
    """Pieces are missing in the parcel; `missing` lists them all."""

    code = "not_complete"


class NoWaybill(Blocked):
    """The step needs a carrier and a waybill number."""

    code = "no_waybill"
    title = _("Choose a carrier and print or enter the waybill first.")


class WaybillTaken(DomainError):
    """Another parcel has this number with the same carrier."""

    code = "waybill_taken"


class OrderNotInWarehouse(Blocked):
    """The order is not one the warehouse may work on: in review, cancelled or closed."""

    code = "order_not_in_warehouse"
