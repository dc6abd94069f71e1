"""A settlement file against our books: every line and every order gets exactly one outcome.

Passes, each over what the ones before have left:

1. order number and amount agree;
2. the payment's transaction and amount agree;
3. several lines add up to one order, or one line names several orders and pays their sum;
4. the order is known and the amount is not right: less by the fee kept back, less by what was
   paid back, or simply different;
5. refund lines against refunds that have arrived.

The gaps of all differences add up to what their lines come to, less what we expected: nothing is
explained away. Nothing here reads or writes the database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal

from orders.finance.matched import ZERO, Gap, Line, Matching, OrderResult, Paid
from orders.finance.models import Cause, LineKind, LineOutcome, OrderOutcome


def match(
    lines: Sequence[Line],
    orders: Sequence[Paid],
    *,
    first: date,
    last: date,
    known: Collection[str] = (),
) -> Matching:
    """Compare; `known` are the identities of lines that other files have brought."""
    return _Matcher(lines, orders, first, last, known).run()


class _Matcher:
    def __init__(
        self,
        lines: Sequence[Line],
        orders: Sequence[Paid],
        first: date,
        last: date,
        known: Collection[str],
    ) -> None:
        self.found = Matching()
        self.orders = {order.id: order for order in orders}
        self.by_number = {number: order.id for order in orders for number in order.numbers}
        self.by_transaction = {
            transaction: (order.id, amount)
            for order in orders
            for transaction, amount in order.payments
        }
        self.payouts: list[Line] = []
        self.refunds: list[Line] = []
        self.fees: list[Line] = []
        self._sort_out(lines, first, last, set(known))

    def run(self) -> Matching:
        self._exact()
        self._by_transaction()
        self._in_parts()
        self._together()
        self._different()
        self._refund_lines()
        self._fee_lines()
        self._unmentioned()
        return self.found

    # -- before the passes -------------------------------------------------------------------

    def _sort_out(self, lines: Sequence[Line], first: date, last: date, seen: set[str]) -> None:
        """Lines that came before, or belong to another day or to no order, take no part."""
        sorts = {
            LineKind.PAYOUT: self.payouts,
            LineKind.REFUND: self.refunds,
            LineKind.FEE: self.fees,
        }
        for line in lines:
            if line.identity and line.identity in seen:
                self._left_out(line, LineOutcome.DUPLICATE, Cause.DUPLICATE)
                continue
            seen.add(line.identity)
            if line.kind == LineKind.OTHER:
                self._end(line, LineOutcome.ASIDE)
            elif line.day is not None and not first <= line.day <= last:
                self._left_out(line, LineOutcome.OTHER_DAY, Cause.OTHER_DAY)
            else:
                sorts[line.kind].append(line)

    def _left_out(self, line: Line, outcome: LineOutcome, cause: Cause) -> None:
        order = self._order_of(line)
        self._end(line, outcome, order)
        self._gap(cause, ZERO, line.amount, order=order, line=line)

    # -- the passes --------------------------------------------------------------------------

    def _exact(self) -> None:
        for line in self._take_payouts():
            order = self._named(line)
            if order is not None and order.id not in self.found.orders and self._is(line, order):
                self._settle(order, OrderOutcome.SETTLED, [line], LineOutcome.EXACT)
            else:
                self.payouts.append(line)

    def _by_transaction(self) -> None:
        for line in self._take_payouts():
            order_id, amount = self.by_transaction.get(line.transaction, (None, ZERO))
            if (
                order_id is not None
                and order_id not in self.found.orders
                and line.amount == amount == self.orders[order_id].due
            ):
                self._settle(
                    self.orders[order_id], OrderOutcome.SETTLED, [line], LineOutcome.BY_TRANSACTION
                )
            else:
                self.payouts.append(line)

    def _in_parts(self) -> None:
        groups, rest = self._by_order(self._take_payouts())
        for order_id, lines in groups.items():
            order = self.orders[order_id]
            is_whole = len(lines) > 1 and _sum(lines) == order.due
            if is_whole and order_id not in self.found.orders:
                self._settle(order, OrderOutcome.IN_PARTS, lines, LineOutcome.IN_PARTS)
            else:
                rest.extend(lines)
        self.payouts = sorted(rest, key=lambda line: line.row)

    def _together(self) -> None:
        for line in self._take_payouts():
            orders = self._free_orders(line)
            is_complete = len(line.numbers) > 1 and len(orders) == len(set(line.numbers))
            if is_complete and _due(orders) == line.amount:
                self._end(line, LineOutcome.TOGETHER, orders[0].id)
                for order in orders:
                    self._result(order, OrderOutcome.TOGETHER, order.due)
            else:
                self.payouts.append(line)

    def _different(self) -> None:
        groups, rest = self._by_order(self._take_payouts())
        for order_id, lines in groups.items():
            self._compare(self.orders[order_id], lines)
        for line in rest:
            if not any(number in self.by_number for number in line.numbers):
                self._unknown(line)
                continue
            orders = self._free_orders(line)
            # One amount for several orders, not their sum: nobody can tell whose part is wrong.
            self._end(line, LineOutcome.AMOUNT_DIFFERS)
            self._gap(Cause.AMOUNT, _due(orders), line.amount, line=line)
            for order in orders:
                self._result(order, OrderOutcome.DIFFERS, ZERO)

    def _compare(self, order: Paid, lines: list[Line]) -> None:
        theirs, earlier = _sum(lines), self.found.orders.get(order.id)
        fee = sum((line.fee for line in lines), ZERO)
        back = sum(order.refunds, ZERO)
        is_netted = back > 0 and not any(self._order_of(r) == order.id for r in self.refunds)
        if earlier is not None:
            # Settled by another line of this file already: this one is too much.
            self._mark(lines, LineOutcome.AMOUNT_DIFFERS, order.id)
            self._gap(Cause.AMOUNT, ZERO, theirs, order=order.id)
            self._result(order, OrderOutcome.DIFFERS, earlier.theirs + theirs, ours=earlier.ours)
        elif fee > 0 and theirs + fee == order.due:
            self._settle(order, OrderOutcome.AFTER_FEE, lines, LineOutcome.AFTER_FEE)
            self._gap(Cause.FEE, order.due, theirs, order=order.id)
        elif is_netted and theirs == order.due - back:
            self._settle(order, OrderOutcome.AFTER_REFUND, lines, LineOutcome.AFTER_REFUND)
            self._gap(Cause.REFUNDED, order.due, theirs, order=order.id)
        else:
            cause = Cause.MISSING_OURS if order.paid == 0 else Cause.AMOUNT
            self._settle(order, OrderOutcome.DIFFERS, lines, LineOutcome.AMOUNT_DIFFERS)
            self._gap(cause, order.due, theirs, order=order.id)

    def _refund_lines(self) -> None:
        groups, rest = self._by_order(self.refunds)
        for line in rest:
            self._unknown(line)
        for order_id, lines in groups.items():
            self._compare_refunds(self.orders[order_id], lines)

    def _compare_refunds(self, order: Paid, lines: list[Line]) -> None:
        if order.id not in self.found.orders:
            self._without_payout(order, told=True)
        left = Counter(order.refunds)
        if -_sum(lines) == sum(order.refunds, ZERO):
            left.clear()
            self._mark(lines, LineOutcome.REFUND_AGREES, order.id)
        else:
            for line in lines:
                if left[-line.amount] > 0:
                    left[-line.amount] -= 1
                    self._end(line, LineOutcome.REFUND_AGREES, order.id)
                else:
                    self._end(line, LineOutcome.REFUND_UNKNOWN, order.id)
                    self._gap(Cause.MISSING_OURS, ZERO, line.amount, order=order.id, line=line)
                    self._refunds_differ(order)
        self._missing_refunds(order, left)

    def _missing_refunds(self, order: Paid, left: Counter[Decimal]) -> None:
        for amount in left.elements():
            self._gap(Cause.REFUND_MISSING, -amount, ZERO, order=order.id)
            self._refunds_differ(order)

    def _fee_lines(self) -> None:
        groups, rest = self._by_order(self.fees)
        for order_id, lines in groups.items():
            self._mark(lines, LineOutcome.FEE, order_id)
            self._gap(Cause.FEE, ZERO, _sum(lines), order=order_id)
        for line in rest:
            self._end(line, LineOutcome.FEE)
            self._gap(Cause.FEE, ZERO, line.amount, line=line)

    def _unmentioned(self) -> None:
        """What no line has told of: payouts of orders, and refunds that have arrived."""
        for order in self.orders.values():
            if order.in_period and order.id not in self.found.orders:
                self._without_payout(order, told=False)
        compared = {
            order
            for outcome, order in self.found.lines.values()
            if outcome in (LineOutcome.REFUND_AGREES, LineOutcome.REFUND_UNKNOWN)
        }
        # The gap of these is about the order's whole money already.
        silent = (OrderOutcome.AFTER_REFUND, OrderOutcome.REFUNDED, OrderOutcome.MISSING)
        for order_id, result in list(self.found.orders.items()):
            if order_id not in compared and result.outcome not in silent:
                order = self.orders[order_id]
                self._missing_refunds(order, Counter(order.refunds))

    def _without_payout(self, order: Paid, *, told: bool) -> None:
        """No money came for the order; `told` when its refunds were compared all the same."""
        if order.due == 0:
            outcome = OrderOutcome.ELSEWHERE if order.settled else OrderOutcome.SETTLED
            self._result(order, outcome, ZERO)
        elif not told and order.due == sum(order.refunds, ZERO):
            self._result(order, OrderOutcome.REFUNDED, ZERO)
            self._gap(Cause.REFUNDED, order.due, ZERO, order=order.id)
        else:
            self._result(order, OrderOutcome.MISSING, ZERO)
            self._gap(Cause.MISSING_THEIRS, order.due, ZERO, order=order.id)

    # -- small things ------------------------------------------------------------------------

    def _take_payouts(self) -> list[Line]:
        taken, self.payouts = self.payouts, []
        return taken

    def _named(self, line: Line) -> Paid | None:
        if len(line.numbers) != 1:
            return None
        order_id = self.by_number.get(line.numbers[0])
        return None if order_id is None else self.orders[order_id]

    def _order_of(self, line: Line) -> int | None:
        """The one order that the line is about, by its number or else by its transaction."""
        if len(line.numbers) > 1:
            return None
        order = self._named(line)
        return order.id if order else self.by_transaction.get(line.transaction, (None, ZERO))[0]

    def _free_orders(self, line: Line) -> list[Paid]:
        ids = dict.fromkeys(self.by_number[n] for n in line.numbers if n in self.by_number)
        return [self.orders[pk] for pk in ids if pk not in self.found.orders]

    def _by_order(self, lines: Iterable[Line]) -> tuple[dict[int, list[Line]], list[Line]]:
        groups: defaultdict[int, list[Line]] = defaultdict(list)
        rest = []
        for line in lines:
            order_id = self._order_of(line)
            if order_id is None:
                rest.append(line)
            else:
                groups[order_id].append(line)
        return groups, rest

    @staticmethod
    def _is(line: Line, order: Paid) -> bool:
        return line.amount == order.due

    def _settle(
        self, order: Paid, outcome: OrderOutcome, lines: list[Line], line_outcome: LineOutcome
    ) -> None:
        self._mark(lines, line_outcome, order.id)
        self._result(order, outcome, _sum(lines))

    def _result(
        self, order: Paid, outcome: OrderOutcome, theirs: Decimal, ours: Decimal | None = None
    ) -> None:
        expected = order.due if ours is None else ours
        self.found.orders[order.id] = OrderResult(outcome, expected, theirs)

    def _refunds_differ(self, order: Paid) -> None:
        """The order's money is right so far, its refunds are not."""
        result = self.found.orders.get(order.id)
        if result is not None and result.outcome in _RIGHT:
            self._result(order, OrderOutcome.REFUND_DIFFERS, result.theirs, ours=result.ours)

    def _unknown(self, line: Line) -> None:
        self._end(line, LineOutcome.UNKNOWN_ORDER)
        self._gap(Cause.UNKNOWN_ORDER, ZERO, line.amount, line=line)

    def _mark(self, lines: Iterable[Line], outcome: LineOutcome, order: int) -> None:
        for line in lines:
            self._end(line, outcome, order)

    def _end(self, line: Line, outcome: LineOutcome, order: int | None = None) -> None:
        if line.row in self.found.lines:
            raise AssertionError(f"row {line.row} has an outcome already")
        self.found.lines[line.row] = (outcome, order)

    def _gap(
        self,
        cause: Cause,
        ours: Decimal,
        theirs: Decimal,
        *,
        order: int | None = None,
        line: Line | None = None,
    ) -> None:
        number = "、".join(line.numbers) or line.transaction if line else ""
        row = line.row if line else None
        self.found.gaps.append(Gap(cause, ours, theirs, order, number, row))


_RIGHT = (
    OrderOutcome.SETTLED,
    OrderOutcome.IN_PARTS,
    OrderOutcome.TOGETHER,
    OrderOutcome.AFTER_FEE,
    OrderOutcome.ELSEWHERE,
)


def _sum(lines: Iterable[Line]) -> Decimal:
    return sum((line.amount for line in lines), ZERO)


def _due(orders: Iterable[Paid]) -> Decimal:
    return sum((order.due for order in orders), ZERO)
