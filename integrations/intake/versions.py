"""Versions of field mappings: write, try out on stored messages, put to use, go back (A4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from integrations.channels.registry import CHANNELS
from integrations.intake import raw_store
from integrations.intake.converters import Unreadable
from integrations.intake.mapping import CompiledMapping, compile_table
from integrations.intake.processing import Reader, read_raw
from integrations.intake.raw_store import Raw
from integrations.models import ChannelAccount, MappingState, MappingVersion
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import DomainError, NotFound
from ordercenter.core.lifecycle import advance
from ordercenter.core.timeline import record

MOST_PREVIEWED = 200


class MappingInUse(DomainError):
    """A version that was in use stays as it is; a change is a new version."""

    code = "mapping_in_use"
    title = _("This version was in use. Make a new one from it and change that.")


class NothingToRollBackTo(DomainError):
    """No earlier version was ever in use."""

    code = "nothing_to_roll_back_to"
    title = _("There is no earlier version that was in use.")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a version would change in the reading of one message.

    `differences` maps a field to [before, after]; `before` and `after` problems are empty where
    the message can be read.
    """

    raw_id: int
    external_number: str
    differences: dict[str, list[str]]
    problem_before: str = ""
    problem_after: str = ""


def reader_of(account: ChannelAccount) -> Reader:
    """The account's own version, else the one of its channel that is in use, ready to read."""
    version = account.mapping or active_version(account.adapter)
    return Reader(account.shop, version.pk, compile_table(version.table))


def active_version(channel: str) -> MappingVersion:
    """The channel's version in use; version 1 as the adapter brings it where there is none yet."""
    active = MappingVersion.objects.filter(channel=channel, state=MappingState.ACTIVE)
    found = active.first()
    if found is None:
        write_first_version(channel)
        found = active.get()
    return found


def write_first_version(channel: str) -> None:
    """The adapter's own table is version 1 and in use, unless the channel has versions already."""
    table = CHANNELS.named(channel).mapping
    if not MappingVersion.objects.filter(channel=channel).exists():
        MappingVersion.objects.bulk_create(
            [
                MappingVersion(
                    channel=channel,
                    number=1,
                    state=MappingState.ACTIVE,
                    table=dict(table),
                    made_by="adapter",
                    activated_at=moments.now(),
                )
            ],
            ignore_conflicts=True,
        )


@transaction.atomic
def draft_mapping(
    channel: str, *, table: Mapping[str, Any], note: str, actor: Actor
) -> MappingVersion:
    """A new draft. Raises `BadInput` with every complaint about the table."""
    actor.require("integrations.edit_mapping")
    compile_table(table)
    active_version(channel)
    _lock_story(channel)
    last = MappingVersion.objects.filter(channel=channel).aggregate(Max("number"))["number__max"]
    version = MappingVersion.objects.create(
        channel=channel,
        number=last + 1,
        table=dict(table),
        made_by=actor.label[:80],
        note=note[:300],
    )
    record(version, "mapping.drafted", actor=actor, data={"number": version.number, "note": note})
    return version


@transaction.atomic
def edit_mapping(
    version_id: int, *, seen: int | None, table: Mapping[str, Any], note: str, actor: Actor
) -> MappingVersion:
    """The draft has a new table. Raises `MappingInUse` for anything but a draft."""
    actor.require("integrations.edit_mapping")
    compile_table(table)
    version = _locked(version_id, seen)
    if version.state != MappingState.DRAFT:
        raise MappingInUse(number=version.number)
    before = version.table
    version.table, version.note = dict(table), note[:300]
    version.save(update_fields=["table", "note", "version"])
    record(
        version,
        "mapping.edited",
        actor=actor,
        data={"number": version.number},
        changes={"table": [before, version.table]},
    )
    return version


@transaction.atomic
def activate_mapping(version_id: int, *, seen: int | None, actor: Actor) -> MappingVersion:
    """New messages are read by this version; the one before is retired and can be gone back to."""
    actor.require("integrations.edit_mapping")
    version = _locked(version_id, seen)
    compile_table(version.table)
    _put_to_use(version, actor)
    return version


@transaction.atomic
def roll_back_mapping(channel: str, *, actor: Actor) -> MappingVersion:
    """The version that was in use before is in use again. Raises `NothingToRollBackTo`."""
    actor.require("integrations.edit_mapping")
    _lock_story(channel)
    version = (
        MappingVersion.objects.filter(channel=channel, state=MappingState.RETIRED)
        .order_by("-activated_at")
        .first()
    )
    if version is None:
        raise NothingToRollBackTo(channel=channel)
    _put_to_use(version, actor, event="mapping.rolled_back")
    return version


def preview(version_id: int, raw_ids: Sequence[int]) -> list[Preview]:
    """What the version would read out of stored messages, beside the version in use.

    Nothing is changed. Raises `BadInput` for a table with faults; at most `MOST_PREVIEWED`.
    """
    version = MappingVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise NotFound(id=version_id)
    before = compile_table(active_version(version.channel).table)
    after = compile_table(version.table)
    return [_compare(before, after, raw) for raw in raw_store.load(raw_ids[:MOST_PREVIEWED])]


def _compare(before: CompiledMapping, after: CompiledMapping, raw: Raw) -> Preview:
    old, problem_before = _texts(before, raw)
    new, problem_after = _texts(after, raw)
    differences = {
        name: [old.get(name, ""), new.get(name, "")]
        for name in [*old, *(name for name in new if name not in old)]
        if old.get(name, "") != new.get(name, "")
    }
    return Preview(raw.id, raw.number, differences, problem_before, problem_after)


def _texts(mapping: CompiledMapping, raw: Raw) -> tuple[dict[str, str], str]:
    try:
        return read_raw(mapping, raw).as_texts(), ""
    except Unreadable as error:
        return {}, f"{error.problem.label} {error.detail}"


def _put_to_use(version: MappingVersion, actor: Actor, event: str = "mapping.activated") -> None:
    before = MappingVersion.objects.filter(
        channel=version.channel, state=MappingState.ACTIVE
    ).first()
    if before is not None and before.pk != version.pk:
        advance(before, "retire", actor=actor)
    version.activated_at = moments.now()
    advance(
        version,
        "activate",
        actor=actor,
        event=event,
        fields=["activated_at"],
        data={"number": version.number},
    )


def _locked(version_id: int, seen: int | None) -> MappingVersion:
    """The version, with its channel's whole story locked."""
    channel = MappingVersion.objects.filter(pk=version_id).values_list("channel", flat=True).first()
    if channel is None:
        raise NotFound(id=version_id)
    _lock_story(channel)
    version: MappingVersion = MappingVersion.objects.locked(version_id, seen=seen)
    return version


def _lock_story(channel: str) -> None:
    rows = MappingVersion.objects.filter(channel=channel).order_by("number")
    list(rows.select_for_update().values_list("pk", flat=True))
