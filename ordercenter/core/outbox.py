"""Telling whoever must hear of an event: at least once, in order per story, never forgotten.

A handler is registered once, under a name that stays (it is stored in the rows). The relay
claims the oldest pending delivery of each (handler, story), so two deliveries of one story never
run at the same time or out of order for the same handler. A claim is a lease: the row's moment
is moved into the future and the attempt is counted, so a killed relay loses nothing and a
handler that kills its relay runs out of attempts.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)
from django.utils import timezone

from ordercenter.core.models.timeline import Delivery, Event
from ordercenter.core.waiting import Listener, back_off, through_restarts

log = structlog.get_logger(__name__)

CHANNEL = "outbox"
LANES = ("local", "outside")
# Longer than the slowest call to the outside may take.
LEASE_SECONDS = 60
RENEW_SECONDS = 15.0
BATCH = 100
MAX_ATTEMPTS = 8
SWEEP_SECONDS = 2.0
LOOK_SECONDS = 10.0

Handle = Callable[[Event], None]
Look = Callable[[], object]
Companion = Callable[[threading.Event], None]


class RetryLater(Exception):
    """Raised by a handler: not now. `after` is the number of seconds to wait, None for back-off."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class GiveUp(Exception):
    """Raised by a handler: trying again won't help; a person must look at the dead letter."""


@dataclass(frozen=True, slots=True)
class Handler:
    """Somebody who answers events. Lane `outside` is for handlers that wait for a network."""

    name: str
    handle: Handle
    kinds: frozenset[str]
    lane: str
    max_attempts: int


_handlers: dict[str, Handler] = {}
_by_kind: dict[str, list[Handler]] = {}


def handles(
    *kinds: str, name: str, lane: str = "local", max_attempts: int = MAX_ATTEMPTS
) -> Callable[[Handle], Handle]:
    """Register a function that answers these kinds of event.

    It must be safe to run twice, and must not hold a transaction over a network call.
    """
    if lane not in LANES:
        raise ValueError(f"unknown lane {lane}")

    def register(handle: Handle) -> Handle:
        if name in _handlers:
            raise ValueError(f"two handlers are named {name}")
        handler = Handler(name, handle, frozenset(kinds), lane, max_attempts)
        _handlers[name] = handler
        for kind in handler.kinds:
            _by_kind.setdefault(kind, []).append(handler)
        return handle

    return register


def unregister(name: str) -> None:
    """Forget a handler; its rows that wait turn into dead letters when their turn comes."""
    handler = _handlers.pop(name)
    for kind in handler.kinds:
        _by_kind[kind].remove(handler)


def listeners(kinds: Iterable[str]) -> list[tuple[str, Handler]]:
    """Every (kind, handler) pair for these kinds."""
    return [(kind, handler) for kind in kinds for handler in _by_kind.get(kind, ())]


# Times are the statement's, as in the rows' defaults: now() would be an open transaction's start.
# Only the head of each (handler, stream) is taken. A head another relay holds is skipped, and
# what stands behind it is not a head, so order per story holds for any number of relays.
_CLAIM = """
WITH heads AS (
  SELECT d.id FROM core_delivery d
   WHERE d.state = 'pending' AND d.lane = %s AND d.not_before <= statement_timestamp()
     AND NOT EXISTS (
       SELECT 1 FROM core_delivery earlier
        WHERE earlier.state = 'pending' AND earlier.handler = d.handler
          AND earlier.stream = d.stream AND earlier.id < d.id)
   ORDER BY d.id LIMIT %s
   FOR UPDATE OF d SKIP LOCKED
)
UPDATE core_delivery d
   SET attempts = d.attempts + 1, not_before = statement_timestamp() + make_interval(secs => %s)
  FROM heads
 WHERE d.id = heads.id AND d.state = 'pending' AND d.not_before <= statement_timestamp()
RETURNING d.id
"""


def claim(lane: str, limit: int = BATCH) -> list[Delivery]:
    """Take deliveries under a lease of `LEASE_SECONDS`; each is a different story's oldest."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [lane, limit, LEASE_SECONDS])
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return []
    return list(Delivery.objects.filter(pk__in=ids).select_related("event").order_by("pk"))


def drain(lane: str = "local", limit: int = BATCH) -> int:
    """Claim once and handle what was claimed; the number of deliveries that were worked on.

    A batch that takes long renews the lease of its rest on the way, and leaves out what another
    relay has taken over meanwhile.
    """
    waiting = deque(claim(lane, limit))
    worked_on = 0
    finished: list[Delivery] = []
    renew_at = time.monotonic() + RENEW_SECONDS
    while waiting:
        delivery = waiting.popleft()
        error = _attempt(delivery)
        worked_on += 1
        if error is None:
            finished.append(delivery)
        else:
            _put_off(delivery, error)
        if time.monotonic() >= renew_at:
            _finish(finished)
            finished = []
            waiting = _renew(waiting)
            renew_at = time.monotonic() + RENEW_SECONDS
    _finish(finished)
    return worked_on


# The number of attempts is the mark of a lease: whoever takes a row over counts one more.
_RENEW = """
UPDATE core_delivery d SET not_before = statement_timestamp() + make_interval(secs => %s)
  FROM unnest(%s::bigint[], %s::int[]) AS ours(id, attempts)
 WHERE d.id = ours.id AND d.attempts = ours.attempts AND d.state = 'pending'
RETURNING d.id
"""


def _renew(waiting: Collection[Delivery]) -> deque[Delivery]:
    """Those whose lease is still ours, under a new lease."""
    if not waiting:
        return deque()
    with connection.cursor() as cursor:
        parameters = [[d.pk for d in waiting], [d.attempts for d in waiting]]
        cursor.execute(_RENEW, [LEASE_SECONDS, *parameters])
        ours = {row[0] for row in cursor.fetchall()}
    return deque(delivery for delivery in waiting if delivery.pk in ours)


def _attempt(delivery: Delivery) -> Exception | None:
    handler = _handlers.get(delivery.handler)
    if handler is None:
        return GiveUp("no handler of this name is installed")
    if delivery.attempts > handler.max_attempts:
        return GiveUp("every attempt ended with the death of its relay")
    try:
        handler.handle(delivery.event)
    except (OperationalError, InterfaceError) as error:
        close_old_connections()
        return error
    except Exception as error:
        return error
    return None


def _finish(deliveries: Sequence[Delivery]) -> None:
    if deliveries:
        Delivery.objects.filter(pk__in=[d.pk for d in deliveries], state="pending").update(
            state=Delivery.State.DONE, finished_at=timezone.now(), last_error=""
        )


def _put_off(delivery: Delivery, error: Exception) -> None:
    """Plan the next attempt with back-off and jitter, or make it a dead letter."""
    handler = _handlers.get(delivery.handler)
    limit = handler.max_attempts if handler else 1
    text = _printable(f"{type(error).__name__}: {error}")[:2000]
    dead = isinstance(error, GiveUp) or delivery.attempts >= limit
    wait = error.after if isinstance(error, RetryLater) else None
    if wait is None:
        wait = back_off(delivery.attempts, first=1.0, most=600.0)
    Delivery.objects.filter(pk=delivery.pk, state="pending", attempts=delivery.attempts).update(
        state=Delivery.State.DEAD if dead else Delivery.State.PENDING,
        not_before=timezone.now() + timedelta(seconds=wait),
        last_error=text,
        finished_at=timezone.now() if dead else None,
    )
    log.warning(
        "delivery_failed",
        handler=delivery.handler,
        stream=delivery.stream,
        attempt=delivery.attempts,
        dead=dead,
        error=text,
    )


def _printable(text: str) -> str:
    """The text as the database can store it."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def send_again(delivery_ids: Iterable[int]) -> int:
    """Give dead letters a new set of attempts, from now on; the number of rows put back."""
    put_back = Delivery.objects.filter(pk__in=list(delivery_ids), state=Delivery.State.DEAD).update(
        state=Delivery.State.PENDING, attempts=0, not_before=timezone.now(), finished_at=None
    )
    _wake()
    return put_back


@transaction.atomic
def replay(handler_name: str, stream: str, after: int = 0) -> int:
    """Let one handler hear a story again from behind sequence `after`; the number of events."""
    handler = _handlers[handler_name]
    events = Event.objects.filter(
        stream=stream, sequence__gt=after, kind__in=handler.kinds
    ).order_by("sequence")
    ids = list(events.values_list("pk", flat=True))
    Delivery.objects.filter(event__in=ids, handler=handler_name).delete()
    Delivery.objects.bulk_create(
        Delivery(event_id=pk, handler=handler_name, lane=handler.lane, stream=stream) for pk in ids
    )
    return len(ids)


def _wake() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def relay(lane: str, stop: threading.Event) -> None:
    """Handle deliveries of one lane until `stop` is set; survives a database restart.

    Wakes by LISTEN/NOTIFY and looks by itself every `SWEEP_SECONDS`.
    """
    through_restarts(lambda: _relay_until_trouble(lane, stop), stop, who="relay", lane=lane)


def _relay_until_trouble(lane: str, stop: threading.Event) -> None:
    listener = Listener(CHANNEL)
    looked_at = time.monotonic() - LOOK_SECONDS
    while not stop.is_set():
        listener.listen()
        worked_on = drain(lane)
        # One lane looks; a long backlog does not keep it from looking.
        if lane == LANES[0] and time.monotonic() - looked_at >= LOOK_SECONDS:
            look_around()
            looked_at = time.monotonic()
        if not worked_on:
            listener.wait(SWEEP_SECONDS)


_companions: list[Companion] = []


def beside_relay(run: Companion) -> Companion:
    """Let the relay's process run this in a thread of its own, beside the lanes.

    For what must go on all the time and would hold up a lane, because it waits for others. It
    gets the event that tells it to stop, and survives a database restart by itself.
    """
    if run not in _companions:
        _companions.append(run)
    return run


def companions() -> tuple[Companion, ...]:
    """What was registered with `beside_relay`."""
    return tuple(_companions)


_looks: list[Look] = []


def on_idle(look: Look) -> Look:
    """Let the relay call this about every `LOOK_SECONDS`, between two batches.

    It has to be quick: it looks whether something is due and starts a task for it. What it
    raises is logged and does not stop the relay, except that a lost database is waited for.
    """
    if look not in _looks:
        _looks.append(look)
    return look


def look_around() -> None:
    """Call everything that was registered with `on_idle` once."""
    for look in _looks:
        try:
            look()
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("idle_look_failed", look=getattr(look, "__qualname__", repr(look)))
