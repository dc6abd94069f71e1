"""Keys to the API: issued to a partner, revoked for good."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, NotFound
from ordercenter.core.timeline import Entry, record_all
from orders.models import ApiKey, Partner

# What a partner's program may be allowed to do. Money, review and stock stay with our staff.
SCOPES = (
    "orders.view_order",
    "orders.see_receiver_order",
    "orders.place_order",
    "orders.pay_order",
    "orders.cancel_order",
    "orders.complete_order",
    "orders.change_address_order",
    "orders.note_order",
    "inventory.view_stocklevel",
    "fulfilment.view_shipment",
    "rma.view_return",
    "rma.request_return",
    "rma.post_return",
    "integrations.manage_webhookendpoint",
)


@transaction.atomic
def issue_api_key(partner: Partner, scopes: Sequence[str], *, actor: Actor) -> tuple[ApiKey, str]:
    """A new key with these scopes, and its bearer token, which is never shown again.

    Raises `BadInput` for a scope that no partner can have, `Forbidden` for one that the actor
    does not have either.
    """
    actor.require("orders.add_apikey")
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise BadInput(
            _("Choose from these scopes: %(scopes)s.") % {"scopes": ", ".join(SCOPES)},
            fields={"scopes": unknown or ["empty"]},
        )
    for scope in scopes:
        actor.require(scope)
    secret = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        partner=partner,
        prefix=secrets.token_hex(6),
        digest=digest_of(secret),
        scopes=sorted(set(scopes)),
    )
    _tell(key, "api_key.issued", {"scopes": key.scopes}, actor)
    return key, f"{key.prefix}.{secret}"


@transaction.atomic
def revoke_api_key(key_id: int, *, actor: Actor) -> ApiKey:
    """The key opens nothing any more, at the latest ten seconds from now."""
    actor.require("orders.delete_apikey")
    key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
    if key is None:
        raise NotFound(id=key_id)
    if key.revoked_at is None:
        key.revoked_at = moments.now()
        key.save(update_fields=["revoked_at"])
        _tell(key, "api_key.revoked", {}, actor)
    return key


def digest_of(secret: str) -> str:
    """What is stored of a secret. It is long and random, so one round is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _tell(key: ApiKey, kind: str, data: dict[str, object], actor: Actor) -> None:
    entry = Entry(
        stream=f"api_key:{key.pk}",
        subject_kind="api_key",
        subject_id=key.pk,
        kind=kind,
        data={"partner": key.partner_id, "prefix": key.prefix, **data},
    )
    record_all([entry], actor=actor)
