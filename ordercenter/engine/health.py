"""Is it alive, is it ready, how is it doing: for probes, load balancers and Prometheus.

Reads the tables of the ground floor by name: this package is loaded before any model is.
"""

import hmac
import os
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from ordercenter.engine.metrics import Figure, meter, render
from ordercenter.engine.prepare import pending_migrations

SILENT_SECONDS = 180  # a heartbeat older than this is reported as silent
PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Rows = list[tuple[Any, ...]]

HEARTBEATS = "SELECT name, extract(epoch FROM now() - at)::float8 FROM core_heartbeat ORDER BY name"
OUTBOX = """
SELECT lane, count(*)::float8, extract(epoch FROM now() - min(created_at))::float8
  FROM core_delivery WHERE state = 'pending' GROUP BY lane ORDER BY lane
"""
DEAD_LETTERS = "SELECT count(*)::float8 FROM core_delivery WHERE state = 'dead'"
ESCALATION_LAG = """
SELECT greatest(0, coalesce(extract(epoch FROM now() - min(next_at)), 0))::float8
  FROM core_timer WHERE stopped_at IS NULL AND paused_at IS NULL
"""
TASK_QUEUE = "SELECT count(*)::float8 FROM django_q_ormq"
CONNECTIONS = """
SELECT coalesce(state, 'other'), count(*)::float8
  FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1 ORDER BY 1
"""

_is_migrated = False


def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as this process answers; looks at nothing else."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served: the database answers and its schema is ours; else 503.

    A silent worker is reported but makes nobody unready: pages still work without it.
    """
    try:
        pending = _pending_migrations()
        heartbeats = {} if pending else _heartbeats()
    except DatabaseError as error:
        return _readiness(503, database=type(error).__name__)
    status = 503 if pending else 200
    return _readiness(status, database="ok", pending_migrations=pending, heartbeats=heartbeats)


def _readiness(status: int, **facts: object) -> JsonResponse:
    word = "ok" if status == 200 else "unavailable"
    return JsonResponse({"status": word, **facts}, status=status)


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus; with METRICS_TOKEN set, only for who shows it as bearer token."""
    token = os.environ.get("METRICS_TOKEN", "")
    shown = request.headers.get("Authorization", "")
    if token and not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
        return HttpResponse("a bearer token is needed\n", status=401, content_type="text/plain")
    figures = [meter.figure(), *_database_figures()]
    return HttpResponse(render(figures), content_type=PROMETHEUS_TYPE)


def _pending_migrations() -> list[str]:
    """Migrations still to run; once there are none, this process need not look again."""
    global _is_migrated
    if _is_migrated:
        _ask("SELECT 1")
        return []
    pending = pending_migrations()
    _is_migrated = not pending
    return pending


def _heartbeats() -> dict[str, dict[str, object]]:
    """Of each process that must not fall silent: seconds since its last sign, and a verdict."""
    return {
        name: {"seconds": round(age, 1), "status": "silent" if age > SILENT_SECONDS else "ok"}
        for name, age in _ask(HEARTBEATS)
    }


def _database_figures() -> list[Figure]:
    """What the database knows; without it only the fact that it does not answer."""
    up = Figure("ordercenter_database_up", "1 when the database answers.")
    try:
        figures = _figures_from_tables()
    except DatabaseError:
        up.add(0)
        return [up]
    up.add(1)
    return [up, *figures]


def _figures_from_tables() -> list[Figure]:
    waiting = Figure("ordercenter_outbox_pending", "Deliveries that wait for their handler.")
    oldest = Figure("ordercenter_outbox_oldest_seconds", "Age of the oldest waiting delivery.")
    for lane, count, age in _ask(OUTBOX):
        waiting.add(count, lane=lane)
        oldest.add(age, lane=lane)
    dead = Figure("ordercenter_outbox_dead", "Dead letters that wait for a person.")
    dead.add(_ask(DEAD_LETTERS)[0][0])
    lag = Figure("ordercenter_escalation_lag_seconds", "How late the next escalation is.")
    lag.add(_ask(ESCALATION_LAG)[0][0])
    queue = Figure("ordercenter_task_queue_size", "Tasks that no worker has finished.")
    queue.add(_ask(TASK_QUEUE)[0][0])
    beats = Figure("ordercenter_heartbeat_age_seconds", "Age of the last sign of life.")
    for name, age in _ask(HEARTBEATS):
        beats.add(age, process=name)
    links = Figure("ordercenter_database_connections", "Connections to our database by state.")
    for state, count in _ask(CONNECTIONS):
        links.add(count, state=state)
    return [waiting, oldest, dead, lag, queue, beats, links]


def _ask(query: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()
