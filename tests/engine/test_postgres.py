"""The database runner against real servers in folders of their own."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from ordercenter.engine import pg_account, postgres, processes
from ordercenter.engine.postgres import Cluster, Home, ensure_running, stop

pytestmark = pytest.mark.processes

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def own_var(monkeypatch) -> Iterator[Path]:
    """A var folder that any account may enter; its server is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="oc-var-")).resolve()
    folder.chmod(0o755)
    monkeypatch.setenv("OC_VAR", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("OC_EMBEDDED_AUTOSTART", raising=False)
    monkeypatch.delenv("OC_POSTGRES_PROFILE", raising=False)
    yield folder
    for profile in ("safe", "test"):
        home = Home(profile)
        if home.path.exists():
            stop(home.cluster())
    shutil.rmtree(folder)


@pytest.fixture
def cluster(own_var) -> Cluster:
    return ensure_running()


def ask(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def postmaster_of(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().splitlines()[0])


def test_application_role_owns_its_database_and_is_no_superuser(cluster):
    [role] = ask(
        cluster.url,
        "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles"
        " WHERE rolname = current_user",
    )
    [owner] = ask(
        cluster.url,
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()",
    )

    assert role == ("ordercenter", False, True, False)
    assert owner == ("ordercenter",)


def test_application_role_can_create_the_extensions_we_need(cluster):
    ask(cluster.url, "CREATE EXTENSION pg_trgm")
    ask(cluster.url, "CREATE EXTENSION btree_gin")

    # Under the C locale Chinese text yields no trigrams and searches find nothing.
    [(trigrams,)] = ask(cluster.url, "SELECT cardinality(show_trgm('萧山区'))")
    assert trigrams > 0


@pytest.mark.parametrize(
    ("profile", "durable"), [("safe", ("on", "on", "on")), ("test", ("off", "off", "off"))]
)
def test_profile_decides_about_durability(own_var, profile, durable):
    cluster = ensure_running(profile)

    [settings] = ask(
        cluster.url,
        "SELECT current_setting('fsync'), current_setting('full_page_writes'),"
        " current_setting('synchronous_commit')",
    )

    assert settings == durable


def test_profiles_live_side_by_side(own_var):
    safe, test = ensure_running("safe"), ensure_running("test")

    assert safe.data != test.data
    assert safe.port != test.port
    assert ask(safe.url, "SELECT 1") == ask(test.url, "SELECT 1") == [(1,)]


def test_wrong_password_is_refused(cluster):
    wrong = cluster.url.replace("ordercenter:", "ordercenter:x", 1)

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_listens_on_the_loopback_address_only(cluster):
    [(addresses,)] = ask(cluster.admin_url, "SHOW listen_addresses")
    [(sockets,)] = ask(cluster.admin_url, "SHOW unix_socket_directories")

    assert (addresses, sockets) == ("127.0.0.1", "")


def test_password_files_are_for_the_owner_only(cluster):
    home = Home("safe").path
    modes = {
        name: stat.S_IMODE((home / name).stat().st_mode) for name in ("password", "admin_password")
    }

    assert modes == {"password": 0o600, "admin_password": 0o600}
    assert not list(cluster.data.parent.glob("*.once"))


@pytest.mark.skipif(not AS_ROOT, reason="only root hands the server to another account")
def test_root_hands_the_server_to_an_unprivileged_account(cluster):
    status = Path(f"/proc/{postmaster_of(cluster)}/status").read_text()
    [uids] = [line.split()[1:] for line in status.splitlines() if line.startswith("Uid:")]

    assert "0" not in uids


def test_second_call_finds_the_running_server(cluster):
    first = postmaster_of(cluster)

    again = ensure_running()

    assert again == cluster
    assert postmaster_of(again) == first


def test_two_starters_at_once_agree_on_one_server(own_var):
    script = "from ordercenter.engine.postgres import ensure_running; print(ensure_running().url)"
    starters = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]

    urls = {starter.communicate(timeout=120)[0].strip() for starter in starters}

    assert [starter.returncode for starter in starters] == [0, 0, 0]
    [url] = urls
    assert ask(url, "SELECT 1") == [(1,)]


def test_stop_leaves_no_process_and_start_brings_the_same_data_back(cluster):
    ask(cluster.url, "CREATE TABLE kept AS SELECT 1 AS n")
    pid = postmaster_of(cluster)

    stop(cluster)

    assert not processes.is_running(pid)
    assert not processes.working_in(cluster.data)
    assert not postgres.is_running()
    assert ask(ensure_running().url, "SELECT n FROM kept") == [(1,)]


def test_stop_of_a_stopped_server_changes_nothing(cluster):
    stop(cluster)

    stop(cluster)

    assert not postgres.is_running()


def test_killed_server_comes_back_with_every_committed_row(cluster):
    ask(cluster.url, "CREATE TABLE promise (n int)")
    confirmed = commit_until_the_server_dies(cluster, after=300)

    again = ensure_running()

    [(rows,)] = ask(again.url, "SELECT count(*) FROM promise")
    # The row in flight at the moment of death may or may not be there; a confirmed one must be.
    assert rows in (confirmed, confirmed + 1)
    assert again.port == cluster.port


def commit_until_the_server_dies(cluster: Cluster, *, after: int) -> int:
    """Commit single rows, kill the postmaster and its children meanwhile; return the commits."""
    confirmed = 0
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        try:
            while True:
                connection.execute("INSERT INTO promise VALUES (%s)", [confirmed])
                confirmed += 1
                if confirmed == after:
                    kill_everything(cluster)
        except psycopg.OperationalError:
            return confirmed


def kill_everything(cluster: Cluster) -> None:
    os.kill(postmaster_of(cluster), signal.SIGKILL)
    for pid in processes.working_in(cluster.data):
        with suppress(ProcessLookupError):  # children end by themselves soon after
            os.kill(pid, signal.SIGKILL)


def test_start_waits_for_children_of_a_killed_postmaster(cluster):
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        busy = threading.Thread(target=run_and_lose, args=(connection, "SELECT pg_sleep(600)"))
        busy.start()
        os.kill(postmaster_of(cluster), signal.SIGKILL)

        again = ensure_running()

        busy.join(timeout=30)
        assert not busy.is_alive()
    assert ask(again.url, "SELECT 1") == [(1,)]


def test_a_child_that_ends_while_it_is_looked_at_does_not_stop_the_start(cluster, monkeypatch):
    kill_everything(cluster)
    gone = subprocess.Popen(["true"])
    gone.wait()
    monkeypatch.setattr(postgres, "ORPHAN_SECONDS", 0)
    monkeypatch.setattr(processes, "working_in", lambda folder: [gone.pid])

    assert ask(ensure_running().url, "SELECT 1") == [(1,)]


def run_and_lose(connection: psycopg.Connection, query: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        connection.execute(query)


@pytest.mark.parametrize(
    "noted", [lambda: os.getpid(), lambda: os.getppid()], ids=["this process", "its parent"]
)
def test_pid_file_that_names_a_stranger_does_not_stop_the_start(cluster, noted: Callable[[], int]):
    kill_everything(cluster)
    overwrite_noted_pid(cluster, str(noted()))

    again = ensure_running()

    assert postmaster_of(again) != noted()
    assert ask(again.url, "SELECT 1") == [(1,)]


def test_pid_file_that_names_a_zombie_does_not_stop_the_start(cluster):
    kill_everything(cluster)
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    overwrite_noted_pid(cluster, str(zombie.pid))

    again = ensure_running()

    assert ask(again.url, "SELECT 1") == [(1,)]
    assert zombie.wait() == 0


def test_empty_pid_file_does_not_stop_the_start(cluster):
    kill_everything(cluster)
    (cluster.data / "postmaster.pid").write_text("")

    assert ask(ensure_running().url, "SELECT 1") == [(1,)]


def overwrite_noted_pid(cluster: Cluster, pid: str) -> None:
    path = cluster.data / "postmaster.pid"
    rest = path.read_text().splitlines()[1:]
    path.write_text("\n".join([pid, *rest]) + "\n")


def test_port_taken_by_a_stranger_is_left_to_them(cluster):
    stop(cluster)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind((cluster.host, cluster.port))
        stranger.listen()

        again = ensure_running()

        assert again.port != cluster.port
        assert ask(again.url, "SELECT 1") == [(1,)]


def test_interrupted_set_up_is_started_afresh(own_var):
    home = Home("safe")
    half_made = home.path / "data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18")

    assert ask(ensure_running().url, "SELECT 1") == [(1,)]


def test_failure_shows_what_the_server_said(cluster):
    stop(cluster)
    (cluster.data / "postgresql.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(postgres.PostgresFailed, match="no_such_setting"):
        ensure_running()


@pytest.mark.skipif(not AS_ROOT, reason="only root can own a folder its server cannot enter")
def test_closed_folder_is_left_closed_and_data_lives_elsewhere(own_var, monkeypatch):
    closed = own_var / "closed"
    closed.mkdir(mode=0o700)
    open_base = own_var / "open"
    open_base.mkdir(mode=0o755)
    monkeypatch.setenv("OC_VAR", str(closed / "var"))
    monkeypatch.setattr(pg_account, "ELSEWHERE", (open_base / "base",))

    cluster = ensure_running()

    try:
        assert cluster.data.is_relative_to(open_base)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert (Home("safe").path / "data_is_at").read_text().strip() == str(cluster.data)
        assert ask(ensure_running().url, "SELECT 1") == [(1,)]
    finally:
        stop(cluster)


@pytest.mark.skipif(not AS_ROOT, reason="only root owns programs its server cannot run")
def test_programs_in_a_closed_folder_are_copied(own_var, monkeypatch):
    original = postgres.find_install()
    closed = own_var / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("PG_BIN", str(pg_account.copy_programs(original, closed)))
    monkeypatch.setattr(pg_account, "ELSEWHERE", (own_var / "open",))

    cluster = ensure_running()

    assert ask(cluster.url, "SELECT 1") == [(1,)]
    program = os.readlink(f"/proc/{postmaster_of(cluster)}/exe")
    assert Path(program).is_relative_to(own_var / "open" / f"programs-{original.version}")


def test_database_url_prefers_the_environment(own_var, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/db")

    assert postgres.database_url() == "postgres://elsewhere/db"
    assert not (own_var / "postgres").exists()


def test_database_url_starts_our_own_server(own_var):
    assert ask(postgres.database_url(), "SELECT current_database()") == [("ordercenter",)]


def test_database_url_without_autostart_names_the_later_address(own_var, monkeypatch):
    monkeypatch.setenv("OC_EMBEDDED_AUTOSTART", "0")

    url = postgres.database_url()

    assert not postgres.is_running()
    assert ensure_running().url == url


def test_command_line_starts_tells_and_stops(own_var, capsys):
    assert postgres.main(["start", "--profile", "test"]) == 0
    assert postgres.main(["status", "--profile", "test"]) == 0
    assert "test: running" in capsys.readouterr().out

    assert postgres.main(["url", "--profile", "test"]) == 0
    assert ask(capsys.readouterr().out.strip(), "SELECT 1") == [(1,)]

    assert postgres.main(["stop", "--profile", "test"]) == 0
    assert postgres.main(["status", "--profile", "test"]) == 3
    assert "test: stopped" in capsys.readouterr().out
