"""What every test may use. Database: one migrated template, a copy of it for each process."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import TransactionTestCase
from pytest import MonkeyPatch

from tests.support.caches import forget_all
from tests.support.database import DatabaseCopy, ensure_template
from tests.support.ordering import long_ones_first
from tests.support.race import Race
from tests.support.server import SharedServer

_server = pytest.StashKey[SharedServer]()


def pytest_configure(config: pytest.Config) -> None:
    """Hold a share in the test server for the whole run; workers live inside the main run's."""
    if not hasattr(config, "workerinput"):
        server = SharedServer()
        server.join()
        config.stash[_server] = server


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the share back; the last run stops the server."""
    if server := config.stash.get(_server, None):
        server.leave()


@pytest.hookimpl(trylast=True)  # behind the choice of -m and -k
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, and let the longest tests begin first."""
    leave_out_browsers(items)
    items[:] = long_ones_first(items, workers=int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)))


def leave_out_browsers(items: list[pytest.Item]) -> None:
    """Tests that drive a browser are left out, with a word why, where there is none."""
    driving = [item for item in items if item.get_closest_marker("browser")]
    if not driving:
        return
    # Imported here: this module is loaded before Django has its settings.
    from tests.support.browsing import CHROMIUM

    if CHROMIUM is None:
        missing = pytest.mark.skip(reason="no Chromium on this machine (set CHROMIUM)")
        for item in driving:
            item.add_marker(missing)


@pytest.fixture(scope="session")
def database_copy(request: pytest.FixtureRequest) -> DatabaseCopy:
    """This process's own test database."""
    workerinput = getattr(request.config, "workerinput", {"workerid": "main"})
    return DatabaseCopy(workerinput["workerid"])


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, database_copy: DatabaseCopy
) -> Iterator[None]:
    """Give this process its database.

    After a test with real commits the database is made again: the append-only tables refuse the
    TRUNCATE by which Django would empty it, and rows made by migrations have to stay.
    """

    def make_again(test_case: TransactionTestCase) -> None:
        database_copy.make()

    with django_db_blocker.unblock():
        ensure_template()
        database_copy.make()
    with MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", make_again)
        yield
    with django_db_blocker.unblock():
        database_copy.drop()


@pytest.fixture
def committed_db(transactional_db: None) -> None:
    """Database access with real commits, so that other connections see them."""


@pytest.fixture
def race(committed_db: None, monkeypatch: MonkeyPatch) -> Callable[..., list[Any]]:
    """Runs calls on real connections and makes them meet behind a named function."""
    return Race(monkeypatch)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Start each test with empty caches: the next test's rows may have the same numbers."""
    forget_all()
    yield
    forget_all()


@pytest.fixture(scope="module")
def chromium_of_module() -> Iterator[Any]:
    """A Chromium for all tests of a module: starting one takes a second."""
    # Imported here: this module is loaded before Django has its settings.
    from tests.support.browsing import chromium

    with chromium() as opened:
        yield opened


@pytest.fixture
def browser(chromium_of_module: Any) -> Iterator[Any]:
    """The module's Chromium; windows a test leaves open would go on asking, so they are closed."""
    yield chromium_of_module
    for context in list(chromium_of_module.contexts):
        context.close()


@pytest.fixture
def desk(browser: Any, committed_db: None, live_server: Any) -> Iterator[Callable[..., Any]]:
    """Opens windows for roles that sign in; at the end none of them may have complained."""
    from ordercenter.console.roles import grant_roles
    from tests.support.desks import DESKTOP, Desk

    grant_roles()
    desks: list[Desk] = []

    def sit(role: str, size: dict[str, int] | None = None) -> Desk:
        desks.append(Desk(browser, live_server.url, role, size or DESKTOP))
        return desks[-1]

    yield sit
    troubles = {trouble for desk in desks for trouble in desk.troubles}
    for desk in desks:
        desk.window.close()
    assert troubles == set()
