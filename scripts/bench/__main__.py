"""`make bench`: every figure of docs/performance.md; `make bench ARGS="place pull"` for parts."""

from __future__ import annotations

import argparse
import importlib
import os
import time

from scripts.bench.database import fresh_database, prepare_environment
from scripts.bench.report import Report

SECTIONS = ("place", "scarce", "outbox", "pull", "lists", "peak", "sheets", "numbers", "care")


def main() -> int:
    """Run the chosen sections on a fresh database; 1 when an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", help=" ".join(SECTIONS))
    chosen = parser.parse_args().sections or list(SECTIONS)
    prepare_environment()
    report = Report()
    print(f"{os.cpu_count()} cores; fsync and synchronous_commit on", flush=True)
    for name in chosen:
        begun = time.monotonic()
        postmaster = fresh_database()
        from scripts.bench.world import build_catalogue

        build_catalogue()
        importlib.import_module(f"scripts.bench.sections.{name}").run(report, postmaster)
        _let_go()
        print(f"  ({time.monotonic() - begun:.0f} s)", flush=True)
    print(f"\n{len(report.missed)} aims missed", flush=True)
    for text in report.missed:
        print(f"  {text}")
    return int(bool(report.missed))


def _let_go() -> None:
    """Close the links that the section's Django code holds: the next one drops the database."""
    from django.db import connections

    if connections.settings:
        connections.close_all()


if __name__ == "__main__":
    raise SystemExit(main())
