"""Stored messages become orders, updates of orders, or visible problems; none is left over.

New orders are entered in batches, one transaction each: raw messages, orders, promises of stock
and the notes of what became of them commit together, so a death at any moment leaves messages
either done or still to be done. A batch that fails is halved until the one bad message is alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg.types.json import Jsonb

from integrations.channels.base import parse
from integrations.intake import statements
from integrations.intake.converters import Unreadable, show
from integrations.intake.mapping import CompiledMapping, Reading, Stage
from integrations.intake.raw_store import Raw
from integrations.models import ChannelOrder, Problem, RawMessage, RawState, ToldChannel
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from orders import channel_fields
from orders.actions import ChannelUpdate, open_work_order, place_orders, take_channel_update
from orders.actions.channel_update import ChannelMove, UpdateOutcome
from orders.models import Order, OrderState, Shop, WorkOrderKind
from orders.models.orders import BEFORE_PACKING

log = structlog.get_logger(__name__)

BATCH = 100
_TRIES = 4
# A deadlock, or a transaction that has to be done again: nobody's data is at fault.
_TRY_AGAIN = ("40001", "40P01")


@dataclass(frozen=True, slots=True)
class Reader:
    """Which mapping reads the messages of which shop."""

    shop: Shop
    mapping_id: int
    mapping: CompiledMapping

    @property
    def actor(self) -> Actor:
        return Actor.system(f"channel:{self.shop.code}")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one message."""

    raw_id: int
    state: RawState
    order_id: int | None = None
    problem: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A message that was understood."""

    raw: Raw
    reading: Reading

    @property
    def number(self) -> str:
        return self.reading.draft.external_number


def process(reader: Reader, raws: Sequence[Raw]) -> Counter[str]:
    """Read and carry out the messages, at most `BATCH` at a time; how many came to which state.

    Messages that somebody else has carried out meanwhile are left alone.
    """
    tally: Counter[str] = Counter()
    for start in range(0, len(raws), BATCH):
        tally += _process_batch(reader, raws[start : start + BATCH])
    return tally


def _process_batch(reader: Reader, raws: Sequence[Raw]) -> Counter[str]:
    items, fates = _read_all(reader, raws)
    known = _known_numbers(reader.shop, [item.number for item in items])
    fresh: dict[str, Item] = {}
    later: list[Item] = []
    for item in items:
        if item.number in known or item.number in fresh:
            later.append(item)
        else:
            fresh[item.number] = item
    tally = _settle(reader, fates) + _place(reader, list(fresh.values()))
    for item in later:
        tally += _carry_out(reader, item)
    return tally


def _read_all(reader: Reader, raws: Iterable[Raw]) -> tuple[list[Item], list[Fate]]:
    items: list[Item] = []
    fates: list[Fate] = []
    for raw in raws:
        try:
            items.append(Item(raw, read_raw(reader.mapping, raw)))
        except Unreadable as error:
            fates.append(_quarantined(raw, error.problem, error.detail))
    return items, fates


def read_raw(mapping: CompiledMapping, raw: Raw) -> Reading:
    """What the mapping makes of a stored message. Raises `Unreadable`."""
    document = raw.document
    if document is None:
        try:
            document = parse(raw.body)
        except ValueError as error:
            raise Unreadable(Problem.MALFORMED, str(error)) from None
    reading = mapping.read(document)
    number = reading.draft.external_number
    if raw.number and number != raw.number:
        raise Unreadable(Problem.OTHER_ORDER, f"{raw.number} ≠ {show(number)}")
    return reading


def _quarantined(raw: Raw, problem: Problem, detail: str) -> Fate:
    return Fate(raw.id, RawState.QUARANTINED, None, problem, detail)


def _known_numbers(shop: Shop, numbers: Sequence[str]) -> set[str]:
    rows = Order.objects.filter(shop=shop, external_number__in=numbers)
    return set(rows.values_list("external_number", flat=True))


def _place(reader: Reader, items: Sequence[Item]) -> Counter[str]:
    """Enter orders we did not know; halve what fails until the reason stands alone."""
    if not items:
        return Counter()
    try:
        return _until_it_commits(lambda: _place_at_once(reader, items))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(items) > 1:
            middle = len(items) // 2
            return _place(reader, items[:middle]) + _place(reader, items[middle:])
        item = items[0]
        if _known_numbers(reader.shop, [item.number]):
            # Somebody entered it a moment ago.
            return _carry_out(reader, item)
        log.exception("message_not_placed", raw=item.raw.id)
        return _settle(reader, [_quarantined(item.raw, Problem.NOT_PLACED, _words(error))])


@transaction.atomic
def _place_at_once(reader: Reader, items: Sequence[Item]) -> Counter[str]:
    free = _lock([item.raw.id for item in items])
    items = [item for item in items if item.raw.id in free]
    fates = [fate for fate in map(_fate_at_first_sight, items) if fate is not None]
    decided = {fate.raw_id for fate in fates}
    items = [item for item in items if item.raw.id not in decided]
    placed = place_orders(reader.shop, [i.reading.draft for i in items], actor=reader.actor)
    orders = [done.order for done in placed]
    _remember(reader.shop, items, orders)
    for item, order in zip(items, orders, strict=True):
        if item.reading.stage is Stage.CANCELLED:
            _update_order(reader, item, order.pk, channel_fields.of_draft(item.reading.draft))
        fates.append(Fate(item.raw.id, RawState.APPLIED, order.pk))
    return _settle(reader, fates) + Counter(placed=len(orders))


def _lock(raw_ids: Sequence[int]) -> set[int]:
    """Those of the messages that still wait to be read, locked for this transaction."""
    rows = RawMessage.objects.select_for_update(skip_locked=True, of=("self",))
    return set(rows.filter(pk__in=raw_ids, state=RawState.NEW).values_list("pk", flat=True))


def _fate_at_first_sight(item: Item) -> Fate | None:
    """The end of a message about an unknown order whose goods have left already; else None.

    We did not ship it, so there is nothing we could promise; entering it would ship it twice.
    """
    stage = item.reading.stage
    if stage in (Stage.SHIPPED, Stage.FINISHED):
        return Fate(item.raw.id, RawState.UNCHANGED, problem=Problem.LEFT_BEFORE)
    if stage is Stage.PARTLY_SHIPPED:
        status = item.reading.draft.channel_status
        return _quarantined(item.raw, Problem.PARTLY_SHIPPED, status)
    return None


_REMEMBER = """
INSERT INTO integrations_channelorder (order_id, shop_id, external_number, base, lines, modified_at)
SELECT k.order_id, %b, k.number, k.base, k.lines, k.modified
  FROM unnest(%b::bigint[], %b::text[], %b::jsonb[], %b::jsonb[], %b::timestamptz[])
       AS k(order_id, number, base, lines, modified)
"""


def _remember(shop: Shop, items: Sequence[Item], orders: Sequence[Order]) -> None:
    """Keep what the channel said of these new orders, for the merge with what it says next."""
    drafts = [item.reading.draft for item in items]
    statements.run(
        _REMEMBER,
        [
            shop.pk,
            [order.pk for order in orders],
            [draft.external_number for draft in drafts],
            [Jsonb(channel_fields.of_draft(draft)) for draft in drafts],
            [Jsonb([line.channel_line for line in draft.lines]) for draft in drafts],
            [draft.channel_modified_at for draft in drafts],
        ],
    )


def _carry_out(reader: Reader, item: Item) -> Counter[str]:
    """One message about an order that is probably known; in a transaction of its own."""
    if not _known_numbers(reader.shop, [item.number]):
        return _place(reader, [item])
    try:
        return _until_it_commits(lambda: _update(reader, item))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("message_not_taken_over", raw=item.raw.id)
        return _settle(reader, [_quarantined(item.raw, Problem.NOT_UPDATED, _words(error))])


@transaction.atomic
def _update(reader: Reader, item: Item) -> Counter[str]:
    if not _lock([item.raw.id]):
        return Counter()
    order_id = Order.objects.values_list("pk", flat=True).get(
        shop=reader.shop, external_number=item.number
    )
    # An order typed in by hand has no base: then every difference is for a person.
    known = ChannelOrder.objects.select_for_update().filter(order=order_id).first()
    outcome = _update_order(reader, item, order_id, known.base if known else {})
    if outcome is not UpdateOutcome.STALE:
        draft = item.reading.draft
        ChannelOrder.objects.update_or_create(
            order_id=order_id,
            defaults={
                "shop": reader.shop,
                "external_number": item.number,
                "base": channel_fields.of_draft(draft),
                "lines": [line.channel_line for line in draft.lines],
                "modified_at": draft.channel_modified_at,
            },
        )
    return _settle(reader, [Fate(item.raw.id, RawState(str(outcome)), order_id)])


_MOVES = {Stage.CANCELLED: ChannelMove.CANCEL, Stage.FINISHED: ChannelMove.COMPLETE}


def _update_order(reader: Reader, item: Item, order_id: int, base: dict[str, str]) -> UpdateOutcome:
    move = _MOVES.get(item.reading.stage, ChannelMove.NONE)
    update = ChannelUpdate(item.reading.draft, base, move)
    outcome = take_channel_update(order_id, update, actor=reader.actor)
    if outcome is not UpdateOutcome.STALE:
        _stop_second_shipment(reader, item, order_id)
    return outcome


def _stop_second_shipment(reader: Reader, item: Item, order_id: int) -> None:
    """Goods that somebody shipped in the channel's own pages must not leave again."""
    if item.reading.stage not in (Stage.SHIPPED, Stage.PARTLY_SHIPPED):
        return
    state = Order.objects.values_list("state", flat=True).get(pk=order_id)
    is_here = state in (*BEFORE_PACKING, OrderState.PACKED)
    if is_here and not ToldChannel.objects.filter(line__order=order_id).exists():
        open_work_order(
            order_id,
            kind=WorkOrderKind.CHANNEL_CONFLICT,
            title=_("The channel says shipped, but not by us: don't ship it twice"),
            detail={"channel_status": item.reading.draft.channel_status},
            owner_role="cs",
            blocks=("pack", "dispatch"),
            actor=reader.actor,
        )


def _until_it_commits(work: Callable[[], Counter[str]]) -> Counter[str]:
    """Do it, and again where the database asked to try once more (deadlock)."""
    for attempt in range(1, _TRIES + 1):
        try:
            return work()
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if attempt == _TRIES or state not in _TRY_AGAIN or connection.in_atomic_block:
                raise
    raise AssertionError("the last try either returns or raises")


_WRITE_FATES = """
UPDATE integrations_rawmessage r
   SET state = f.state, problem = f.problem, detail = f.detail, order_id = f.order_id,
       mapping_id = %b, processed_at = %b
  FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[], %b::bigint[])
       AS f(id, state, problem, detail, order_id)
 WHERE r.id = f.id AND r.state = 'new'
"""


def _settle(reader: Reader, fates: Sequence[Fate]) -> Counter[str]:
    """Write down what became of the messages, with one statement."""
    if fates:
        statements.run(
            _WRITE_FATES,
            [
                reader.mapping_id,
                moments.now(),
                [fate.raw_id for fate in fates],
                [str(fate.state) for fate in fates],
                [str(fate.problem) for fate in fates],
                [fate.detail for fate in fates],
                [fate.order_id for fate in fates],
            ],
        )
    return Counter(str(fate.state) for fate in fates)


def _words(error: Exception) -> str:
    """The first line of an error; the database's own words are more than a person needs."""
    kind = type(error).__name__ if isinstance(error, DatabaseError) else ""
    text = str(error).partition("\n")[0]
    return f"{kind} {text}".strip()[:500]
