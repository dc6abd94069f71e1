"""Where the program keeps what it makes at run time."""

import os
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def var_dir() -> Path:
    """The folder for data, logs and pid files: `var/` in the project, or what OC_VAR names."""
    chosen = os.environ.get("OC_VAR")
    return Path(chosen).expanduser().resolve() if chosen else PROJECT_ROOT / "var"


def log_dir() -> Path:
    """The folder for log files; it exists afterwards."""
    folder = var_dir() / "log"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
