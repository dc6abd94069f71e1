"""Sheets: a 50,000-row sync and a 100,000-order export, each beside its floor, with memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from scripts.bench import world
from scripts.bench.database import ROOT, connect
from scripts.bench.history import grow_to
from scripts.bench.report import Report

EXPORTED = 100_000
SYNCED = 50_000
# Of the synced rows these many were changed by others after the export.
CONTESTED = 500
SYNC_MOST, EXPORT_MOST = 12.0, 5.0
SYNC_MIB, EXPORT_MIB = 300.0, 200.0


def run(report: Report, postmaster: int) -> None:
    """Each step in a process of its own, whose highest memory is read from the system."""
    report.title(f"sheets: {SYNCED:,} rows in, {EXPORTED:,} orders out")
    report.line("inserted", f"{grow_to(1, EXPORTED):.0f} s")
    folder = Path(os.environ["OC_VAR"])
    _export(report, folder)
    _sync(report, folder)


def _export(report: Report, folder: Path) -> None:
    ours = _child("export", folder, EXPORTED)
    floor = _child("export_floor", folder, EXPORTED)
    report.line("floor: the same strings into a zip, as zipfile does", f"{floor['seconds']:.2f} s")
    report.line("the same at the export's level of packing", f"{floor['quick']:.2f} s")
    report.line("reading the orders from the database", f"{floor['read']:.2f} s")
    report.line("export, all of it", f"{ours['seconds']:.2f} s", f"{ours['mib']:.0f} MiB at most")
    report.aim(
        "export with reading, times the floor", ours["seconds"] / floor["seconds"], EXPORT_MOST, "×"
    )
    report.line(
        "the same, times the floor at the export's level",
        f"{ours['seconds'] / floor['quick']:.1f} ×",
    )
    # CPU seconds: other load on the machine stretches both, but not evenly.
    report.aim(
        "export without reading, CPU times that of the same level",
        (ours["cpu"] - floor["cpu_read"]) / floor["cpu"],
        EXPORT_MOST,
        "×",
    )
    report.aim("export: memory", ours["mib"], EXPORT_MIB, "MiB")


def _sync(report: Report, folder: Path) -> None:
    _child("edit", folder, SYNCED)
    with connect() as link:
        link.execute(
            "UPDATE orders_order SET seller_memo = 'theirs ' || now(), version = version + 1"
            " WHERE id IN (SELECT id FROM orders_order ORDER BY id DESC LIMIT %s)",
            [CONTESTED],
        )
    ground = world.violations()
    floor = _child("sync_floor", folder, SYNCED)
    dry = _child("look", folder, SYNCED)
    ours = _child("sync", folder, SYNCED)
    report.line("floor: parse both sheets, COPY them", f"{floor['seconds']:.2f} s")
    report.line("dry run", f"{dry['seconds']:.2f} s", f"{dry['mib']:.0f} MiB at most")
    report.line(
        "sync, every row changed", f"{ours['seconds']:.2f} s", f"{ours['mib']:.0f} MiB at most"
    )
    report.aim("sync, times the floor", ours["seconds"] / floor["seconds"], SYNC_MOST, "×")
    report.aim("sync: memory", ours["mib"], SYNC_MIB, "MiB")
    report.aim("statements per 1,000 rows", ours["statements"] * 1000 / SYNCED, 25, "")
    report.aim("conflicts not shown", abs(ours["conflict"] - CONTESTED), 0, "cells")
    report.aim("cells not told as applied", SYNCED - CONTESTED - ours["applied"], 0, "cells")
    written, kept = _memos()
    report.aim("changes lost", SYNCED - CONTESTED - written, 0, "orders")
    report.aim("changes of others lost", CONTESTED - kept, 0, "orders")
    world.check_laws(report, ground)


def _memos() -> tuple[int, int]:
    """How many orders have the memo of the sheet, and how many the one of others."""
    with connect() as link:
        row = link.execute(
            "SELECT count(*) FILTER (WHERE seller_memo LIKE '备忘 %'),"
            " count(*) FILTER (WHERE seller_memo LIKE 'theirs %') FROM orders_order"
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _child(step: str, folder: Path, rows: int) -> dict[str, Any]:
    """What the step's process says about itself, with its highest resident memory."""
    command = [sys.executable, "-m", "scripts.bench.sheet_steps", step, str(folder), str(rows)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    watched, peak = psutil.Process(process.pid), 0.0
    while process.poll() is None:
        peak = max(peak, _resident_mib(watched))
        time.sleep(0.02)
    output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise RuntimeError(f"{step} ended with {process.returncode}")
    return {**json.loads(output.strip().splitlines()[-1]), "mib": peak}


def _resident_mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / 2**20
    except psutil.NoSuchProcess:
        return 0.0
