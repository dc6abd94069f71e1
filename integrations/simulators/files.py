"""The recorded bodies that ship with the simulators."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "data"


@cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


def load(name: str) -> Any:
    """A fresh copy of ``data/<name>``; callers may change what they get."""
    return json.loads(_text(name))
