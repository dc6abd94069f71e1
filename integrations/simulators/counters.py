"""What was called, what was refused: counted per system."""

from collections import Counter
from typing import Any


class Counters:
    """Calls per method, refusals per code, and signatures that did not match."""

    def __init__(self) -> None:
        self.calls: dict[str, Counter[str]] = {}
        self.refusals: dict[str, Counter[str]] = {}
        self.bad_signatures: Counter[str] = Counter()

    def call(self, system: str, method: str) -> None:
        """Count one call, whatever becomes of it."""
        self.calls.setdefault(system, Counter())[method] += 1

    def refusal(self, system: str, code: str) -> None:
        """Count one error answer of the system's own rules."""
        self.refusals.setdefault(system, Counter())[code] += 1

    def clear(self) -> None:
        """Count from nought."""
        self.calls.clear()
        self.refusals.clear()
        self.bad_signatures.clear()

    def describe(self) -> dict[str, Any]:
        """All figures, for the control interface and the page."""
        return {
            "calls": {system: dict(counter) for system, counter in self.calls.items()},
            "refusals": {system: dict(counter) for system, counter in self.refusals.items()},
            "bad_signatures": dict(self.bad_signatures),
        }
