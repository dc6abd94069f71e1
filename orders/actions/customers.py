"""Finding the customer of an order, or making one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orders.drafts import Draft
from orders.models import Customer, Shop


def match_key(shop: Shop, draft: Draft) -> str:
    """What identifies the buyer: the clear phone, else the channel's name for them, or nothing."""
    phone = draft.receiver.phone
    if phone and not draft.receiver.is_masked:
        return f"phone:{phone}"
    if draft.buyer_key:
        return f"{shop.channel}:{draft.buyer_key}"[:120]
    return ""


def find_customers(shop: Shop, drafts: Sequence[Draft], at: datetime) -> list[int | None]:
    """The customer's id for each draft, None where nothing identifies the buyer.

    Two orders of one new buyer that come at once find the same customer.
    """
    keys = [match_key(shop, draft) for draft in drafts]
    known = _look_up(set(keys) - {""})
    missing = {
        key: draft for key, draft in zip(keys, drafts, strict=True) if key and key not in known
    }
    if missing:
        Customer.objects.bulk_create(
            (
                _customer(key, draft, at)
                for key, draft in sorted(missing.items(), key=lambda item: item[0])
            ),
            ignore_conflicts=True,
        )
        known |= _look_up(set(missing))
    return [known.get(key) for key in keys]


def _look_up(keys: set[str]) -> dict[str, int]:
    if not keys:
        return {}
    return dict(Customer.objects.filter(match_key__in=keys).values_list("match_key", "pk"))


def _customer(key: str, draft: Draft, at: datetime) -> Customer:
    return Customer(
        match_key=key,
        name=draft.receiver.name or draft.buyer_name,
        phone=draft.receiver.phone[:20],
        kind=draft.customer_kind or Customer.Kind.PERSON,
        first_seen_at=at,
    )
