"""Timelines as people read them. Rooms register the words of their events, states and fields."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ordercenter.core.adminkit import looks
from ordercenter.core.models import Event

Text = str | Promise
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d")

_events: dict[str, Text] = {
    "clock.reminder": gettext_lazy("Overdue: owner reminded"),
    "clock.supervisor": gettext_lazy("Overdue: supervisor told"),
    "clock.director": gettext_lazy("Overdue: director told"),
}
_states: dict[str, dict[str, Text]] = {}
_fields: dict[str, Text] = {}
_hidden: set[str] = set()
_values: dict[str, dict[str, Text]] = {}
_subjects: dict[str, tuple[Text, str]] = {}
_machines: dict[str, Text] = {
    "system": gettext_lazy("System"),
    "timer:escalation": gettext_lazy("Escalation timer"),
}
# Words about what an event carries besides its changes: data key → what it is called.
_details: dict[str, Text] = {"reason": gettext_lazy("reason")}

DOORS: dict[str, Text] = {
    "admin": gettext_lazy("admin pages"),
    "api": gettext_lazy("API"),
    "sheet": gettext_lazy("Excel"),
    "scan": gettext_lazy("scan page"),
    "page": gettext_lazy("customer page"),
    "channel": gettext_lazy("channel"),
    "rule": gettext_lazy("rule"),
    "timer": gettext_lazy("timer"),
    "command": gettext_lazy("command"),
}


def name_events(words: Mapping[str, Text]) -> None:
    """What kinds of event are called."""
    _events.update(words)


def name_states(subject_kind: str, words: Iterable[tuple[str, Text]]) -> None:
    """What the states (or stages) of a kind of subject are called; adds to what is known."""
    _states.setdefault(subject_kind, {}).update(words)


def name_fields(words: Mapping[str, Text], *, hidden: Iterable[str] = ()) -> None:
    """What fields in before/after are called; `hidden` ones are personal and may be masked."""
    _fields.update(words)
    _hidden.update(hidden)


def name_values(field: str, words: Iterable[tuple[str, Text]]) -> None:
    """What the values of a field with choices are called."""
    _values.setdefault(field, {}).update(words)


def name_details(words: Mapping[str, Text]) -> None:
    """Which values of an event's data are shown, and what they are called."""
    _details.update(words)


def name_subjects(kind: str, word: Text, page: str) -> None:
    """What a kind of subject is called, and the admin page (`app_model`) that shows one."""
    _subjects[kind] = (word, page)


def subject_name(kind: str) -> str:
    """What a kind of subject is called; its technical name where nobody has given it words."""
    return str(_subjects[kind][0]) if kind in _subjects else kind


def stage_words(kind: str, stage: str) -> str:
    """A subject and its state or stage together."""
    return f"{subject_name(kind)} · {state_name(kind, stage)}"


def subject_link(kind: str, subject_id: int | str) -> SafeString | str:
    """The subject as a link to its page; its technical name where nobody has given it words."""
    if kind not in _subjects or not str(subject_id).isdigit():
        return f"{kind}:{subject_id}"
    word, page = _subjects[kind]
    url = reverse(f"admin:{page}_change", args=[subject_id])
    return format_html('<a class="oc-link" href="{}">{} {}</a>', url, word, subject_id)


def stream_link(stream: str) -> SafeString | str:
    """The story's subject as a link."""
    kind, _colon, subject_id = stream.partition(":")
    return subject_link(kind, subject_id)


def name_machines(words: Mapping[str, Text]) -> None:
    """What our machines are called where they did something."""
    _machines.update(words)


def who_name(label: str) -> str:
    """Who acted, in words: a person's name as it is, a machine by its name or by its door."""
    if label in _machines:
        return str(_machines[label])
    door, colon, rest = label.partition(":")
    return f"{DOORS[door]} {rest}" if colon and door in DOORS else label


def event_name(kind: str) -> str:
    """The event in words; its technical name where nobody has given it words."""
    return str(_events.get(kind, kind))


def state_name(subject_kind: str, state: str) -> str:
    """The state in words."""
    return str(_states.get(subject_kind, {}).get(state, state))


def field_name(name: str) -> str:
    """The field in words; of a numbered part (`line 2`) the part in words and its number."""
    part, _space, number = name.partition(" ")
    return str(_fields.get(name) or f"{_fields.get(part, part)} {number}".strip())


def data_in_words(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values as the rooms call them; what nobody has named stays as it is."""
    return [
        (str(_details.get(name) or field_name(name)), _in_words(name, value))
        for name, value in data.items()
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after, ready to be shown."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One event as a person reads it."""

    sequence: int
    kind: str
    what: str
    who: str
    door: str
    at: datetime
    from_state: str
    to_state: str
    changes: tuple[Change, ...]
    details: tuple[tuple[str, str], ...]


def story(
    stream: str, *, after: int = 0, limit: int = 200, mask: Callable[[str], str] | None = None
) -> list[Line]:
    """The newest `limit` events of a story behind sequence `after`, newest first.

    `mask` hides the values of personal fields from readers who may not see them.
    """
    rows = Event.objects.filter(stream=stream, sequence__gt=after).order_by("-sequence")[:limit]
    return [_line(event, mask) for event in rows]


def merged_story(
    streams: Sequence[str], *, limit: int, mask: Callable[[str], str] | None = None
) -> list[tuple[str, Line]]:
    """The newest `limit` events of several stories together, each with its story's name."""
    rows = Event.objects.filter(stream__in=streams).order_by("-at", "-pk")[:limit]
    return [(event.stream, _line(event, mask)) for event in rows]


def last_sequence(stream: str) -> int:
    """The number of the story's newest event, 0 when there is none."""
    last = Event.objects.filter(stream=stream).order_by("-sequence").values_list("sequence")[:1]
    return next((row[0] for row in last), 0)


def _line(event: Event, mask: Callable[[str], str] | None) -> Line:
    return Line(
        sequence=event.sequence,
        kind=event.kind,
        what=event_name(event.kind),
        who=who_name(event.actor_label),
        door=str(DOORS.get(event.door, event.door)),
        at=event.at,
        from_state=state_name(event.subject_kind, event.from_state),
        to_state=state_name(event.subject_kind, event.to_state),
        changes=tuple(_change(name, pair, mask) for name, pair in event.changes.items()),
        details=tuple(
            (str(word), _in_words(key, event.data[key]))
            for key, word in _details.items()
            if event.data.get(key) not in (None, "", [], {})
        ),
    )


def _change(name: str, pair: Any, mask: Callable[[str], str] | None) -> Change:
    before, after = pair if isinstance(pair, list) and len(pair) == 2 else ("", pair)
    texts = [_in_words(name, value) for value in (before, after)]
    if mask is not None and name in _hidden:
        texts = [mask(text) for text in texts]
    return Change(field_name(name), *texts)


def _in_words(name: str, value: Any) -> str:
    """The value as the room calls it; anything else as it is."""
    words = _values.get(name, {})
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "、".join(str(words.get(one, one)) for one in value) or _shown("")
    word = words.get(value, "") if isinstance(value, str) else ""
    return str(word) or _shown(value)


def _shown(value: Any) -> str:
    if value is None or value == "":
        return _("(empty)")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return _as_moment(value) if isinstance(value, str) and _MOMENT.match(value) else str(value)


def _as_moment(text: str) -> str:
    """A moment as JSON keeps it, the way people read it; anything else as it is."""
    found = parse_datetime(text)
    return text if found is None or timezone.is_naive(found) else looks.moment(found)
