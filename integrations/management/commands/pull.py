"""`manage.py pull <shop>`: fetch what changed at a shop's channel, now."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date, parse_datetime

from integrations.channels.base import ChannelTrouble
from integrations.intake.pull import pull_account
from integrations.models import ChannelAccount
from ordercenter.core.errors import DomainError
from ordercenter.core.moments import SHANGHAI


class Command(BaseCommand):
    help = (
        "Pulls a shop's orders from its channel: what changed since the last time, or with"
        " --since and --until everything that changed in that range."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("shop", help="code of the shop")
        parser.add_argument("--since", type=_moment, help="YYYY-MM-DD or YYYY-MM-DD HH:MM:SS")
        parser.add_argument("--until", type=_moment, help="the same form; without it: until now")

    def handle(self, *args: Any, **options: Any) -> None:
        account = ChannelAccount.objects.filter(shop__code=options["shop"]).first()
        if account is None:
            known = ", ".join(ChannelAccount.objects.values_list("shop__code", flat=True))
            raise CommandError(f"no channel access for a shop of this code; there are: {known}")
        if options["until"] and not options["since"]:
            raise CommandError("--until needs --since")
        try:
            tally = pull_account(
                account.pk, since=options["since"], until=options["until"], watch=self._show
            )
        except (ChannelTrouble, DomainError) as error:
            raise CommandError(str(error)) from error
        counts = ", ".join(f"{count} {name}" for name, count in sorted(tally.items()))
        self.stdout.write(self.style.SUCCESS(counts or "nothing new"))

    def _show(self, progress: dict[str, Any]) -> None:
        counts = " ".join(f"{name}={count}" for name, count in progress["counts"].items())
        self.stdout.write(f"read up to {progress.get('at', progress['since'])}  {counts}")


def _moment(text: str) -> datetime:
    """A moment on Shanghai's clocks unless the text says otherwise."""
    day = parse_date(text) if len(text) <= 10 else None
    moment = datetime(day.year, day.month, day.day) if day else parse_datetime(text)
    if moment is None:
        raise ValueError(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
