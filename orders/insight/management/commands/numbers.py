"""`manage.py numbers`: count daily numbers anew from the rows they come from."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.insight.keeping import Days, rebuild


class Command(BaseCommand):
    help = "Count the daily numbers anew: all days, or those from --since to --until."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=date.fromisoformat, help="first day, 2026-11-01")
        parser.add_argument("--until", type=date.fromisoformat, help="last day, 2026-11-30")

    def handle(self, *args: Any, **options: Any) -> None:
        since, until = options["since"], options["until"]
        if since and until and until < since:
            raise CommandError("--until is before --since")
        days = None
        if since or until:
            end = until + timedelta(days=1) if until else date(9999, 1, 1)
            days = Days(since or date(1970, 1, 1), end)
        begun = time.monotonic()
        rows = rebuild(days)
        self.stdout.write(f"{rows} daily numbers in {time.monotonic() - begun:.1f} s")
