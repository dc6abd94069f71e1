"""`manage.py up`: everything that makes up Order Center, under one supervisor."""

import importlib
import importlib.util
import os
import socket
import time
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.translation import gettext as _

from ordercenter.core import heartbeat
from ordercenter.engine import fleet, metrics, postgres, prepare
from ordercenter.engine.paths import log_dir, var_dir
from ordercenter.engine.supervisor import AlreadyRunning, Supervisor

READY_SECONDS = 90.0
DEMO_MODULE = "ordercenter.console.demo"


class Command(BaseCommand):
    help = "Starts web server, relay, task cluster and embedded database; Ctrl-C stops them all."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="with a demo world and simulated outside systems"
        )

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:
        self.begun = time.monotonic()
        supervisor = Supervisor(run_dir=var_dir() / "run", log_dir=log_dir(), say=self.tell)
        try:
            with supervisor.in_charge():
                self._work(supervisor, demo)
        except (AlreadyRunning, fleet.PortTaken) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.tell(_("Stopped before it was ready."))

    def tell(self, text: str) -> None:
        """One line for the person at the terminal, at once."""
        self.stdout.write(text)
        self.stdout.flush()

    def _work(self, supervisor: Supervisor, demo: bool) -> None:
        is_embedded = "DATABASE_URL" not in os.environ
        try:
            with self._listen(demo) as listener:
                shared = self._share_addresses(listener, demo)
                if is_embedded:
                    postgres.ensure_running()
                logins = self._prepare(demo)
                connection.close()
                metrics.clear(fleet.metrics_dir())
                supervisor.run(
                    fleet.children(shared, listener, worker_age=worker_age, with_simulators=demo),
                    fleet.keepers(),
                    on_start=partial(self._announce, supervisor, shared, logins),
                )
        finally:
            connection.close()
            if is_embedded:
                postgres.stop(postgres.known())
        self.tell(_("Everything has stopped."))

    def _listen(self, demo: bool) -> socket.socket:
        """Take the port; the demo evades one that is taken."""
        wanted = int(os.environ.get("PORT", "8000"))
        listener = fleet.listen(_host(), wanted, or_next=demo)
        if (port := fleet.port_of(listener)) != wanted:
            words = _("Port %(wanted)s is taken by another program; using %(port)s instead.")
            self.tell(words % {"wanted": wanted, "port": port})
        return listener

    def _share_addresses(self, listener: socket.socket, demo: bool) -> dict[str, str]:
        """Ports and addresses that all processes, this one included, know from now on."""
        port = fleet.port_of(listener)
        shared = {"HOST": _host(), "PORT": str(port)}
        shared["PUBLIC_BASE_URL"] = os.environ.get("PUBLIC_BASE_URL", f"http://127.0.0.1:{port}")
        if demo:
            wanted = int(os.environ.get("SIMULATOR_PORT", "9100"))
            shared["SIMULATOR_PORT"] = str(fleet.free_port("127.0.0.1", wanted))
            # The demo's partner is a simulator on this machine.
            shared["WEBHOOK_PLAIN_HTTP"] = f"127.0.0.1:{shared['SIMULATOR_PORT']}"
            shared["WEBHOOK_PRIVATE_NETWORKS"] = "127.0.0.1/32"
        os.environ.update(shared)
        return shared

    def _prepare(self, demo: bool) -> list[str]:
        """Schema, static files and demo world; returns the lines about logins."""
        if prepare.pending_migrations():
            self.tell(_("Preparing the database …"))
            prepare.migrate_if_needed()
        if prepare.collect_static_if_changed():
            self.tell(_("Static files collected."))
        return self._make_demo_world() if demo else []

    def _make_demo_world(self) -> list[str]:
        """Ask the demo for its world and its logins."""
        if importlib.util.find_spec(DEMO_MODULE) is None:
            return []
        lines: list[str] = importlib.import_module(DEMO_MODULE).ensure_demo_world(self.tell)
        return lines

    def _announce(self, supervisor: Supervisor, shared: dict[str, str], logins: list[str]) -> None:
        """Tell the person where to go, once the web server answers."""
        url = f"http://127.0.0.1:{shared['PORT']}/healthz"
        if fleet.wait_until_answering(url, host_header=_own_host(), seconds=READY_SECONDS):
            seconds = round(time.monotonic() - self.begun)
            head = _("Order Center is ready after %(seconds)s s: %(address)s/admin/")
            foot = _("Logs are in %(folder)s. Ctrl-C stops everything.")
            lines = [head % {"seconds": seconds, "address": shared["PUBLIC_BASE_URL"]}, *logins]
            self.tell("\n".join([*lines, foot % {"folder": log_dir()}]))
        elif not supervisor.is_stopping:
            words = _("The web server does not answer; see %(log)s.")
            self.tell(words % {"log": log_dir() / "web.log"})


def _host() -> str:
    """The interface to listen at; loopback unless somebody decides otherwise."""
    return os.environ.get("HOST", "127.0.0.1")


def worker_age() -> float | None:
    """Seconds since the task cluster last did a task of its own; None when it never did."""
    try:
        age = heartbeat.age(heartbeat.WORKER)
    finally:
        connection.close()
    return None if age is None else age.total_seconds()


def _own_host() -> str:
    """A host name that this installation answers to."""
    plain = [host for host in settings.ALLOWED_HOSTS if host != "*" and not host.startswith(".")]
    return plain[0] if plain else "localhost"
