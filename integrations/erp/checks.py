"""The daily check: our figures beside the ERP's, kept with the lines that differ (J3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import IO

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from integrations.channels.base import Answer
from integrations.erp.accounts import NoErp, active_account, report_refusal
from integrations.erp.base import Bill, DocumentKind, ErpTrouble, Step
from integrations.erp.comparing import Comparison, Result, Row, compare
from integrations.erp.reading import read_export
from integrations.erp.registry import open_adapter
from integrations.models import ErpAccount, ErpCheck, ErpCheckLine, ErpPolicy
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, DomainError
from ordercenter.core.timeline import record
from orders.finance.figures import business_day, order_figures
from orders.models import Order
from rma.models import Refund

CHECKER = Actor.system("erp:check", door="timer")
MOST_SHARE = Decimal("999999999")
_SHARE_STEP = Decimal("0.000001")


class ErpSilent(DomainError):
    """The ERP did not answer the questions; nothing was kept."""

    code = "erp_silent"


def policy() -> ErpPolicy:
    """The rule of the check; a migration has made the row."""
    found = ErpPolicy.objects.order_by("pk").first()
    if found is None:
        raise BadInput(_("The rule of the ERP check is missing. Enter it in the admin."))
    return found


def check_upload(file: IO[bytes], *, name: str, day: date, actor: Actor) -> ErpCheck:
    """Compare the day with an uploaded export. A bad file raises and leaves nothing behind."""
    actor.require("integrations.run_erpcheck")
    _require_past(day)
    rule = policy()
    export = read_export(file, day=day, policy=rule)
    return _keep(
        day,
        export.rows,
        rule,
        actor=actor,
        source=ErpCheck.Source.UPLOAD,
        source_name=name[-120:],
        left_out=export.left_out,
    )


def check_erp(day: date, *, actor: Actor, is_scheduled: bool = False) -> ErpCheck | None:
    """Compare the day with what the ERP itself answers; None when it was checked by itself before.

    Raises `NoErp`, `ErpSilent`; then nothing was kept.
    """
    actor.require("integrations.run_erpcheck")
    _require_past(day)
    account = active_account()
    if account is None:
        raise NoErp(_("No ERP account is switched on."))
    rows = rows_of(ask(account, day))
    try:
        with transaction.atomic():
            return _keep(
                day,
                rows,
                policy(),
                actor=actor,
                source=ErpCheck.Source.ERP,
                source_name=account.name,
                is_scheduled=is_scheduled,
            )
    except IntegrityError as error:
        if "one_erp_check_by_itself_a_day" not in str(error):
            raise
        return None


def _require_past(day: date) -> None:
    if day > business_day(moments.now()):
        raise BadInput(_("This day has not come yet."), fields={"day": ["future"]})


# -- their side ------------------------------------------------------------------------------


def ask(account: ErpAccount, day: date) -> list[Bill]:
    """Every sale and refund that the books date to the day. Raises `ErpSilent`."""
    adapter = open_adapter(account)
    try:
        return [bill for kind in DocumentKind for bill in adapter.bills_of(kind, day)]
    except ErpTrouble as trouble:
        if trouble.verdict.answer is Answer.AUTH:
            report_refusal(account, trouble.verdict)
        raise ErpSilent(
            _("The ERP did not answer (%(why)s). Try again in a few minutes.")
            % {"why": trouble.verdict}
        ) from trouble
    finally:
        adapter.close()


def rows_of(bills: Iterable[Bill]) -> list[Row]:
    """The bills as rows of orders: refunds stand with the order they belong to."""
    found: dict[str, Row] = {}
    refunds = []
    for bill in bills:
        if bill.kind is DocumentKind.SALE:
            is_booked = bill.step >= Step.BOOKED
            found[bill.number] = Row(bill.number, bill.amount, is_booked=is_booked)
        else:
            refunds.append(bill)
    orders = dict(
        Refund.objects.filter(number__in=[bill.number for bill in refunds]).values_list(
            "number", "order__number"
        )
    )
    for bill in refunds:
        if bill.step < Step.BOOKED:
            continue
        # A refund that we don't know stands by itself, under its own number.
        number = orders.get(bill.number, bill.number)
        row = found.get(number, Row(number, None))
        found[number] = replace(row, refund=row.refund + bill.amount)
    return list(found.values())


# -- our side, and what is kept --------------------------------------------------------------


def our_rows(day: date) -> list[Row]:
    """Our orders with a part in the day, gifts left out."""
    return [
        Row(
            number=row.number,
            total=row.total if row.is_of_day else None,
            refund=row.refunded,
            also=row.external_number,
            shop=row.shop,
        )
        for row in order_figures(day)
    ]


@transaction.atomic
def _keep(
    day: date,
    theirs: Sequence[Row],
    rule: ErpPolicy,
    *,
    actor: Actor,
    source: str,
    source_name: str,
    left_out: int = 0,
    is_scheduled: bool = False,
) -> ErpCheck:
    found = compare(our_rows(day), theirs, tolerance=rule.tolerance)
    check = ErpCheck.objects.create(
        day=day,
        source=source,
        source_name=source_name,
        is_scheduled=is_scheduled,
        our_orders=found.ours.orders,
        their_orders=found.theirs.orders,
        our_total=found.ours.total,
        their_total=found.theirs.total,
        our_refunds=found.ours.refunds,
        their_refunds=found.theirs.refunds,
        tolerance=rule.tolerance,
        share=min(found.share, MOST_SHARE).quantize(_SHARE_STEP),
        result=found.result.value,
        differing=len(found.lines),
        left_out=left_out,
        made_by_id=actor.id,
        made_by_label=actor.label[:80],
        made_at=moments.now(),
    )
    _keep_lines(check, found)
    kind = "erp_check.alarmed" if found.result is Result.ALARM else "erp_check.passed"
    record(
        check,
        kind,
        actor=actor,
        data={"day": str(day), "lines": len(found.lines), "share": str(check.share)},
    )
    return check


def _keep_lines(check: ErpCheck, found: Comparison) -> None:
    numbers = [line.number for line in found.lines]
    orders = dict(Order.objects.filter(number__in=numbers).values_list("number", "pk"))
    ErpCheckLine.objects.bulk_create(
        (
            ErpCheckLine(
                check_made=check,
                number=line.number,
                shop=line.shop,
                order_id=orders.get(line.number),
                our_total=line.ours,
                their_total=line.theirs,
                our_refund=line.our_refund,
                their_refund=line.their_refund,
                cause=line.cause.value,
            )
            for line in found.lines
        ),
        batch_size=1000,
    )


assert {result.value for result in Result} == set(ErpCheck.Result.values)
