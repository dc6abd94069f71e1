"""A person has mended what kept messages from being read: let them be read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db import transaction

from integrations.channels.base import Listed
from integrations.channels.registry import CHANNELS, open_adapter
from integrations.intake import raw_store
from integrations.intake.accounts import account_lock
from integrations.intake.processing import BATCH, process
from integrations.intake.versions import reader_of
from integrations.models import ChannelAccount, Problem, RawMessage, RawState
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.timeline import record

# The body of these is no order; the channel is asked again.
_ASK_AGAIN = (Problem.MALFORMED, Problem.NOT_FETCHED)


def retry_quarantined(raw_ids: Sequence[int], *, actor: Actor) -> Counter[str]:
    """Read messages in quarantine again, by the mapping that is in use now; how they ended.

    What never came whole is asked for again. Raises `AccountBusy` while their shop is pulled,
    `ChannelTrouble` when the channel can't be asked; then nothing more was changed.
    """
    actor.require("integrations.retry_rawmessage")
    rows = RawMessage.objects.filter(pk__in=raw_ids, state=RawState.QUARANTINED)
    tally: Counter[str] = Counter()
    for account in ChannelAccount.objects.select_related("shop", "mapping").filter(
        shop__in=rows.values("shop")
    ):
        with account_lock(account.pk):
            tally += _retry(account, [row for row in rows if row.shop_id == account.shop_id], actor)
    return tally


def _retry(account: ChannelAccount, rows: Sequence[RawMessage], actor: Actor) -> Counter[str]:
    asked = [row for row in rows if row.problem in _ASK_AGAIN and row.external_number]
    if asked:
        _ask_again(account, asked)
    ids = [row.pk for row in rows if row.problem not in _ASK_AGAIN and row.external_number]
    with transaction.atomic():
        ChannelAccount.objects.select_for_update().get(pk=account.pk)
        RawMessage.objects.filter(pk__in=ids, state=RawState.QUARANTINED).update(
            state=RawState.NEW, problem="", detail=""
        )
        record(
            account,
            "channel_account.messages_retried",
            actor=actor,
            data={"messages": [row.pk for row in rows]},
        )
    tally: Counter[str] = Counter()
    reader = reader_of(account)
    for raws in raw_store.waiting(
        account.shop_id, CHANNELS.named(account.adapter).detail_api, BATCH
    ):
        tally += process(reader, raws)
    return tally


def _ask_again(account: ChannelAccount, rows: Sequence[RawMessage]) -> None:
    """Store the channel's new answers; the old ones say that others took their place."""
    adapter = open_adapter(account)
    try:
        for row in rows:
            moment = row.channel_modified_at or moments.now()
            message = adapter.fetch(Listed(row.external_number, moment))
            raw_store.store(account.shop_id, [message])
            if not message.problem:
                RawMessage.objects.filter(pk=row.pk).update(
                    state=RawState.UNCHANGED,
                    problem=Problem.ASKED_AGAIN,
                    processed_at=moments.now(),
                )
    finally:
        adapter.close()
