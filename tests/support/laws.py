"""Asking whether the laws of the house hold."""

from __future__ import annotations

from typing import Any

from ordercenter.core.invariants import verify


def broken_laws(room: str = "") -> dict[str, Any]:
    """The laws (of one room) that are broken now, each with its first violation."""
    return {run.law: run.first for run in verify() if run.violations and run.law.startswith(room)}
