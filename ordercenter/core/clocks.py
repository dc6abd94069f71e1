"""Clocks of stages and their escalation: reminder, then supervisor, then director, each once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from ordercenter.core import calendar, moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import DomainError
from ordercenter.core.models.clocks import ClockPolicy, Escalation, Timer
from ordercenter.core.timeline import Entry, Subject, record_all

log = structlog.get_logger(__name__)

SUPERVISOR_ROLE = "supervisor"
DIRECTOR_ROLE = "director"
SWEEP = Actor.system("timer:escalation")

_CACHE_SECONDS = 30.0
_MOMENTS = ("due_at", "supervisor_at", "director_at", "next_at")
_POLICY_KEYS = ("channel", "priority", "customer_kind")

Locker = Callable[[int], Any]
_lockers: dict[str, Locker] = {}


@dataclass(frozen=True, slots=True)
class ClockStart:
    """A stage that begins; `key` chooses among the policies.

    `owner_role` is who is reminded first; empty means: the role that the policy names.
    """

    subject_kind: str
    subject_id: int
    stream: str
    stage: str
    key: Mapping[str, str]
    owner_role: str = ""


def locks_root(kind: str) -> Callable[[Locker], Locker]:
    """Register how the root row of a story of this kind is locked without waiting.

    The function answers a falsy value when the row is gone or somebody else holds it.
    """

    def register(locker: Locker) -> Locker:
        _lockers[kind] = locker
        return locker

    return register


_policies: tuple[float, dict[tuple[str, str], list[ClockPolicy]]] | None = None


def find_policy(subject_kind: str, stage: str, key: Mapping[str, str]) -> ClockPolicy | None:
    """The policy that names most of what `key` says, None where the stage has no limit."""
    best: ClockPolicy | None = None
    best_score = -1
    for policy in _all_policies().get((subject_kind, stage), ()):
        wanted = [(getattr(policy, name), key.get(name, "")) for name in _POLICY_KEYS]
        if any(want and want != have for want, have in wanted):
            continue
        score = sum(bool(want) for want, _ in wanted)
        if score > best_score:
            best, best_score = policy, score
    return best


def forget_policies() -> None:
    """Read the policies again at the next question (after an edit, between tests)."""
    global _policies
    _policies = None


def _all_policies() -> dict[tuple[str, str], list[ClockPolicy]]:
    global _policies
    # One read of the name: another thread may forget it at any moment.
    found = _policies
    if found is None or time.monotonic() - found[0] > _CACHE_SECONDS:
        table: dict[tuple[str, str], list[ClockPolicy]] = {}
        for policy in ClockPolicy.objects.order_by("pk"):
            table.setdefault((policy.subject_kind, policy.stage), []).append(policy)
        found = _policies = (time.monotonic(), table)
    return found[1]


def start_clocks(starts: Iterable[ClockStart]) -> None:
    """Let the clocks of new stages run; stages without a policy get none."""
    at = moments.now()
    Timer.objects.bulk_create(
        timer for timer in (_new_timer(start, at) for start in starts) if timer is not None
    )


def restart_clock(subject: Any, stage: str) -> None:
    """Stop the subject's running clock and start the stage's, if that stage has a limit."""
    stop_clocks(subject.KIND, [subject.pk])
    start_clocks(
        [
            ClockStart(
                subject_kind=subject.KIND,
                subject_id=subject.pk,
                stream=subject.stream,
                stage=stage,
                key=subject.clock_key(),
                owner_role=subject.clock_owner(),
            )
        ]
    )


def stop_clocks(subject_kind: str, subject_ids: Sequence[int]) -> None:
    """Nothing more is told about these subjects' present stages."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_timer SET stopped_at = %s, next_at = NULL"
            " WHERE subject_kind = %s AND subject_id = ANY(%s) AND stopped_at IS NULL",
            [moments.now(), subject_kind, list(subject_ids)],
        )


def pause_clock(subject: Subject, cause: str) -> None:
    """Let the running clock stand still; nobody pauses without a cause."""
    if not cause.strip():
        raise ValueError("a pause needs a cause")
    Timer.objects.filter(
        subject_kind=subject.KIND,
        subject_id=subject.pk,
        stopped_at__isnull=True,
        paused_at__isnull=True,
    ).update(paused_at=moments.now(), pause_cause=cause[:200])


@transaction.atomic
def resume_clock(subject: Subject) -> None:
    """Let a paused clock run on: what was left of each limit at the pause is left now.

    Moments that had come before the pause stay where they are.
    """
    for timer in Timer.objects.select_for_update().filter(
        subject_kind=subject.KIND,
        subject_id=subject.pk,
        stopped_at__isnull=True,
        paused_at__isnull=False,
    ):
        _run_on(timer, moments.now())


def _run_on(timer: Timer, at: datetime) -> None:
    paused_at = timer.paused_at
    if paused_at is None:
        return
    for name in _MOMENTS:
        moment = getattr(timer, name)
        if moment is not None and moment > paused_at:
            left = _time_between(timer.around_the_clock, paused_at, moment)
            setattr(timer, name, _later(timer.around_the_clock, at, left))
    timer.paused_at, timer.pause_cause = None, ""
    timer.save(update_fields=[*_MOMENTS, "paused_at", "pause_cause"])


def _new_timer(start: ClockStart, at: datetime) -> Timer | None:
    policy = find_policy(start.subject_kind, start.stage, start.key)
    if policy is None:
        return None
    due = _after(policy, at, policy.limit_minutes)
    return Timer(
        subject_kind=start.subject_kind,
        subject_id=start.subject_id,
        stream=start.stream,
        stage=start.stage,
        owner_role=start.owner_role or policy.owner_role,
        around_the_clock=policy.around_the_clock,
        started_at=at,
        due_at=due,
        supervisor_at=_after(policy, due, policy.supervisor_after),
        director_at=_after(policy, due, policy.director_after),
        next_at=due,
    )


def _after(policy: ClockPolicy, start: datetime, minutes: int) -> datetime:
    return _later(policy.around_the_clock, start, timedelta(minutes=minutes))


def _later(around_the_clock: bool, start: datetime, length: timedelta) -> datetime:
    return start + length if around_the_clock else calendar.working_calendar().add(start, length)


def _time_between(around_the_clock: bool, start: datetime, end: datetime) -> timedelta:
    return end - start if around_the_clock else calendar.working_calendar().open_time(start, end)


def sweep(limit: int = 500) -> int:
    """Tell every level whose moment has come; the number of levels told.

    Any number of sweeps may run at once: a clock is worked on under its story's lock and the
    unique (clock, level) is the last line. A story that somebody holds is left to the next run.
    A clock that can't be told is logged and left to the law `clocks.told_in_time`.
    """
    due = (
        Timer.objects.filter(
            next_at__lte=moments.now(), stopped_at__isnull=True, paused_at__isnull=True
        )
        .order_by("next_at")
        .values_list("pk", "stream")[:limit]
    )
    return sum(_try_to_tell(pk, stream) for pk, stream in list(due))


def _try_to_tell(timer_id: int, stream: str) -> int:
    try:
        return _tell_next_level(timer_id, stream)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("clock_not_told", timer=timer_id, stream=stream)
        return 0


@transaction.atomic
def _tell_next_level(timer_id: int, stream: str) -> int:
    kind, _, root_id = stream.partition(":")
    locker = _lockers.get(kind)
    if locker is None:
        raise DomainError(f"nobody knows how to lock the story of a {kind}")
    if not locker(int(root_id)):
        return 0
    timer = Timer.objects.select_for_update().get(pk=timer_id)
    at = moments.now()
    if timer.next_at is None or timer.paused_at is not None or timer.next_at > at:
        return 0
    levels = _levels_between(timer, timer.next_at, at)
    for level, role, _moment in levels:
        Escalation.objects.create(timer=timer, level=level, role=role, at=at)
    timer.next_at = min((moment for _, _, moment in _schedule(timer) if moment > at), default=None)
    timer.save(update_fields=["next_at"])
    record_all(
        [
            Entry(
                stream=timer.stream,
                subject_kind=timer.subject_kind,
                subject_id=timer.subject_id,
                kind=f"clock.{level.name.lower()}",
                data={"stage": timer.stage, "role": role, "due_at": timer.due_at},
            )
            for level, role, _moment in levels
        ],
        actor=SWEEP,
    )
    return len(levels)


def _schedule(timer: Timer) -> list[tuple[Escalation.Level, str, datetime]]:
    return [
        (Escalation.Level.REMINDER, timer.owner_role, timer.due_at),
        (Escalation.Level.SUPERVISOR, SUPERVISOR_ROLE, timer.supervisor_at),
        (Escalation.Level.DIRECTOR, DIRECTOR_ROLE, timer.director_at),
    ]


def _levels_between(
    timer: Timer, first: datetime, last: datetime
) -> list[tuple[Escalation.Level, str, datetime]]:
    return [row for row in _schedule(timer) if first <= row[2] <= last]
