"""`manage.py sheet export FILE` and `manage.py sheet sync FILE`, as a member of staff."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from ordercenter.core.actor import Actor
from ordercenter.core.errors import DomainError
from ordercenter.core.models import User
from orders.sheets import runs
from orders.sheets.downloads import save_result
from orders.sheets.exporting import chosen_ids
from orders.sheets.selection import orders_of_list


class Command(BaseCommand):
    help = "Export orders into a workbook, or sync an edited one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["export", "sync"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--as", dest="username", required=True, help="who does it")
        parser.add_argument("--query", default="", help="the list's query string: tab=review")
        parser.add_argument("--dry-run", action="store_true", help="sync: change nothing")
        parser.add_argument("--result", type=Path, help="sync: where the coloured workbook goes")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no member of staff named {options['username']}.")
        actor = Actor.person(user, via="command")
        with translation.override(settings.LANGUAGE_CODE):
            try:
                if options["what"] == "export":
                    self._export(options["file"], options["query"], user, actor)
                else:
                    self._sync(options["file"], options["dry_run"], options["result"], actor)
            except DomainError as refusal:
                raise CommandError(str(refusal)) from refusal

    def _export(self, path: Path, query: str, user: User, actor: Actor) -> None:
        ids = chosen_ids(orders_of_list(query, user))
        run = runs.export_orders(runs.begin_export(actor=actor, query=query), ids)
        with run.file.open("rb") as stored:
            path.write_bytes(stored.read())
        self.stdout.write(f"{len(ids)} → {path}")

    def _sync(self, path: Path, is_dry: bool, result: Path | None, actor: Actor) -> None:
        if not path.exists():
            raise CommandError(f"There is no file {path}.")
        with path.open("rb") as file:
            run = runs.receive_workbook(file, name=path.name, actor=actor)
        runs.sync_orders(run, actor=actor, is_dry=is_dry)
        counted = ", ".join(f"{name} {count}" for name, count in run.counts.items())
        self.stdout.write(f"{run.get_state_display()}: {counted}")
        if result is not None:
            save_result(run, result, sees_receiver=actor.may(runs.SEE_RECEIVER))
            self.stdout.write(f"→ {result}")
