"""Finding the customer of an order, or making one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from orders.cleaning import is_own_phone
from orders.drafts import Draft
from orders.models import Customer, Shop


def match_key(shop: Shop, draft: Draft) -> str:
    """What identifies the buyer: the clear phone, else the channel's name for them, or nothing."""
    if is_own_phone(draft.receiver.phone):
        return f"phone:{draft.receiver.phone}"
    if draft.buyer_key:
        return f"{shop.channel}:{draft.buyer_key}"[:120]
    return ""


def find_customers(shop: Shop, drafts: Sequence[Draft], at: datetime) -> list[int | None]:
    """The customer's id for each draft, None where nothing identifies the buyer.

    Two orders of one new buyer that come at once find the same customer.
    """
    keys = [match_key(shop, draft) for draft in drafts]
    known = _look_up(set(keys) - {""})
    # The first draft of a buyer in this batch names them.
    fresh = {
        key: draft
        for key, draft in reversed(list(zip(keys, drafts, strict=True)))
        if key and key not in known
    }
    if fresh:
        known |= _make(fresh, at)
    if others := fresh.keys() - known.keys():
        known |= _look_up(set(others))
    return [known.get(key) for key in keys]


def _look_up(keys: set[str]) -> dict[str, int]:
    if not keys:
        return {}
    rows = Customer.objects.filter(match_key__in=keys).values_list("match_key", "pk")
    return {key: pk for key, pk in rows if key is not None}


# By the key's order, so that two batches with the same new buyers don't wait for each other.
_INSERT = """
INSERT INTO orders_customer (match_key, name, phone, kind, level, remark, first_seen_at)
SELECT match_key, name, phone, kind, '', '', %s
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS c(match_key, name, phone, kind)
ON CONFLICT (match_key) DO NOTHING
RETURNING match_key, id
"""


def _make(fresh: Mapping[str, Draft], at: datetime) -> dict[str, int]:
    """Insert the customers; the ids of those that nobody else inserted meanwhile."""
    keys = sorted(fresh)
    drafts = [fresh[key] for key in keys]
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                at,
                keys,
                [(draft.receiver.name or draft.buyer_name)[:100] for draft in drafts],
                [draft.receiver.phone[:20] for draft in drafts],
                [draft.customer_kind or Customer.Kind.PERSON.value for draft in drafts],
            ],
        )
        return dict(cursor.fetchall())
