"""What has to be true before the processes start: schema and static files are up to date."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

MIGRATION_LOCK = 0x0C_3160  # advisory lock: of several hosts that start at once, one migrates


def pending_migrations() -> list[str]:
    """Names of the migrations that the database has not seen yet."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def migrate_if_needed() -> int:
    """Leave the schema up to date; the number of migrations that had to run."""
    if not pending_migrations():
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            count = len(pending_migrations())
            call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    return count


def collect_static_if_changed() -> bool:
    """Leave STATIC_ROOT as the sources are; whether anything had to be done."""
    note = Path(settings.STATIC_ROOT) / ".collected"
    fingerprint = _static_fingerprint()
    if note.exists() and note.read_text() == fingerprint:
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    note.write_text(fingerprint)
    return True


def _static_fingerprint() -> str:
    """Changes when a static file is added, removed or edited, or is served in another way."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = Path(storage.path(name)).stat()
            digest.update(f"{name}:{facts.st_size}:{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
