"""`manage.py verify`: check every law on the live database."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from ordercenter.core import invariants


class Command(BaseCommand):
    help = "Checks every invariant on the live database; exit code 1 when one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for run in invariants.verify():
            mark = "ok" if run.violations == 0 else f"BROKEN ×{run.violations}"
            self.stdout.write(f"{run.law:<40} {mark:<12} {run.seconds:6.3f} s")
            if run.violations:
                broken += 1
                self.stdout.write(f"    first: {json.dumps(run.first, ensure_ascii=False)}")
        if broken:
            raise SystemExit(1)
