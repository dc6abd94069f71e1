"""Our own PostgreSQL: set up on first use, found or started afterwards, stopped on request.

The server listens on 127.0.0.1 only, with scram-sha-256 passwords kept in 0600 files. The
application signs in as `ordercenter`, which owns its database and may create others, but is no
superuser; `postgres` exists for administration only.

    python -m ordercenter.engine.postgres start|stop|status|url [--profile test]
"""

import argparse
import fcntl
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import psycopg
from psycopg import sql

from ordercenter.engine import processes
from ordercenter.engine.paths import log_dir, var_dir
from ordercenter.engine.pg_account import Account, place_for_data, programs_for
from ordercenter.engine.pg_install import Install, find_install

Profile = Literal["safe", "test"]

HOST = "127.0.0.1"
ROLE = DATABASE = "ordercenter"
ADMIN = "postgres"
START_SECONDS = 300  # recovery after a crash may take minutes
LAST_STEPS_SECONDS = 10
STOP_SECONDS = 60
ORPHAN_SECONDS = 5  # server processes end by themselves soon after their postmaster
LOG_LIMIT = 20_000_000  # bytes; a longer log is set aside at the next start
START_ATTEMPTS = 3
PORTS = range(15433, 25433)

COMMON_SETTINGS = {
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",
    "log_lock_waits": "on",
    "random_page_cost": "1.1",
    "jit": "off",
}
SETTINGS: dict[Profile, dict[str, str]] = {
    "safe": {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "max_connections": "100",
        "shared_buffers": "256MB",
        "effective_cache_size": "1GB",
        "work_mem": "8MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "2GB",
        "wal_compression": "on",
    },
    # A test database is made again when it is lost: speed before safety.
    "test": {
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "max_wal_size": "1GB",
        "autovacuum_naptime": "10min",
    },
}


class PostgresFailed(RuntimeError):
    """The server could not be set up, started or stopped; the text shows what it said."""


@dataclass(frozen=True)
class Cluster:
    """A database server of ours and how to reach it."""

    profile: Profile
    host: str
    port: int
    url: str
    admin_url: str
    data: Path


@dataclass(frozen=True)
class Home:
    """The folder that remembers everything about one server: port, passwords, data."""

    profile: Profile

    @property
    def path(self) -> Path:
        return var_dir() / ("postgres" if self.profile == "safe" else f"postgres-{self.profile}")

    @property
    def log(self) -> Path:
        return log_dir() / f"{self.path.name}.log"

    @property
    def data(self) -> Path:
        return place_for_data(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process at a time sets up, starts or stops this server."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def secret(self, name: str) -> str:
        """A password from its 0600 file; made on first use."""
        path = self.path / name
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as handle:
                handle.write(secrets.token_urlsafe(24))
            fresh.rename(path)
        return path.read_text().strip()

    def port(self) -> int:
        """The remembered port; a free one is chosen on first use."""
        path = self.path / "port"
        if not path.exists():
            self.remember_port(_free_port())
        return int(path.read_text())

    def remember_port(self, port: int) -> None:
        fresh = self.path / "port.new"
        fresh.write_text(f"{port}\n")
        fresh.rename(self.path / "port")

    def cluster(self) -> Cluster:
        """The server as it is remembered, running or not."""
        port = self.port()
        app, admin = self.secret("password"), self.secret("admin_password")
        return Cluster(
            profile=self.profile,
            host=HOST,
            port=port,
            url=f"postgres://{ROLE}:{app}@{HOST}:{port}/{DATABASE}",
            admin_url=f"postgres://{ADMIN}:{admin}@{HOST}:{port}/postgres",
            data=self.data,
        )


def ensure_running(profile: Profile = "safe") -> Cluster:
    """The server of this profile, answering; set up and started first where that is needed.

    Raises PostgresFailed with the end of the server's log, or NoPostgres without programs.
    """
    home = Home(profile)
    if _is_set_up(home) and _is_ready(home):
        return home.cluster()
    with home.locked():
        _start(home)
        if not _is_set_up(home):
            _make_role_and_database(home.cluster())
            (home.path / "set_up").touch()
    return home.cluster()


def stop(cluster: Cluster) -> None:
    """End the server: connections are closed, its process is gone, what was committed is kept."""
    home = Home(cluster.profile)
    with home.locked():
        postmaster = _postmaster(home)
        if postmaster is None:
            return
        for mode in ("fast", "immediate"):
            _pg_ctl(home, "stop", "-m", mode, "-w", "-t", str(STOP_SECONDS))
            # pg_ctl waits for the pid file, which the postmaster drops a moment before it ends.
            if _postmaster(home) is None and _ends(postmaster):
                return
    raise PostgresFailed(f"the server in {cluster.data} does not stop:\n{_log_end(home)}")


def _ends(pid: int) -> bool:
    """Whether a process that is about to end has ended, after a few seconds of patience."""
    deadline = time.monotonic() + LAST_STEPS_SECONDS
    while processes.is_running(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def known(profile: Profile = "safe") -> Cluster:
    """The server of this profile as it is remembered, running or not; nothing is started."""
    home = Home(profile)
    with home.locked():
        return home.cluster()


def is_running(profile: Profile = "safe") -> bool:
    """Whether the server of this profile answers now; nothing is started."""
    home = Home(profile)
    return _is_set_up(home) and _is_ready(home)


def is_alive(profile: Profile = "safe") -> bool:
    """Whether the server process of this profile works; cheap enough to ask all the time."""
    return _postmaster(Home(profile)) is not None


def database_url() -> str:
    """Where the application's database is: DATABASE_URL, else our own server, started if need be.

    With OC_EMBEDDED_AUTOSTART=0 nothing is started; the address is the one it will have.
    OC_POSTGRES_PROFILE=test chooses the test server.
    """
    if given := os.environ.get("DATABASE_URL"):
        return given
    profile = _profile(os.environ.get("OC_POSTGRES_PROFILE", "safe"))
    if os.environ.get("OC_EMBEDDED_AUTOSTART") != "0":
        return ensure_running(profile).url
    return known(profile).url


def _profile(name: str) -> Profile:
    if name not in get_args(Profile):
        raise ValueError(f"no such profile: {name!r}; use one of {', '.join(get_args(Profile))}")
    return cast(Profile, name)


def _is_set_up(home: Home) -> bool:
    return (home.path / "set_up").exists()


def _is_ready(home: Home) -> bool:
    """Whether our own postmaster lives and takes connections at our port.

    `pg_ctl status` is not asked: it takes a killed, not yet reaped postmaster for a live one.
    """
    if _postmaster(home) is None:
        return False
    command = [find_install(major=_data_major(home)).program("pg_isready"), "-q"]
    command += ["-h", HOST, "-p", str(home.port()), "-t", "3"]
    return subprocess.run(command).returncode == 0


def _postmaster(home: Home) -> int | None:
    """The pid of the working postmaster of this data folder, or None."""
    pid = _noted_pid(home)
    if pid is None:
        return None
    seen = processes.look_at(pid)
    is_ours = seen is not None and not seen.is_zombie and seen.name.startswith("postgres")
    return pid if is_ours else None


def _noted_pid(home: Home) -> int | None:
    try:
        lines = (home.data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise PostgresFailed(
            f"{home.data} belongs to another user. Start as the user who made it, or set OC_VAR"
            f" to a folder of your own."
        ) from error
    return int(lines[0]) if lines else None


def _start(home: Home) -> None:
    """Leave the server answering. The caller holds the lock."""
    if not _data_major(home):
        _make_data_folder(home)
    if _wait_for_running_postmaster(home):
        return
    _drop_stale_pid_file(home)
    for _attempt in range(START_ATTEMPTS):
        _settle_port(home)
        _write_settings(home)
        answer = _pg_ctl(home, "start", "-w", "-t", str(START_SECONDS))
        if answer.returncode == 0:
            return
        if _can_bind(home.port()):  # not a port that someone took in between
            break
    raise PostgresFailed(f"the server in {home.data} does not start:\n{_log_end(home)}")


def _wait_for_running_postmaster(home: Home) -> bool:
    """Whether a postmaster that already works is ready, after waiting for it to start or end."""
    deadline = time.monotonic() + START_SECONDS
    while _postmaster(home) is not None:
        if _is_ready(home):
            return True
        if time.monotonic() > deadline:
            raise PostgresFailed(f"the server in {home.data} is stuck:\n{_log_end(home)}")
        time.sleep(0.1)
    return False


def _make_data_folder(home: Home) -> None:
    """Create the database files; an interrupted attempt leaves nothing that counts."""
    home.data.parent.mkdir(parents=True, exist_ok=True)
    fresh = home.data.with_name("data.new")
    if fresh.exists():
        fresh.rename(fresh.with_name(f"data.unfinished-{time.time_ns()}"))
    fresh.mkdir(mode=0o700)
    account = Account.for_data(home.data)
    account.own(fresh)
    password = home.data.with_name("admin_password.once")
    password.touch(0o600)
    password.write_text(home.secret("admin_password"))
    account.own(password)
    try:
        _initdb(home, account, fresh, password)
    finally:
        password.unlink()
    with (fresh / "postgresql.conf").open("a") as handle:
        handle.write("\ninclude_if_exists = 'ordercenter.conf'\n")
    fresh.rename(home.data)
    if home.data.parent != home.path:
        print(f"The database is kept in {home.data}", file=sys.stderr)


def _initdb(home: Home, account: Account, folder: Path, password: Path) -> None:
    # Other locales make pg_trgm blind for Chinese: C.UTF-8 has to be named.
    choices = ["--locale=C.UTF-8", "--encoding=UTF8", "--auth=scram-sha-256"]
    choices += [f"--username={ADMIN}", f"--pwfile={password}", "--data-checksums"]
    if home.profile == "test":
        choices.append("--no-sync")
    initdb = programs_for(account, find_install(), home.path).program("initdb")
    answer = account.run([initdb, "-D", str(folder), *choices], cwd=folder)
    if answer.returncode != 0:
        raise PostgresFailed(f"initdb failed in {folder}:\n{answer.stdout}")


def _data_major(home: Home) -> int | None:
    """The version that made the data folder, None when there is none yet."""
    path = home.data / "PG_VERSION"
    try:
        return int(path.read_text())
    except FileNotFoundError:
        return None


def _drop_stale_pid_file(home: Home) -> None:
    """Remove a postmaster.pid whose process is a zombie or something else.

    The file also guards the shared memory of a dead postmaster's children, so they go first.
    """
    pid_file = home.data / "postmaster.pid"
    if not pid_file.exists():
        return
    deadline = time.monotonic() + ORPHAN_SECONDS
    for number in (None, signal.SIGQUIT, signal.SIGKILL):
        for pid in processes.working_in(home.data):
            if number is not None:
                with suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(pid, number)
        while processes.working_in(home.data) and time.monotonic() < deadline:
            time.sleep(0.02)
        deadline = time.monotonic() + ORPHAN_SECONDS
    pid_file.unlink()


def _settle_port(home: Home) -> None:
    """Keep the remembered port unless somebody else listens there."""
    if not _can_bind(home.port()):
        home.remember_port(_free_port())


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    """A free port below the range the system lends to outgoing connections.

    From inside that range a client that knocks while the server is down can meet itself.
    """
    for port in random.sample(PORTS, k=200):
        if _can_bind(port):
            return port
    raise PostgresFailed(f"no free port between {PORTS.start} and {PORTS.stop} on {HOST}")


def _write_settings(home: Home) -> None:
    values = {"listen_addresses": HOST, "port": str(home.port())}
    values |= COMMON_SETTINGS | SETTINGS[home.profile]
    path = home.data / "ordercenter.conf"
    path.write_text("".join(f"{name} = '{value}'\n" for name, value in values.items()))
    Account.for_data(home.data).own(path)


def _pg_ctl(home: Home, *order: str) -> subprocess.CompletedProcess[str]:
    """Run pg_ctl as the data's owner; the server inherits our log file as its output."""
    account = Account.for_data(home.data)
    install = programs_for(account, _install_of(home), home.path)
    if home.log.exists() and home.log.stat().st_size > LOG_LIMIT:
        home.log.replace(home.log.with_suffix(".log.1"))
    with home.log.open("a") as log:
        command = [install.program("pg_ctl"), *order, "-D", str(home.data)]
        return account.run(command, cwd=home.data, output=log)


def _install_of(home: Home) -> Install:
    return find_install(major=_data_major(home))


def _log_end(home: Home) -> str:
    return "\n".join(home.log.read_text(errors="replace").splitlines()[-20:])


def _make_role_and_database(cluster: Cluster) -> None:
    """Leave the application role with its remembered password and a database it owns."""
    password = Home(cluster.profile).secret("password")
    with psycopg.connect(cluster.admin_url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone()
        statement = sql.SQL("{} ROLE {} LOGIN NOSUPERUSER CREATEDB NOCREATEROLE PASSWORD {}")
        verb = sql.SQL("ALTER" if known else "CREATE")
        connection.execute(statement.format(verb, sql.Identifier(ROLE), sql.Literal(password)))
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, [DATABASE]).fetchone() is None:
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(ROLE)))


def _report(profile: Profile) -> str:
    cluster = known(profile)
    state = "running" if is_running(profile) else "stopped"
    return f"{profile}: {state}, port {cluster.port}, data in {cluster.data}"


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ordercenter.engine.postgres")
    parser.add_argument("order", choices=("start", "stop", "status", "url"))
    parser.add_argument("--profile", choices=get_args(Profile), default="safe")
    chosen = parser.parse_args(arguments)
    profile = _profile(chosen.profile)
    if chosen.order == "url":
        print(known(profile).url)
        return 0
    if chosen.order == "start":
        ensure_running(profile)
    if chosen.order == "stop":
        stop(known(profile))
    print(_report(profile))
    return 0 if chosen.order != "status" or is_running(profile) else 3


if __name__ == "__main__":
    sys.exit(main())
