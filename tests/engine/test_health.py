"""Probes: alive, ready, figures."""

import json
import re
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from ordercenter.core.models.clocks import Timer
from ordercenter.core.models.guards import Heartbeat
from ordercenter.core.models.timeline import Delivery, Event
from ordercenter.engine import health, metrics

PROMETHEUS_LINE = re.compile(
    r"# (HELP|TYPE) [a-z_]+ .+"
    r"|[a-z_]+(\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\})? -?[0-9.e+-]+"
)


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """What this process remembered about migrations does not reach the next test."""
    monkeypatch.setattr(health, "_is_migrated", False)


@pytest.fixture
def no_database(monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(health, "_ask", refuse)
    monkeypatch.setattr(health, "pending_migrations", refuse)


def add_heartbeat(name: str, *, seconds: int) -> None:
    Heartbeat.objects.create(name=name, at=timezone.now() - timedelta(seconds=seconds))


def test_healthz_needs_no_database(client: Client):
    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_readyz_is_ready_with_database_and_schema(client: Client, db):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["pending_migrations"] == []


def test_readyz_is_not_ready_while_a_migration_is_missing(client: Client, db):
    MigrationRecorder.Migration.objects.filter(app="sessions").delete()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["pending_migrations"] == ["sessions.0001_initial"]


def test_readyz_is_not_ready_without_database(client: Client, no_database):
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"


def test_readyz_notices_that_a_migrated_database_went_away(client: Client, db, monkeypatch):
    assert client.get("/readyz").status_code == 200

    def refuse(query):
        raise OperationalError("terminating connection")

    monkeypatch.setattr(health, "_ask", refuse)

    assert client.get("/readyz").status_code == 503


def test_readyz_reports_a_silent_worker_but_stays_ready(client: Client, db):
    add_heartbeat("worker", seconds=600)
    add_heartbeat("other", seconds=0)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    beats = answer.json()["heartbeats"]
    assert beats["worker"]["status"] == "silent"
    assert 599 < beats["worker"]["seconds"] < 700
    assert beats["other"]["status"] == "ok"


def read(client: Client) -> dict[str, float]:
    """The scraped figures by name and labels, after a look at the form of each line."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.content.decode().splitlines()
    assert [line for line in lines if not PROMETHEUS_LINE.fullmatch(line)] == []
    samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in samples}


def add_delivery(state: str, *, lane: str = "local", minutes: int = 0, number: int) -> None:
    event = Event.objects.create(
        stream="order:1",
        sequence=number,
        subject_kind="order",
        subject_id=1,
        kind="order.tested",
        actor_kind="system",
        actor_label="test",
        door="timer",
        at=timezone.now(),
    )
    made = timezone.now() - timedelta(minutes=minutes)
    Delivery.objects.create(
        event=event, handler="test", lane=lane, stream="order:1", state=state, created_at=made
    )


def test_metrics_show_how_long_the_outbox_is_and_how_old(client: Client, db):
    add_delivery("pending", minutes=5, number=1)
    add_delivery("pending", minutes=1, number=2)
    add_delivery("pending", lane="outside", number=3)
    add_delivery("dead", number=4)
    add_delivery("done", number=5)

    figures = read(client)

    assert figures['ordercenter_outbox_pending{lane="local"}'] == 2
    assert figures['ordercenter_outbox_pending{lane="outside"}'] == 1
    assert 299 < figures['ordercenter_outbox_oldest_seconds{lane="local"}'] < 400
    assert figures["ordercenter_outbox_dead"] == 1


def add_timer(minutes_late: int, subject: int, *, stopped: bool = False) -> None:
    due = timezone.now() - timedelta(minutes=minutes_late)
    Timer.objects.create(
        subject_kind="order",
        subject_id=subject,
        stream="order:1",
        stage="test",
        owner_role="cs",
        started_at=due,
        due_at=due,
        supervisor_at=due,
        director_at=due,
        next_at=due,
        stopped_at=timezone.now() if stopped else None,
    )


def test_metrics_show_how_late_the_next_escalation_is(client: Client, db):
    add_timer(3, subject=1)
    add_timer(60, subject=2, stopped=True)
    add_timer(-10, subject=3)

    assert 179 < read(client)["ordercenter_escalation_lag_seconds"] < 240


def test_metrics_show_no_lag_when_nothing_is_due(client: Client, db):
    add_timer(-10, subject=1)

    assert read(client)["ordercenter_escalation_lag_seconds"] == 0


def test_metrics_count_connections_and_heartbeats(client: Client, db):
    add_heartbeat("worker", seconds=7)

    figures = read(client)

    assert figures["ordercenter_database_up"] == 1
    assert figures['ordercenter_database_connections{state="active"}'] >= 1
    assert 6 < figures['ordercenter_heartbeat_age_seconds{process="worker"}'] < 60
    assert figures["ordercenter_task_queue_size"] == 0


def test_metrics_survive_a_missing_database(client: Client, no_database):
    assert read(client)["ordercenter_database_up"] == 0


def test_metrics_with_a_token_are_for_who_shows_it(client: Client, db, monkeypatch):
    monkeypatch.setenv("METRICS_TOKEN", "secret")

    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200


def test_requests_are_counted_by_area_and_status(client: Client, db, monkeypatch, tmp_path):
    monkeypatch.setattr(metrics, "meter", metrics.RequestMeter(tmp_path))
    monkeypatch.setattr(health, "meter", metrics.meter)

    client.get("/healthz")
    client.get("/no-such-page/")

    figures = read(client)
    assert figures['ordercenter_request_seconds_count{area="other",status="2xx"}'] == 1
    assert figures['ordercenter_request_seconds_count{area="other",status="4xx"}'] == 1


def test_readyz_answers_json_even_when_it_is_not_ready(client: Client, no_database):
    assert json.loads(client.get("/readyz").content)["database"] == "OperationalError"
