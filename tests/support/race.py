"""Letting calls meet at a chosen point on real connections."""

import functools
import importlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connections
from pytest import MonkeyPatch

MEETING_SECONDS = 1.0
RACE_SECONDS = 30.0

Call = Callable[[], Any]


class Race:
    """Runs calls in threads of their own, each with its own database connection."""

    def __init__(self, monkeypatch: MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(
        self, *calls: Call, meet_after: str | None = None, patience: float = MEETING_SECONDS
    ) -> list[Any]:
        """The outcome of each call, in order: what it returned or the exception it raised.

        `meet_after` names a function ("package.module.function") as the calls find it. Each call
        waits behind its first return from it until all calls have been there. Where a lock keeps
        the others away, the wait ends after `patience` seconds and the calls go on one by one: a
        missing lock shows every time, a present one costs that moment.
        """
        with self._monkeypatch.context() as patch:
            meeting = _Meeting(len(calls), patience)
            if meet_after is not None:
                owner, name = _find(meet_after)
                patch.setattr(owner, name, meeting.behind(getattr(owner, name)))
            outcomes = _run_all(calls)
        if meet_after is not None and not meeting.was_reached:
            pytest.fail(f"no call came to {meet_after}: this race proves nothing")
        return outcomes


class _Meeting:
    """A point where threads wait for one another, once each."""

    def __init__(self, parties: int, patience: float) -> None:
        self._barrier = threading.Barrier(parties, timeout=patience)
        self._arrived = threading.local()
        self.was_reached = False

    def behind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, with the meeting behind it."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            answer = function(*args, **kwargs)
            self._wait_once()
            return answer

        return wrapped

    def _wait_once(self) -> None:
        self.was_reached = True
        if getattr(self._arrived, "already", False):
            return
        self._arrived.already = True
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            return  # a lock holds the others back: just what should happen


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


def _run_all(calls: Sequence[Call]) -> list[Any]:
    """Run the calls at once and return their outcomes in order."""
    outcomes: list[Any] = [None] * len(calls)

    def run(place: int, call: Call) -> None:
        try:
            outcomes[place] = call()
        except BaseException as error:  # an outcome like any other
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=run, args=(place, call), daemon=True)
        for place, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + RACE_SECONDS
    for thread in threads:
        thread.join(timeout=max(0.0, deadline - time.monotonic()))
    if stuck := sum(thread.is_alive() for thread in threads):
        pytest.fail(f"{stuck} of {len(calls)} calls did not come back in {RACE_SECONDS:g} s")
    return outcomes
