"""`python -m scripts.bench.sheet_steps STEP FOLDER ROWS`: one step of the sheets section."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

import django


def main() -> None:
    """Run the step and print what it says as one line of JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordercenter.settings")
    django.setup()
    step, folder, rows = sys.argv[1:]
    work = importlib.import_module("scripts.bench.sheet_work")
    print(json.dumps(work.STEPS[step](Path(folder), int(rows))))


if __name__ == "__main__":
    main()
