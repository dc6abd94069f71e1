"""A settlement file is loaded: once, whole, compared with our books."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.timeline import record
from ordercenter.core.workbooks.checking import LARGEST_FILE, Readable, keep_upload
from orders.finance.actions.differences import explain_what_came
from orders.finance.books import paid_orders
from orders.finance.errors import BadSettlement, LoadedBefore
from orders.finance.figures import business_day
from orders.finance.matched import Line, Matching
from orders.finance.matching import match
from orders.finance.models import (
    CLEAN,
    Difference,
    DifferenceState,
    SettledOrder,
    SettlementFile,
    SettlementFormat,
    SettlementLine,
)
from orders.finance.models.settlements import SELF_EXPLAINED
from orders.finance.reading import Format, Row, read_rows
from orders.models import Shop

BATCH = 2_000
# No channel accounts for more at once; a wider period is a slip of the pen.
MOST_DAYS = 366
_BETWEEN = re.compile(r"[,，;；、|/\s]+")


def load_settlement(
    content: Readable,
    *,
    name: str,
    shop: Shop,
    layout: SettlementFormat,
    actor: Actor,
    first_day: date | None = None,
    last_day: date | None = None,
) -> SettlementFile:
    """The file's lines stand beside the orders of its days, each with one outcome.

    Without days, those of its rows are taken. Raises `LoadedBefore` for content that was loaded
    already, `BadSettlement` or `BadWorkbook` for what can't be read; nothing is kept then.
    """
    actor.require("finance.load_settlementfile")
    with NamedTemporaryFile(suffix=".upload") as kept:
        too_large = BadSettlement("too_large")
        size, digest = keep_upload(content, kept, largest=LARGEST_FILE, refusal=too_large)
        _refuse_twin(digest)
        rows = read_rows(Path(kept.name), Format.of(layout))
        first, last = _period(rows, first_day, last_day)
        settlement = SettlementFile(
            shop=shop,
            format=layout,
            first_day=first,
            last_day=last,
            name=Path(name.replace("\x00", "")).name[-200:] or "settlement",
            size=size,
            sha256=digest,
            user_id=actor.id if actor.kind == "person" else None,
            loaded_by=actor.label[:80],
            loaded_at=moments.now(),
            matched_at=moments.now(),
        )
        settlement.file = File(kept, name="a.csv" if name.lower().endswith(".csv") else "a.xlsx")
        return _keep(settlement, rows, actor)


def _refuse_twin(sha256: str) -> None:
    twin = SettlementFile.objects.filter(sha256=sha256).first()
    if twin is None:
        return
    when = f"{timezone.localtime(twin.loaded_at):%Y-%m-%d %H:%M}"
    said = _(
        "This content was loaded before: “%(name)s”, by %(who)s on %(when)s. Nothing was loaded "
        "twice."
    )
    raise LoadedBefore(
        said % {"name": twin.name, "who": twin.loaded_by, "when": when}, settlement=twin.pk
    )


def _period(rows: Sequence[Row], first: date | None, last: date | None) -> tuple[date, date]:
    days = [business_day(row.at) for row in rows if row.at is not None]
    if not days and not (first and last):
        raise BadSettlement("no_period")
    begins, ends = first or min(days), last or max(days)
    if not 0 <= (ends - begins).days < MOST_DAYS:
        raise BadInput(
            _("The last day comes before the first one, or more than a year after it."),
            fields={"last_day": ["range"]},
        )
    return begins, ends


def _keep(settlement: SettlementFile, rows: Sequence[Row], actor: Actor) -> SettlementFile:
    try:
        with transaction.atomic():
            # Two files of one shop are compared one after the other: they may name one order.
            shop = Shop.objects.select_for_update(no_key=True).get(pk=settlement.shop_id)
            settlement.save()
            _match(settlement, shop, rows, actor)
    except Exception as error:
        settlement.file.delete(save=False)
        if isinstance(error, IntegrityError) and "settlement_once_by_content" in str(error):
            _refuse_twin(settlement.sha256)
        raise
    return settlement


def _match(settlement: SettlementFile, shop: Shop, rows: Sequence[Row], actor: Actor) -> None:
    lines = [_line(row) for row in rows]
    first, last = settlement.first_day, settlement.last_day
    found = match(
        lines,
        paid_orders(shop, lines, first, last),
        first=first,
        last=last,
        known=_known(shop, [row.identity for row in rows]),
    )
    _write(settlement, rows, found)
    settlement.counts = {
        "lines": dict(Counter(str(outcome) for outcome, _order in found.lines.values())),
        "orders": dict(Counter(str(result.outcome) for result in found.orders.values())),
        "causes": dict(Counter(str(gap.cause) for gap in found.gaps)),
    }
    settlement.save(update_fields=["counts", "version"])
    record(
        settlement,
        "settlement.loaded",
        actor=actor,
        data={"name": settlement.name, "rows": len(rows), "differences": len(found.gaps)},
    )
    came = [
        pk for pk, result in found.orders.items() if result.outcome in CLEAN and result.theirs != 0
    ]
    explain_what_came(settlement, came, actor=actor)


def _line(row: Row) -> Line:
    numbers = tuple(dict.fromkeys(filter(None, _BETWEEN.split(row.number))))
    return Line(
        row=row.row,
        kind=row.kind,
        amount=row.amount,
        numbers=numbers,
        transaction=row.transaction,
        fee=row.fee,
        day=business_day(row.at) if row.at else None,
        identity=row.identity,
    )


def _known(shop: Shop, identities: Sequence[str]) -> set[str]:
    rows = SettlementLine.objects.filter(settlement__shop=shop, identity__in=identities)
    return set(rows.values_list("identity", flat=True))


def _write(settlement: SettlementFile, rows: Sequence[Row], found: Matching) -> None:
    SettlementLine.objects.bulk_create(
        (
            SettlementLine(
                settlement=settlement,
                row=row.row,
                raw=row.raw,
                kind=row.kind,
                number=row.number,
                transaction=row.transaction,
                amount=row.amount,
                fee=row.fee,
                at=row.at,
                identity=row.identity,
                outcome=found.lines[row.row][0],
                order_id=found.lines[row.row][1],
            )
            for row in rows
        ),
        batch_size=BATCH,
    )
    SettledOrder.objects.bulk_create(
        (
            SettledOrder(
                settlement=settlement,
                order_id=pk,
                outcome=result.outcome,
                ours=result.ours,
                theirs=result.theirs,
            )
            for pk, result in found.orders.items()
        ),
        batch_size=BATCH,
    )
    Difference.objects.bulk_create(
        (
            Difference(
                settlement=settlement,
                state=_state_of(gap.cause),
                cause=gap.cause,
                order_id=gap.order,
                number=gap.number[:200],
                row=gap.row,
                ours=gap.ours,
                theirs=gap.theirs,
                state_since=settlement.loaded_at,
            )
            for gap in found.gaps
        ),
        batch_size=BATCH,
    )


def _state_of(cause: str) -> DifferenceState:
    return DifferenceState.EXPLAINED if cause in SELF_EXPLAINED else DifferenceState.OPEN
