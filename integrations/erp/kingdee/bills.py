"""Our documents in Kingdee's words, and its rows in ours (execution.md 3.2, samples/kingdee).

Field sets differ between companies: every code below is a default that the account's `options`
replace. The form of refunds (AR_REFUNDBILL) and its fields are from memory; confirm them in the
company's own books before go-live.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.channels.base import Answer, Verdict
from integrations.erp.base import Bill, Document, DocumentKind, ErpTrouble, Item, Step
from ordercenter.core.errors import BadInput

DEFAULTS: dict[str, Any] = {
    "customer": "CUST0001",
    # Shop code → customer, where shops have customers of their own.
    "customers": {},
    # SKU code → material, where they differ.
    "materials": {},
    "currency": "PRE001",
    "exchange": "HLTX01_SYS",
    "unit": "Pcs",
    "tax_rate": 13,
    "sale": {
        "form": "SAL_SaleOrder",
        "type": "XSDD01_SYS",
        "date": "FDate",
        "amount": "FBillAllAmount",
    },
    "refund": {
        "form": "AR_REFUNDBILL",
        "type": "SKTKDLX01_SYS",
        "date": "FDATE",
        "amount": "FREFUNDTOTALAMOUNTFOR",
        "settle": "JSFS04_SYS",
        "purpose": "SFKYT01_SYS",
    },
    # Merged into each model as they are: what the company's own forms require beside ours.
    "sale_extra": {},
    "refund_extra": {},
}
# What the query answers, in this order; then date and amount by their configured keys.
HEAD_KEYS = ("FID", "FBillNo", "FDocumentStatus")
STEPS = {"Z": Step.SAVED, "A": Step.SAVED, "D": Step.SAVED, "B": Step.SUBMITTED, "C": Step.BOOKED}
# Prices are sent with so many decimals: a line's amount comes out exactly up to 5,000 pieces.
PRICE_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Settings:
    """The account's options over the defaults."""

    values: Mapping[str, Any]

    @classmethod
    def over_defaults(cls, options: Mapping[str, Any]) -> Settings:
        """Raises `BadInput` for an option that does not exist or is of another kind."""
        values = deepcopy(DEFAULTS)
        for name, value in options.items():
            if name not in values or isinstance(value, dict) != isinstance(values[name], dict):
                raise BadInput(
                    _("The ERP account has an option we don't know: %(name)s.") % {"name": name},
                    fields={"options": [name]},
                )
            values[name] = {**values[name], **value} if isinstance(value, dict) else value
        return cls(values)

    def form(self, kind: DocumentKind) -> Mapping[str, Any]:
        form: Mapping[str, Any] = self.values[kind.value]
        return form

    def customer(self, shop: str) -> str:
        return str(self.values["customers"].get(shop, self.values["customer"]))


def model_of(document: Document, settings: Settings, org: str) -> dict[str, Any]:
    """The `Model` of Save for this document."""
    make = _sale if document.kind is DocumentKind.SALE else _refund
    return {**make(document, settings, org), **settings.values[f"{document.kind.value}_extra"]}


def _sale(document: Document, settings: Settings, org: str) -> dict[str, Any]:
    values, form = settings.values, settings.form(DocumentKind.SALE)
    return {
        "FID": 0,
        "FBillTypeID": {"FNUMBER": form["type"]},
        "FBillNo": document.number,
        form["date"]: f"{document.day:%Y-%m-%d}",
        "FSaleOrgId": {"FNumber": org},
        "FCustId": {"FNumber": settings.customer(document.shop)},
        "FNote": document.about,
        "FSaleOrderFinance": {
            "FSettleCurrId": {"FNumber": values["currency"]},
            "FIsIncludedTax": True,
            "FExchangeTypeId": {"FNumber": values["exchange"]},
        },
        "FSaleOrderEntry": [_entry(item, document, values, org) for item in document.items],
    }


def _entry(item: Item, document: Document, values: Mapping[str, Any], org: str) -> dict[str, Any]:
    # Price with tax alone: of two prices Kingdee would ignore one.
    price = (item.amount / item.quantity).quantize(PRICE_STEP)
    return {
        "FMaterialId": {"FNumber": str(values["materials"].get(item.code, item.code))},
        "FUnitID": {"FNumber": values["unit"]},
        "FQty": item.quantity,
        "FTaxPrice": float(price),
        "FEntryTaxRate": values["tax_rate"],
        "FIsFree": item.amount == 0,
        "FDeliveryDate": f"{document.day:%Y-%m-%d}",
        "FSettleOrgIds": {"FNumber": org},
        "FReserveType": "1",
    }


def _refund(document: Document, settings: Settings, org: str) -> dict[str, Any]:
    values, form = settings.values, settings.form(DocumentKind.REFUND)
    customer = {"FNumber": settings.customer(document.shop)}
    return {
        "FID": 0,
        "FBillTypeID": {"FNUMBER": form["type"]},
        "FBillNo": document.number,
        form["date"]: f"{document.day:%Y-%m-%d}",
        "FCONTACTUNITTYPE": "BD_Customer",
        "FCONTACTUNIT": customer,
        "FRECTUNITTYPE": "BD_Customer",
        "FRECTUNIT": customer,
        "FCURRENCYID": {"FNumber": values["currency"]},
        "FSETTLEORGID": {"FNumber": org},
        "FSALEORGID": {"FNumber": org},
        "FPAYORGID": {"FNumber": org},
        "FREMARK": document.about,
        "FREFUNDBILLENTRY": [
            {
                "FSETTLETYPEID": {"FNumber": form["settle"]},
                "FPURPOSEID": {"FNumber": form["purpose"]},
                "FREFUNDAMOUNTFOR": float(document.amount),
            }
        ],
    }


def keys_of(form: Mapping[str, Any]) -> str:
    """The `FieldKeys` whose rows `bill_of` reads."""
    return ",".join([*HEAD_KEYS, form["date"], form["amount"]])


def bill_of(kind: DocumentKind, row: Any) -> Bill:
    """One row of a query. Raises `ErpTrouble` for what is no such row."""
    try:
        own_id, number, status, day, amount = row
        return Bill(
            kind=kind,
            number=str(number),
            day=date.fromisoformat(str(day)[:10]),
            amount=Decimal(str(amount)).quantize(Decimal("0.01")),
            step=STEPS[status],
            reference=str(own_id),
        )
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        verdict = Verdict(Answer.REFUSED, code="unreadable_row", text=str(row)[:200])
        raise ErpTrouble(verdict) from error


def quoted(text: str) -> str:
    """A text inside a `FilterString`, which is much like SQL."""
    return "'" + text.replace("'", "''") + "'"
