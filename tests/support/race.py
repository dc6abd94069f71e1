"""Letting calls meet at a chosen point on real connections."""

import functools
import importlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, connections
from pytest import MonkeyPatch

MEETING_SECONDS = 1.0
RACE_SECONDS = 30.0
LOOK_SECONDS = 0.02

Call = Callable[[], Any]


@dataclass(frozen=True)
class Later:
    """A call that begins when somebody waits at the meeting, however slow the machine is."""

    call: Call


class Race:
    """Runs calls in threads of their own, each with its own database connection."""

    def __init__(self, monkeypatch: MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(
        self, *calls: Call | Later, meet_after: str | None = None, patience: float = MEETING_SECONDS
    ) -> list[Any]:
        """The outcome of each call, in order: what it returned or the exception it raised.

        `meet_after` names a function ("package.module.function") as the calls find it. Each call
        waits behind its first return from it until all calls have been there. Where a lock keeps
        the others away, the wait ends as soon as the database says so, at the latest after
        `patience` seconds, and the calls go on one by one: a missing lock shows every time.
        """
        with self._monkeypatch.context() as patch:
            meeting = _Meeting(len(calls), patience)
            if meet_after is not None:
                owner, name = _find(meet_after)
                patch.setattr(owner, name, meeting.behind(getattr(owner, name)))
            outcomes = _run_all([meeting.when_to_begin(call) for call in calls], meeting)
        if meet_after is not None and not meeting.was_reached:
            pytest.fail(f"no call came to {meet_after}: this race proves nothing")
        return outcomes


class _Meeting:
    """A point where threads wait for one another, once each."""

    def __init__(self, parties: int, patience: float) -> None:
        self._parties = parties
        self._patience = patience
        self._counting = threading.Lock()
        self._arrived = self._ended = 0
        self._is_reached = threading.Event()
        self._is_over = threading.Event()
        self._me = threading.local()

    @property
    def was_reached(self) -> bool:
        """Whether any call came here."""
        return self._is_reached.is_set()

    def when_to_begin(self, call: Call | Later) -> Call:
        """The call as it is, or behind the first arrival here."""
        if not isinstance(call, Later):
            return call
        late = call.call

        def begin() -> Any:
            self._is_reached.wait(RACE_SECONDS)
            return late()

        return begin

    def behind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, with the meeting behind it."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            answer = function(*args, **kwargs)
            self._wait_once()
            return answer

        return wrapped

    def end_one(self) -> None:
        """A call has ended, whether it came here or not."""
        with self._counting:
            self._ended += 1

    def end_if_nobody_can_come(self) -> None:
        """Part those who wait when all others have ended or stand in front of a lock.

        What stands there waits for somebody who waits here: nothing more would happen. Those who
        are here are counted before those who stand there, so that nobody counts twice.
        """
        if self._is_over.is_set() or not self.was_reached:
            return
        settled = self._arrived + self._ended
        if settled + _calls_before_a_lock() >= self._parties:
            self._is_over.set()

    def _wait_once(self) -> None:
        if getattr(self._me, "was_here", False):
            return
        self._me.was_here = True
        with self._counting:
            self._arrived += 1
        self._is_reached.set()
        # Without an end in time something other than a lock of the database holds the rest back.
        self._is_over.wait(self._patience)
        self._is_over.set()


def _calls_before_a_lock() -> int:
    """How many connections to the test's database wait for a lock now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def _find(dotted: str) -> tuple[Any, str]:
    """What holds the named function: a module, or a class in one.

    A package may have given its module's name to the module's function; the module wins.
    """
    *path, name = dotted.split(".")
    for cut in range(len(path), 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(path[:cut]))
        except ModuleNotFoundError:
            continue
        for part in path[cut:]:
            owner = getattr(owner, part)
        return owner, name
    raise ModuleNotFoundError(dotted)


def _run_all(calls: Sequence[Call], meeting: _Meeting) -> list[Any]:
    """Run the calls at once and return their outcomes in order."""
    outcomes: list[Any] = [None] * len(calls)

    def run(place: int, call: Call) -> None:
        try:
            outcomes[place] = call()
        except BaseException as error:  # an outcome like any other
            outcomes[place] = error
        finally:
            connections.close_all()
            meeting.end_one()

    threads = [
        threading.Thread(target=run, args=(place, call), daemon=True)
        for place, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + RACE_SECONDS
    while any(thread.is_alive() for thread in threads) and time.monotonic() < deadline:
        meeting.end_if_nobody_can_come()
        time.sleep(LOOK_SECONDS)
    if stuck := sum(thread.is_alive() for thread in threads):
        pytest.fail(f"{stuck} of {len(calls)} calls did not come back in {RACE_SECONDS:g} s")
    return outcomes
