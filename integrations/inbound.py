"""Incoming calls: stored byte for byte at the door, read afterwards, replayable.

Each system registers who reads its calls (`@reads`); what is stored under a source nobody reads
is failed and shown to people.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from urllib.parse import parse_qsl

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext as _

from integrations.models import InboundCall
from ordercenter.core import moments
from ordercenter.core.errors import DomainError
from ordercenter.core.visitors import address_of

log = structlog.get_logger(__name__)

MOST_FIELDS = 20
KEPT_OF_REFUSED = 8 * 1024
MOST_ATTEMPTS = 5
LEASE = timedelta(seconds=120)

Reader = Callable[[InboundCall], None]
_readers: dict[str, Reader] = {}


class Unreadable(Exception):
    """The body can't be understood; a person looks at it."""


def reads(*sources: str) -> Callable[[Reader], Reader]:
    """Register who does what calls of these sources say. It raises `Unreadable` or a refusal."""

    def register(reader: Reader) -> Reader:
        for source in sources:
            if source in _readers:
                raise ValueError(f"two readers for {source}")
            _readers[source] = reader
        return reader

    return register


_STORE = """
INSERT INTO integrations_inboundcall AS c
       (source, path_token, headers, body, sha256, repeats, received_at, state, attempts,
        not_before, error)
VALUES (%s, %s, %s::jsonb, %s, %s, 0, %s, %s, 0, %s, %s)
ON CONFLICT (source, path_token, sha256) DO UPDATE SET repeats = c.repeats + 1
RETURNING id, xmax = 0
"""


def store_call(
    source: str,
    token: str,
    body: bytes,
    *,
    headers: str = "{}",
    state: InboundCall.State = InboundCall.State.NEW,
    error: str = "",
) -> tuple[int, bool]:
    """Keep a call; its id, and whether it is new. The same bytes again are only counted."""
    at = moments.now()
    digest = hashlib.sha256(body).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [source, token, headers, body, digest, at, state, at, error])
        row = cursor.fetchone()
    return row[0], row[1]


def note_refused(
    request: HttpRequest, source: str, token: str, body: bytes, *, why: str, headers: Iterable[str]
) -> None:
    """Keep the beginning of a call that nobody believes, for people; it is never read."""
    call_id, _is_new = store_call(
        source,
        token,
        body[:KEPT_OF_REFUSED],
        headers=kept_headers(request, headers),
        state=InboundCall.State.REFUSED,
        error=why,
    )
    log.warning(
        "inbound_call_refused", source=source, call=call_id, why=why, ip=address_of(request)
    )


def kept_headers(request: HttpRequest, names: Iterable[str]) -> str:
    """These headers as JSON, and the address that called."""
    kept = {name: request.headers[name][:600] for name in names if name in request.headers}
    return json.dumps(kept | {"Remote-Addr": request.META.get("REMOTE_ADDR", "")})


def form_of(body: bytes, most: int = MOST_FIELDS) -> dict[str, str]:
    """The fields of a form; the first of each name. Raises `Unreadable`."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=most,
        )
    except ValueError as error:
        raise Unreadable(_("no form")) from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def process_new(limit: int = 500) -> int:
    """Read the calls that wait; how many were read. Any number of workers may do so at once."""
    waiting = InboundCall.objects.filter(
        state=InboundCall.State.NEW, not_before__lte=moments.now()
    ).order_by("id")
    return sum(process_call(pk) for pk in list(waiting.values_list("pk", flat=True)[:limit]))


def process_call(call_id: int) -> bool:
    """Read one call, if it still waits and nobody else does; whether it was read.

    Its effect and its mark are one transaction. What can't be read is failed and shown to
    people; what a lost database interrupted is read again.
    """
    if not _claim(call_id):
        return False
    try:
        with transaction.atomic():
            call = InboundCall.objects.select_for_update().get(pk=call_id)
            _reader_of(call)(call)
            _close(call, InboundCall.State.DONE, "")
    except (OperationalError, InterfaceError):
        raise
    except (Unreadable, DomainError) as error:
        _fail(call_id, str(error))
    except Exception as error:
        log.exception("inbound_call_broke", call=call_id)
        _fail(call_id, f"{type(error).__name__}: {error}")
    return True


def _claim(call_id: int) -> bool:
    """Take the call under a lease; the attempt counts even if this worker dies in it."""
    at = moments.now()
    waiting = InboundCall.objects.filter(
        pk=call_id, state=InboundCall.State.NEW, not_before__lte=at
    )
    if waiting.filter(attempts__gte=MOST_ATTEMPTS).exists():
        _fail(call_id, _("every attempt ended with the death of its worker"))
        return False
    return bool(waiting.update(attempts=F("attempts") + 1, not_before=at + LEASE))


def _fail(call_id: int, why: str) -> None:
    call = InboundCall.objects.get(pk=call_id)
    _close(call, InboundCall.State.FAILED, why)
    log.warning("inbound_call_failed", call=call_id, error=why)


def _close(call: InboundCall, state: InboundCall.State, error: str) -> None:
    call.state, call.error, call.processed_at = state, error[:1000], moments.now()
    call.save(update_fields=["state", "error", "processed_at"])


def read_again(call_id: int) -> bool:
    """Let a call that failed wait for being read anew; whether it had failed."""
    return bool(
        InboundCall.objects.filter(pk=call_id, state=InboundCall.State.FAILED).update(
            state=InboundCall.State.NEW, attempts=0, not_before=moments.now(), error=""
        )
    )


def _reader_of(call: InboundCall) -> Reader:
    reader = _readers.get(call.source)
    if reader is None:
        raise Unreadable(_("nobody reads calls of %(source)s") % {"source": call.source})
    return reader
