"""Somebody wants something undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inventory.models import Sku
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.clocks import ClockStart, start_clocks
from ordercenter.core.errors import BadInput
from ordercenter.core.timeline import record
from orders.models import Order, OrderLine
from rma.eligibility import Check, Wish, look_at, may_go_on
from rma.errors import NotEligible
from rma.models import Return, ReturnKind, ReturnLine, ReturnReason
from rma.models.returns import WITH_MONEY, WITH_PARCEL
from rma.selectors import value_of


def check_return(
    order_id: int,
    *,
    kind: ReturnKind,
    reason: ReturnReason,
    quantities: Mapping[int, int],
    amount: Decimal | None = None,
) -> list[Check]:
    """What the rules say to this wish, without changing anything."""
    order = Order.objects.select_related("shop").get(pk=order_id)
    return look_at(order, Wish(kind, reason, quantities, amount))


@transaction.atomic
def request_return(
    order_id: int,
    *,
    seen: int | None,
    kind: ReturnKind,
    reason: ReturnReason,
    quantities: Mapping[int, int],
    actor: Actor,
    amount: Decimal | None = None,
    wants: Mapping[str, int] | None = None,
    note: str = "",
    override: str = "",
) -> Return:
    """The wish is a return now, waiting for our answer; the order's story tells of it.

    `quantities` maps order lines to pieces; it may be empty only where money goes back without
    goods, and then `amount` says how much. `wants` maps SKU codes to pieces for an exchange; the
    same goods where nothing is said. Raises `NotEligible` with every check; with an `override`
    reason and the permission for it only the firm ones count. Raises `BadInput`.
    """
    actor.require("rma.request_return")
    _check_input(kind, quantities, amount)
    order = Order.objects.locked(order_id, seen=seen)
    wish = Wish(kind, reason, quantities, amount)
    checks = look_at(order, wish)
    _require_eligible(checks, override, actor)
    rma = Return.objects.create(
        order=order,
        kind=kind,
        reason=reason,
        note=note.strip()[:500],
        checks=[check.as_json() for check in checks],
        override_reason="" if may_go_on(checks) else override.strip()[:300],
        refund_amount=_amount(order, wish),
        wants=_wants(kind, wants or {}),
        requested_by=actor.label[:80],
        requested_at=moments.now(),
        state_since=moments.now(),
    )
    lines = _make_lines(rma, order, quantities)
    start_clocks([ClockStart(Return.KIND, rma.pk, rma.stream, rma.state, rma.clock_key())])
    record(rma, "return.requested", actor=actor, to_state=rma.state, data=_told(rma, lines))
    return rma


def _check_input(kind: ReturnKind, quantities: Mapping[int, int], amount: Decimal | None) -> None:
    if not quantities and (kind != ReturnKind.REFUND_ONLY or amount is None):
        raise BadInput(
            _("Say which goods, or for money without goods how much."),
            fields={"lines": ["empty"]},
        )
    if amount is not None and (kind not in WITH_MONEY or amount <= 0):
        raise BadInput(_("This amount is not possible here."), fields={"amount": ["range"]})


def _require_eligible(checks: Sequence[Check], override: str, actor: Actor) -> None:
    if may_go_on(checks):
        return
    refusals = [check for check in checks if not check.ok]
    if override.strip() and not any(check.firm for check in refusals):
        actor.require("rma.override_return")
        return
    raise NotEligible(
        " ".join(check.says for check in refusals), checks=[check.as_json() for check in checks]
    )


def _amount(order: Order, wish: Wish) -> Decimal:
    if wish.kind not in WITH_MONEY:
        return Decimal("0.00")
    if wish.amount is not None:
        return wish.amount
    return value_of(order, wish.quantities, with_freight=_freight_goes_back(wish.reason))


def _freight_goes_back(reason: ReturnReason) -> bool:
    return reason != ReturnReason.NO_REASON


def _wants(kind: ReturnKind, wants: Mapping[str, int]) -> list[dict[str, Any]]:
    """What goes out instead, as it is kept. Raises `BadInput` for what we don't sell."""
    if not wants:
        return []
    if kind != ReturnKind.EXCHANGE:
        raise BadInput(_("Only an exchange has other goods."), fields={"wants": ["kind"]})
    known = set(Sku.objects.filter(code__in=wants, is_active=True).values_list("code", flat=True))
    wrong = [code for code, quantity in wants.items() if code not in known or quantity < 1]
    if wrong:
        raise BadInput(
            _("There is no such SKU: %(codes)s.") % {"codes": "、".join(wrong)},
            fields={"wants": wrong},
        )
    return [{"sku": code, "quantity": quantity} for code, quantity in wants.items()]


def _make_lines(rma: Return, order: Order, quantities: Mapping[int, int]) -> list[ReturnLine]:
    by_id: dict[int, OrderLine] = {
        line.pk: line for line in order.lines.select_related("sku").filter(pk__in=quantities)
    }
    return ReturnLine.objects.bulk_create(
        ReturnLine(
            rma=rma,
            order_line=by_id[pk],
            sku=by_id[pk].sku,
            with_goods=rma.kind in WITH_PARCEL,
            requested=quantity,
        )
        for pk, quantity in sorted(quantities.items())
    )


def _told(rma: Return, lines: Sequence[ReturnLine]) -> dict[str, Any]:
    return {
        "number": rma.number,
        "kind": rma.kind,
        "reason": rma.reason,
        "amount": rma.refund_amount,
        "lines": [
            {"line": line.order_line_id, "sku": line.sku.code, "quantity": line.requested}
            for line in lines
        ],
        "against_the_rules": [check["code"] for check in rma.checks if not check["ok"]],
        "override": rma.override_reason,
        "note": rma.note,
    }
