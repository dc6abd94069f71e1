"""May this be returned? A list of checks, each with a sentence that the customer can read.

Other rooms add checks of their own with `@check`; each is asked every time, so that the customer
hears all reasons at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.moments import SHANGHAI
from orders.models import Order, OrderLine, OrderState
from rma.models import ReturnKind, ReturnPolicy, ReturnReason
from rma.models.returns import OUR_FAULT, WITH_MONEY
from rma.selectors import Pieces, pieces_of, policy_for

# Tags of an order that stand against a return.
INVOICED = "invoiced"
CUSTOMISED = "customised"

_ARRIVED = (OrderState.DELIVERED, OrderState.COMPLETED)
_ON_THE_ROAD = (OrderState.DISPATCHED, OrderState.IN_TRANSIT)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants undone. `quantities` maps an order line to pieces."""

    kind: ReturnKind
    reason: ReturnReason
    quantities: Mapping[int, int]
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """The wish beside all that is known of its order."""

    order: Order
    lines: Mapping[int, OrderLine]
    pieces: Mapping[int, Pieces]
    wish: Wish
    policy: ReturnPolicy
    at: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """One rule: whether it agrees, in the customer's words. A `firm` one can't be overridden."""

    code: str
    ok: bool
    says: str
    firm: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Rule = Callable[[Case], Check | None]
_rules: dict[str, Rule] = {}


def check(code: str) -> Callable[[Rule], Rule]:
    """Register a rule; it answers None where it has nothing to say."""

    def register(rule: Rule) -> Rule:
        if code in _rules:
            raise ValueError(f"two rules are named {code}")
        _rules[code] = rule
        return rule

    return register


def look_at(order: Order, wish: Wish) -> list[Check]:
    """Every rule's opinion, those that refuse first; with a few queries, whatever the wish."""
    case = Case(
        order=order,
        lines={line.pk: line for line in order.lines.select_related("sku")},
        pieces=pieces_of(order),
        wish=wish,
        policy=policy_for(order.shop.channel),
        at=moments.now(),
    )
    found = [opinion for rule in _rules.values() if (opinion := rule(case)) is not None]
    return sorted(found, key=lambda one: one.ok)


def may_go_on(checks: Sequence[Check]) -> bool:
    """True when no rule refuses."""
    return all(one.ok for one in checks)


def _says(text: str | Promise, **values: Any) -> str:
    return str(text) % values if values else str(text)


@check("order_state")
def goods_have_arrived(case: Case) -> Check:
    """Goods can come back once they are there; money for unsent goods once it was paid."""
    state, kind, reason = case.order.state, case.wish.kind, case.wish.reason
    code = "order_state"
    if kind == ReturnKind.REFUND_ONLY and not case.wish.quantities:
        ok = case.order.paid_at is not None
        return Check(code, ok, _says(_("The order is paid.") if ok else _("Nothing was paid yet.")))
    if state in _ARRIVED or state == OrderState.CLOSED:
        return Check(code, True, _says(_("The goods have arrived.")))
    on_the_road = state in _ON_THE_ROAD
    if on_the_road and (kind not in (ReturnKind.RETURN,) or reason in OUR_FAULT):
        return Check(code, True, _says(_("The goods have left.")))
    if on_the_road:
        text = _("The goods are still on their way. Wait for them, or refuse the parcel.")
    else:
        text = _("The goods have not left yet. The order can still be cancelled instead.")
    return Check(code, False, _says(text))


@check("time_limit")
def still_in_time(case: Case) -> Check | None:
    """Seven days without a reason, more for what is our fault; counted in Shanghai's days."""
    delivered = case.order.delivered_at
    if delivered is None:
        return None
    no_reason = case.wish.reason == ReturnReason.NO_REASON
    days = case.policy.no_reason_days if no_reason else case.policy.quality_days
    last = last_day(delivered, days)
    ok = case.at.astimezone(SHANGHAI).date() <= last
    if ok:
        text = _("In time: returns are possible until %(day)s.")
    elif no_reason:
        text = _("Returns without a reason were possible until %(day)s (%(days)d days).")
    else:
        text = _("Returns for this reason were possible until %(day)s (%(days)d days).")
    return Check("time_limit", ok, _says(text, day=last.isoformat(), days=days))


def last_day(delivered_at: datetime, days: int) -> date:
    """The last day on which goods can be sent back; the day of delivery does not count."""
    return delivered_at.astimezone(SHANGHAI).date() + timedelta(days=days)


@check("invoiced")
def not_invoiced(case: Case) -> Check | None:
    """An invoice must be taken back before money is."""
    if INVOICED not in case.order.tags or case.wish.kind not in WITH_MONEY:
        return None
    text = _("An invoice was issued. Ask us to cancel the invoice first.")
    return Check("invoiced", False, _says(text))


@check("customised")
def not_customised(case: Case) -> Check | None:
    """What was made for one buyer, or can't be sold again, is not taken back without a reason."""
    if case.wish.reason != ReturnReason.NO_REASON:
        return None
    excluded = set(case.policy.excluded_categories)
    names = [
        line.title or line.sku_code
        for pk, line in case.lines.items()
        if pk in case.wish.quantities and line.sku and line.sku.category in excluded
    ]
    if CUSTOMISED in case.order.tags:
        names = names or [case.order.number]
    if not names:
        return None
    text = _("%(goods)s: goods of this kind are not taken back without a reason.")
    return Check("customised", False, _says(text, goods="、".join(names)))


@check("quantity")
def no_more_than_was_sent(case: Case) -> Check | None:
    """A piece comes back once, and only if it was sent."""
    complaints = []
    for line_id, quantity in case.wish.quantities.items():
        line = case.lines.get(line_id)
        if line is None or quantity < 1:
            complaints.append(_says(_("A line is not of this order, or its quantity is 0.")))
            continue
        pieces = case.pieces[line_id]
        if quantity > pieces.returnable:
            complaints.append(
                _says(
                    _("%(goods)s: %(sent)d sent, %(claimed)d in other returns, %(wanted)d wanted."),
                    goods=line.title or line.sku_code,
                    sent=pieces.sent,
                    claimed=pieces.claimed,
                    wanted=quantity,
                )
            )
    if complaints:
        return Check("quantity", False, " ".join(complaints), firm=True)
    if not case.wish.quantities:
        return None
    return Check("quantity", True, _says(_("These pieces were sent and not returned yet.")))


@check("money")
def something_is_left_to_pay_back(case: Case) -> Check | None:
    """Money goes back at most once."""
    if case.wish.kind not in WITH_MONEY:
        return None
    left = case.order.paid_amount - case.order.refunded_amount
    wanted = case.wish.amount
    if wanted is not None and wanted > left:
        text = _("%(left)s CNY can still be paid back, not %(wanted)s.")
        return Check("money", False, _says(text, left=left, wanted=wanted), firm=True)
    if case.wish.kind == ReturnKind.REFUND_ONLY and left <= 0:
        text = _("Everything that was paid has been paid back.")
        return Check("money", False, _says(text), firm=True)
    return None
