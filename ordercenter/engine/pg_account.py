"""Which system account runs the database server, and where that account can work.

PostgreSQL refuses to run as root. As root we hand the server to an unprivileged account; as
anyone else it runs as ourselves. An account that cannot enter the project's folder gets a folder
of ours elsewhere: permissions of folders we did not make are never changed.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ordercenter.engine.pg_install import Install

UNPRIVILEGED = ("nobody", "daemon")
ELSEWHERE = (Path("/var/lib/ordercenter"), Path("/var/tmp/ordercenter"))


class NoPlace(RuntimeError):
    """The server's account can work in none of the folders that were tried."""


@dataclass(frozen=True)
class Account:
    """The system account of the server processes; `uid` None means: whoever we are."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def for_data(cls, data: Path) -> "Account":
        """The owner of an existing data folder, else an unprivileged account when we are root."""
        if os.geteuid() != 0:
            return cls()
        if data.exists() and (owner := data.stat()).st_uid != 0:
            return cls(owner.st_uid, owner.st_gid)
        for name in UNPRIVILEGED:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise NoPlace(f"none of the accounts {', '.join(UNPRIVILEGED)} exists on this machine")

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        output: IO[Any] | int = subprocess.PIPE,
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, with a small environment and no input."""
        identity: dict[str, Any] = {}
        if self.uid is not None:
            identity = {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(
            command,
            cwd=cwd,
            env=_server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            **identity,
        )

    def own(self, path: Path) -> None:
        """Make a file or folder of ours belong to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Whether this account can work in a folder."""
        # Not by cwd=: the parent's rights would count there, for it changes the user later.
        look = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
        return self.run(look, cwd=Path("/")).returncode == 0

    def can_run(self, program: str) -> bool:
        """Whether this account can start a program."""
        try:
            return self.run([program, "--version"], cwd=Path("/")).returncode == 0
        except PermissionError:
            return False


def place_for_data(home: Path) -> Path:
    """The data folder for a home: `home/data`, or one elsewhere that the account can enter.

    A place elsewhere is remembered in `home/data_is_at`: a database must not move by itself.
    """
    inside, remembered = home / "data", home / "data_is_at"
    if inside.exists():
        return inside
    if remembered.exists():
        return Path(remembered.read_text().strip())
    account = Account.for_data(inside)
    if account.can_enter(home):
        return inside
    data = _elsewhere(home, account) / "data"
    remembered.write_text(f"{data}\n")
    return data


def programs_for(account: Account, install: Install, home: Path) -> Install:
    """The same programs where the account can run them: in place, or copied elsewhere."""
    if account.can_run(install.program("postgres")):
        return install
    copy = _elsewhere(home, account).parent / f"programs-{install.version}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
        copy_programs(install, fresh)
        fresh.chmod(0o755)
        _put_in_place(fresh, copy)
    return Install(copy / _inner_path(install), install.version)


def copy_programs(install: Install, target: Path) -> Path:
    """Copy an installation below `target` so that it runs there; return its new bin folder.

    The wheel keeps shared libraries in `<package>.libs` beside the package and finds them by a
    relative path, so the last folders of the path stay as they were.
    """
    package = install.bin.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(install.bin.parent, (target / _inner_path(install)).parent, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    return target / _inner_path(install)


def _inner_path(install: Install) -> Path:
    return Path(*install.bin.parts[-3:])


def _put_in_place(fresh: Path, copy: Path) -> None:
    """Rename the finished copy; when another starter was faster, theirs is as good."""
    try:
        fresh.rename(copy)
    except OSError:
        if not copy.exists():
            raise
        shutil.rmtree(fresh)


def _elsewhere(home: Path, account: Account) -> Path:
    """A folder of ours outside the project, named after the home it stands in for."""
    label = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    bases = (*ELSEWHERE, Path(tempfile.gettempdir()) / "ordercenter")
    for base in bases:
        folder = base / f"{home.name}-{label}"
        if _is_ours(base) and _is_ours(folder) and account.can_enter(folder):
            return folder
    raise NoPlace(
        f"The database server runs as user id {account.uid}, which cannot enter {home}; nor could a"
        f" folder be made in {', '.join(map(str, bases))}. Set OC_VAR to a folder that every"
        f" account may enter, or DATABASE_URL to use a server."
    )


def _is_ours(folder: Path) -> bool:
    """Make the folder if it is missing; False when it cannot be made or is someone else's."""
    try:
        folder.mkdir(mode=0o755, exist_ok=True)
    except OSError:
        return False
    return folder.stat().st_uid == os.geteuid() and not folder.is_symlink()


def _server_environment() -> Mapping[str, str]:
    """Nothing of the caller's PG… variables or locale may reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "LC_MESSAGES": "C"}
