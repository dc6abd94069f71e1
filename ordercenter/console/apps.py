from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ConsoleConfig(AppConfig):
    name = "ordercenter.console"
    label = "console"
    verbose_name = _("Console")

    def ready(self) -> None:
        import ordercenter.console.inquiry_facts  # noqa: F401  (what it counts is registered)
        from ordercenter.console.kicks import kick_what_is_due
        from ordercenter.core.outbox import on_idle

        on_idle(kick_what_is_due)
        post_migrate.connect(_write_schedules, sender=self, dispatch_uid="console.schedules")
        post_migrate.connect(_grant_roles, sender=self, dispatch_uid="console.roles")


def _grant_roles(**options: Any) -> None:
    """After a migration every role has what the code declares for it."""
    from ordercenter.console.roles import grant_roles

    grant_roles()


def _write_schedules(**options: Any) -> None:
    """After a migration q2's table says what the code declares."""
    from django.db import connection
    from django_q.models import Schedule

    from ordercenter.console.schedules import sync_schedules

    # A migration to an earlier state may end before q2 has its table.
    if Schedule._meta.db_table in connection.introspection.table_names():
        sync_schedules()
