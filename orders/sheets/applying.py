"""Changed cells become changes of orders, each through the action that a button calls.

Plain fields go in batches, everything else order by order. Under the order's lock each cell is
merged once more with what stands there then: what turned stale since it was compared is a
conflict, never a lost change and never a dropped one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, groupby, islice
from operator import attrgetter

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, DomainError, WrongState
from ordercenter.core.merge import Outcome, merge_field
from orders import actions
from orders.actions import PlainChange, apply_sheet_changes
from orders.actions.sheet_changes import PLAIN_FIELDS
from orders.models import Order, OrderState, Urgency
from orders.plain import plain
from orders.receiver import Receiver, tidy_phone, tidy_text
from orders.sheets.columns import ADDRESS, RECEIVER
from orders.sheets.models import SheetCell

BATCH = 1_000
ROWS_AT_ONCE = 100
Progress = Callable[[int], None]

# The moves a sheet can ask for, by the state that is chosen.
MOVES: Mapping[str, Callable[..., Order]] = {
    OrderState.PENDING_FINANCE: actions.approve_order,
    OrderState.PREPARING: actions.confirm_funds_order,
    OrderState.COMPLETED: actions.complete_order,
    OrderState.CANCELLED: actions.cancel_order,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """An applied cell on its way to the order, or what became of it."""

    id: int
    order_id: int
    field: str
    base: str
    theirs: str
    yours: str
    cancel_reason: str = ""
    # The whole address as it was exported.
    address: tuple[str, ...] = ()
    outcome: str = SheetCell.Outcome.APPLIED
    reason: str = ""
    message: str = ""


Take = Callable[[Order, list[Cell], Actor], None]

# Orders with nothing but plain fields go together, the others one by one. Which is which must
# not hang on outcomes: they change on the way, and an order's turn comes once.
_CHOSEN = """
(SELECT k.*, bool_and(k.field = ANY(%(plain)s) OR k.field = '')
             OVER (PARTITION BY k.order_id) AS is_plain
   FROM sheets_sheetcell k WHERE k.run_id = %(run)s) c
"""
_ALONE = f"""
SELECT c.id, c.order_id, c.field, c.base, c.theirs, c.yours, y.cancel_reason,
       ARRAY[{", ".join(f"b.{key}" for key in ADDRESS)}]
  FROM {_CHOSEN} JOIN sheet_yours y ON y.row = c.row JOIN sheet_base b USING (token)
 WHERE NOT c.is_plain AND c.outcome = 'applied' ORDER BY c.order_id, c.id
"""
# Neighbours come in different batches: then each page of orders has room for its new versions,
# and no index is touched (orders_order keeps a fifth of every page free).
_ROUNDS = 5
_TOGETHER = f"""
SELECT c.id, c.order_id, c.field, c.base, c.theirs, c.yours FROM {_CHOSEN}
 WHERE c.is_plain AND c.outcome = 'applied'
 ORDER BY c.order_id %% {_ROUNDS}, c.order_id, c.id
"""
_STORE = """
UPDATE sheets_sheetcell c
   SET outcome = w.outcome, theirs = w.theirs, reason = w.reason, message = w.message
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
       AS w(id, outcome, theirs, reason, message)
 WHERE c.id = w.id
"""


def apply(run_id: int, *, actor: Actor, is_dry: bool, progress: Progress) -> None:
    """Carry out the applied cells of the run; refusals and conflicts are stored on the cells.

    A dry run does the same and takes it back order by order, so that it knows what the actions
    would say; plain fields have nothing to say and are not tried.
    """
    done = 0
    for done, cells in enumerate(_by_order(_ALONE, run_id), start=1):
        _store(_apply_order(cells, actor, is_dry))
        if done % ROWS_AT_ONCE == 0:
            progress(done)
    progress(done)
    if not actor.may("orders.note_order"):
        _refuse_plain(run_id)
        return
    if is_dry:
        return
    for orders in _batches(_by_order(_TOGETHER, run_id), BATCH):
        _apply_plain(list(chain.from_iterable(orders)), actor)
        done += len(orders)
        progress(done)


def _by_order(query: str, run_id: int) -> Iterator[list[Cell]]:
    """The cells of one order after the other; one statement, however many they are."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, {"run": run_id, "plain": list(PLAIN_FIELDS)})
        cells = (Cell(*row) for rows in iter(partial(cursor.fetchmany, BATCH), []) for row in rows)
        for _order_id, mine in groupby(cells, key=attrgetter("order_id")):
            yield list(mine)


def _batches(orders: Iterator[list[Cell]], size: int) -> Iterator[list[list[Cell]]]:
    while batch := list(islice(orders, size)):
        yield batch


def _store(cells: Iterable[Cell]) -> None:
    """Write down what became of cells that were not simply applied."""
    turned = [cell for cell in cells if cell.outcome != SheetCell.Outcome.APPLIED]
    if not turned:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            [
                [cell.id for cell in turned],
                [cell.outcome for cell in turned],
                [cell.theirs for cell in turned],
                [cell.reason for cell in turned],
                [cell.message[:300] for cell in turned],
            ],
        )


def _refuse_plain(run_id: int) -> None:
    """Every applied cell that is still to be written becomes refused."""
    SheetCell.objects.filter(run=run_id, outcome="applied", field__in=PLAIN_FIELDS).update(
        outcome=SheetCell.Outcome.REFUSED, reason="forbidden"
    )


# -- plain fields, many orders at once -------------------------------------------------------


def _apply_plain(cells: Sequence[Cell], actor: Actor) -> None:
    changes = [PlainChange(cell.order_id, cell.field, cell.base, cell.yours) for cell in cells]
    merges = apply_sheet_changes(changes, actor=actor)
    _store(
        replace(cell, outcome=str(merge.outcome), theirs=merge.theirs)
        for cell, merge in zip(cells, merges, strict=True)
    )


# -- everything else, order by order ---------------------------------------------------------


class _TakenBack(Exception):
    """Ends a dry run's transaction."""


def _apply_order(cells: Sequence[Cell], actor: Actor, is_dry: bool) -> list[Cell]:
    """What became of the cells of one order; the state comes last."""
    outcome: list[Cell] = []
    try:
        with transaction.atomic():
            order = Order.objects.locked(cells[0].order_id, seen=None)
            for fields, take in _STEPS:
                mine = _merged_again([cell for cell in cells if cell.field in fields], order)
                going = [cell for cell in mine if cell.outcome == SheetCell.Outcome.APPLIED]
                outcome += [cell for cell in mine if cell.outcome != SheetCell.Outcome.APPLIED]
                if going:
                    outcome += _try(take, order, going, actor)
            if is_dry:
                raise _TakenBack
    except _TakenBack:
        pass
    return outcome


def _merged_again(cells: Sequence[Cell], order: Order) -> list[Cell]:
    """The cells against what stands on the locked order; an address moves as a whole."""
    address = [plain(getattr(order, key)) for key in ADDRESS]
    merged = []
    for cell in cells:
        if cell.field == "note":
            merged.append(cell)
            continue
        theirs = plain(str(getattr(order, cell.field)))
        found = merge_field(cell.field, cell.base, theirs, cell.yours).outcome
        if cell.field in ADDRESS and found is Outcome.APPLIED and address != list(cell.address):
            found = Outcome.CONFLICT
        merged.append(replace(cell, outcome=str(found), theirs=theirs))
    return merged


def _try(take: Take, order: Order, cells: list[Cell], actor: Actor) -> list[Cell]:
    try:
        with transaction.atomic():
            take(order, cells, actor)
    except DomainError as refusal:
        return [
            replace(
                cell,
                outcome=SheetCell.Outcome.REFUSED,
                reason=refusal.code,
                message=_sentence(refusal),
            )
            for cell in cells
        ]
    return cells


def _sentence(refusal: DomainError) -> str:
    """The refusal with what it says about single fields."""
    named = refusal.details.get("fields") or {}
    spoken = [
        str(text) for texts in named.values() for text in texts if not str(text).isidentifier()
    ]
    return " ".join([str(refusal), *spoken])


def _change_address(order: Order, cells: list[Cell], actor: Actor) -> None:
    parts = {key.removeprefix("receiver_"): getattr(order, key) for key in RECEIVER}
    for cell in cells:
        tidy = tidy_phone if cell.field == "receiver_phone" else tidy_text
        parts[cell.field.removeprefix("receiver_")] = tidy(cell.yours)
    receiver = Receiver(**parts)
    if receiver.is_masked:
        raise BadInput(
            _("The channel hides this receiver. Enter name, phone and street completely.")
        )
    actions.change_address(order.pk, seen=None, receiver=receiver, actor=actor)


def _set_memo(order: Order, cells: list[Cell], actor: Actor) -> None:
    actions.set_memo(order.pk, seen=None, text=cells[0].yours, actor=actor)


def _set_urgency(order: Order, cells: list[Cell], actor: Actor) -> None:
    actions.set_urgency(order.pk, seen=None, urgency=Urgency(cells[0].yours), actor=actor)


def _add_note(order: Order, cells: list[Cell], actor: Actor) -> None:
    actions.add_note(order.pk, text=cells[0].yours, actor=actor)


def _move(order: Order, cells: list[Cell], actor: Actor) -> None:
    target = OrderState(cells[0].yours)
    move = MOVES.get(target)
    if move is None:
        raise WrongState(
            _("A sheet can't bring an order to “%(state)s”; that happens where the work is done.")
            % {"state": target.label}
        )
    if target == OrderState.CANCELLED:
        move(order.pk, seen=None, reason=cells[0].cancel_reason, actor=actor)
    else:
        move(order.pk, seen=None, actor=actor)


# The state comes last: a cancelled or packed order takes nothing else any more.
_STEPS: tuple[tuple[frozenset[str], Take], ...] = (
    (frozenset(RECEIVER), _change_address),
    (frozenset({"seller_memo"}), _set_memo),
    (frozenset({"urgency"}), _set_urgency),
    (frozenset({"note"}), _add_note),
    (frozenset({"state"}), _move),
)
