"""Test databases as copies of one migrated template.

The template is made once for each state of the code and kept; a copy takes a fraction of a
second. Copies carry the pid of their owner, so that a killed run's are found and dropped.
"""

import hashlib
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql

from ordercenter.engine import processes
from ordercenter.engine.paths import PROJECT_ROOT

TEMPLATE_PREFIX = "oc_template_"
# Copies are named after their host too: a pid says nothing on another machine.
COPY_PREFIX = f"oc_test_{hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]}_"
SOURCE_FOLDERS = ("ordercenter", "inventory", "orders", "rma", "integrations")
TEMPLATE_LOCK = 0x0C7E57  # advisory lock: one run makes the template, the others wait
TEMPLATES_KEPT = 12  # other runs may still copy an older one


@cache
def template_name() -> str:
    """The name of the template for the code as it is on disk now."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(str(path.relative_to(PROJECT_ROOT)).encode())
        digest.update(path.read_bytes())
    return TEMPLATE_PREFIX + digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    """What can change a migrated database: any code, and the versions of what we build on."""
    yield PROJECT_ROOT / "requirements-dev.lock"
    for folder in SOURCE_FOLDERS:
        yield from sorted((PROJECT_ROOT / folder).rglob("*.py"))


def ensure_template() -> None:
    """Leave a template that all migrations of the present code have run on."""
    name = template_name()
    with _administration() as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        _drop_what_is_old(admin)
        if _exists(admin, name):
            return
        unfinished = f"{name}_unfinished"
        _drop(admin, unfinished)
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        _migrate(unfinished)
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        admin.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(name)))


class DatabaseCopy:
    """The test database of this process; Django's default connection leads to it."""

    def __init__(self, worker: str) -> None:
        self.name = f"{COPY_PREFIX}{worker}_{os.getpid()}"

    def make(self) -> None:
        """Create it afresh from the template, whatever was there before."""
        connections.close_all()
        with _administration() as admin:
            _drop(admin, self.name)
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            names = (sql.Identifier(self.name), sql.Identifier(template_name()))
            admin.execute(statement.format(*names))
        _use(self.name)

    def drop(self) -> None:
        """Remove it; connections that a test forgot are cut."""
        connections.close_all()
        with _administration() as admin:
            _drop(admin, self.name)


@contextmanager
def _administration() -> Iterator[psycopg.Connection]:
    """A connection of its own to the database that DATABASE_URL names."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        yield admin


def _use(name: str) -> None:
    connection.settings_dict["NAME"] = name


def _migrate(name: str) -> None:
    connections.close_all()
    _use(name)
    call_command("migrate", verbosity=0, interactive=False)
    connections.close_all()


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _exists(admin: psycopg.Connection, name: str) -> bool:
    query = "SELECT 1 FROM pg_database WHERE datname = %s"
    return admin.execute(query, [name]).fetchone() is not None


def _drop_what_is_old(admin: psycopg.Connection) -> None:
    """Drop copies of ended runs and all but the newest templates."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid"
    for (name,) in admin.execute(query, [COPY_PREFIX]).fetchall():
        owner = re.search(r"_(\d+)$", name)
        if owner and not processes.is_running(int(owner[1])):
            _drop(admin, name)
    for (name,) in admin.execute(query, [TEMPLATE_PREFIX]).fetchall()[:-TEMPLATES_KEPT]:
        _drop(admin, name)
