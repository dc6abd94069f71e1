"""A fresh database on a cluster of the benchmark's own, with the safe settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "ordercenter_bench"


def prepare_environment() -> None:
    """Point everything that follows at var/bench, away from a running installation."""
    home = ROOT / "var" / "bench"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OC_VAR", str(home))
    os.environ["DJANGO_SETTINGS_MODULE"] = "ordercenter.settings"
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["API_REQUESTS_PER_MINUTE"] = "1000000"


def fresh_database() -> int:
    """Drop, create and migrate the database; the process id of its postmaster."""
    from ordercenter.engine.postgres import ensure_running

    cluster = ensure_running("safe")
    with psycopg.connect(cluster.admin_url, autocommit=True) as connection:
        name = sql.Identifier(NAME)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER ordercenter").format(name))
        commit = connection.execute("SHOW synchronous_commit").fetchone()
        fsync = connection.execute("SHOW fsync").fetchone()
        assert commit == ("on",) and fsync == ("on",), "the floor and we must both be safe"
        postmaster = connection.execute(
            "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int"
        ).fetchone()
    os.environ["DATABASE_URL"] = cluster.url.rsplit("/", 1)[0] + f"/{NAME}"
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        subprocess.run(
            [sys.executable, "manage.py", *command, "-v", "0"],
            cwd=ROOT,
            env=os.environ.copy(),
            check=True,
        )
    assert postmaster is not None
    return int(postmaster[0])


def connect() -> psycopg.Connection:
    """A plain link to the benchmark's database, for floors and checks."""
    return psycopg.connect(os.environ["DATABASE_URL"])
