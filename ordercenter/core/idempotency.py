"""One effect per idempotency key, however often and from how many connections it is asked.

The claim and the stored answer are written in the effect's own transaction, so they exist
exactly when the effect does. While the first call runs it holds an advisory lock that the
database frees when the transaction ends or its connection dies; so there is no lease to outlive
(docs/adr/0003-idempotency-without-leases.md).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from ordercenter.core.errors import KeyReused, TwinRunning


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What the first call answered."""

    status: int
    body: Any


def fingerprint(*parts: Any) -> str:
    """A short mark of a request; equal requests have equal marks."""
    text = json.dumps(parts, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


# The claim is read by a second statement, which sees everything committed before the lock came.
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
_FIND = """
SELECT fingerprint, status, answer FROM core_idempotencyclaim WHERE credential = %s AND key = %s
"""
_STORE = """
INSERT INTO core_idempotencyclaim (credential, key, fingerprint, status, answer)
VALUES (%s, %s, %s, %s, %s)
"""


def claim(credential: str, key: str, mark: str) -> StoredAnswer | None:
    """Claim a key in the running transaction: None for the first, the stored answer for a repeat.

    Raises `TwinRunning` while the first call still runs and `KeyReused` when the key was used
    for a request with another fingerprint.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [f"{credential}\x1f{key}"])
        row = cursor.fetchone()
        if not row[0]:
            raise TwinRunning(key=key)
        cursor.execute(_FIND, [credential, key])
        found = cursor.fetchone()
    if found is None:
        return None
    if found[0] != mark:
        raise KeyReused(key=key)
    answer = found[2]
    return StoredAnswer(found[1], json.loads(answer) if isinstance(answer, str) else answer)


def store(credential: str, key: str, mark: str, *, status: int, body: Any) -> None:
    """Keep the answer for repeats; it commits with the effect or not at all."""
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            [credential, key, mark, status, json.dumps(body, cls=DjangoJSONEncoder)],
        )
