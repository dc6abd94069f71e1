"""So many requests a minute for each key, whichever process takes them."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from orders.api import throttle
from tests.api.support import Caller, World, build_world, partner_for

URL = "/api/v1/stock/"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The throttle's clock; write into it to let time pass."""
    at = [1_800_000_000.0]
    monkeypatch.setattr(throttle.time, "time", lambda: at[0])
    return at


def test_the_request_behind_the_limit_is_refused_until_the_next_minute(
    world: World, partner: Caller, settings, clock: list[float]
):
    settings.API_REQUESTS_PER_MINUTE = 3

    statuses = [partner.get(URL).status_code for _ in range(4)]
    answer = partner.get(URL)
    clock[0] += 60

    assert statuses == [200, 200, 200, 429]
    assert answer.json()["code"] == "too_many_requests"
    assert 0 < int(answer["Retry-After"]) <= 61
    assert partner.get(URL).status_code == 200


def test_processes_share_one_limit(world: World, partner: Caller, settings, clock: list[float]):
    settings.API_REQUESTS_PER_MINUTE = 3
    partner.get(URL)
    partner.get(URL)

    throttle.forget_permits()  # what another process knows
    statuses = [partner.get(URL).status_code for _ in range(2)]

    assert statuses == [200, 429]


def test_a_block_of_permits_costs_one_statement(
    world: World, partner: Caller, settings, clock: list[float]
):
    settings.API_REQUESTS_PER_MINUTE = 600

    with CaptureQueriesContext(connection) as seen:
        for _ in range(20):
            partner.get(URL)

    assert sum("orders_apiuse" in query["sql"] for query in seen) == 2


def test_keys_have_limits_of_their_own(world: World, settings, clock: list[float]):
    settings.API_REQUESTS_PER_MINUTE = 1
    one, other = partner_for(world.shop), partner_for(world.shop)
    one.get(URL)

    assert one.get(URL).status_code == 429
    assert other.get(URL).status_code == 200


def test_people_are_not_counted(world: World, admin: Caller, settings, clock: list[float]):
    settings.API_REQUESTS_PER_MINUTE = 1

    assert [admin.get(URL).status_code for _ in range(3)] == [200] * 3


def test_a_limit_of_nothing_is_no_limit(world: World, partner: Caller, settings):
    settings.API_REQUESTS_PER_MINUTE = 0

    with CaptureQueriesContext(connection) as seen:
        assert partner.get(URL).status_code == 200

    assert not any("orders_apiuse" in query["sql"] for query in seen)


@pytest.mark.usefixtures("committed_db")
def test_many_connections_never_take_more_than_the_limit(settings, clock: list[float]):
    settings.API_REQUESTS_PER_MINUTE = 300
    partner_for(build_world().shop)
    granted: list[bool] = []

    def work() -> None:
        for _ in range(60):
            # A process that has no permits in hand: each request asks the database.
            granted.append(throttle._take_block(1, 7, 60))
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(granted) == 480
    assert sum(granted) == 60
