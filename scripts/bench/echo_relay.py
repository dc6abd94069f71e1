"""A relay with one more handler, which stores when it was called. Part of the benchmark."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordercenter.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from ordercenter.core.models import Event  # noqa: E402
from ordercenter.core.outbox import handles  # noqa: E402


@handles("bench.ping", name="bench.echo")
def echo(event: Event) -> None:
    """The moment at which the event reached its handler; twice heard would raise its count."""
    moment = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_echo (n, heard, times) VALUES (%s, %s, 1)"
            " ON CONFLICT (n) DO UPDATE SET heard = excluded.heard, times = bench_echo.times + 1",
            [event.subject_id, moment],
        )


call_command("relay")
