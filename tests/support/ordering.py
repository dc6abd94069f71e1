"""In which order the tests run: a long one that begins last keeps everybody waiting."""

from __future__ import annotations

from itertools import chain

import pytest

# Modules with half a minute of work and more, the longest first.
LONG = (
    "tests/test_everything_killed.py",
    "tests/engine/test_up.py",
    "tests/api/test_schema.py",
    "tests/console/test_role_days.py",
    "tests/console/test_two_clusters.py",
    "tests/core/test_relay_process.py",
    "tests/console/test_browser.py",
    "tests/integrations/channels/test_kill.py",
    "tests/integrations/partners/test_kill.py",
    "tests/console/test_demo_world.py",
)


def long_ones_first(items: list[pytest.Item], *, workers: int) -> list[pytest.Item]:
    """The same tests, so that each worker begins with a long module and goes on with short ones.

    pytest-xdist gives each worker a piece of the list, all of the same length, and lets whoever
    is ready early take over from the end of another's piece.
    """
    pieces: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for place, module in enumerate(LONG):
        pieces[place % workers] += [item for item in items if _module(item) == module]
    short = iter([item for item in items if _module(item) not in LONG])
    for place, piece in enumerate(pieces):
        length = (len(items) + place) // workers
        piece.extend(item for _, item in zip(range(length - len(piece)), short, strict=False))
    return [*chain(*pieces), *short]


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
