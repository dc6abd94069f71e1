"""Access to channels: one puller at a time, pauses with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from integrations.models import ChannelAccount
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import (
    ChangedMeanwhile,
    DomainError,
    NotFound,
    require_reason,
)
from ordercenter.core.timeline import record

log = structlog.get_logger(__name__)

# The first half of the advisory lock's key: "channel account".
_LOCK_CLASS = 0x0CCA


class AccountBusy(DomainError):
    """Another process is pulling this shop at this moment."""

    code = "account_busy"
    title = _("This shop is being pulled at this moment. Wait until it is done.")


@contextmanager
def account_lock(account_id: int) -> Iterator[None]:
    """Within the block nobody else pulls or reads this account's messages.

    The lock belongs to the database connection, so it ends with the process, too. Raises
    `AccountBusy` when somebody has it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_CLASS, account_id])
        if not cursor.fetchone()[0]:
            raise AccountBusy(account=account_id)
    try:
        yield
    finally:
        _unlock(account_id)


def _unlock(account_id: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_CLASS, account_id])
    except (OperationalError, InterfaceError) as error:
        log.warning("account_lock_ended_with_its_connection", error=str(error))


@transaction.atomic
def pause_account(
    account_id: int, *, seen: int | None, reason: str, actor: Actor
) -> ChannelAccount:
    """The shop is not pulled until it is resumed. Raises `BadInput` without a reason."""
    actor.require("integrations.pause_channelaccount")
    require_reason(reason, _("Say why the channel is paused."))
    account = _locked(account_id, seen)
    if account.is_paused:
        return account
    account.is_paused, account.pause_reason = True, reason[:300]
    account.save(update_fields=["is_paused", "pause_reason", "version"])
    record(
        account,
        "channel_account.paused",
        actor=actor,
        data={"shop": account.shop.code, "reason": account.pause_reason},
    )
    return account


@transaction.atomic
def resume_account(account_id: int, *, seen: int | None, actor: Actor) -> ChannelAccount:
    """The shop is pulled again, at once."""
    actor.require("integrations.pause_channelaccount")
    account = _locked(account_id, seen)
    if not account.is_paused:
        return account
    account.is_paused, account.pause_reason = False, ""
    account.last_error, account.next_pull_at = "", moments.now()
    account.save(
        update_fields=["is_paused", "pause_reason", "last_error", "next_pull_at", "version"]
    )
    record(account, "channel_account.resumed", actor=actor, data={"shop": account.shop.code})
    return account


def _locked(account_id: int, seen: int | None) -> ChannelAccount:
    account = (
        ChannelAccount.objects.select_for_update(of=("self",))
        .select_related("shop")
        .filter(pk=account_id)
        .first()
    )
    if account is None:
        raise NotFound(id=account_id)
    if seen is not None and seen != account.version:
        raise ChangedMeanwhile(seen=seen, current=account.version)
    return account
