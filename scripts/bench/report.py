"""Printing figures, and remembering which aims were missed."""

from __future__ import annotations

from dataclasses import dataclass, field


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie; 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


@dataclass
class Report:
    """Lines of figures; `missed` collects the aims that were not reached."""

    missed: list[str] = field(default_factory=list)

    def title(self, text: str) -> None:
        """Begin a part of the report."""
        print(f"\n== {text}", flush=True)

    def line(self, name: str, value: str, note: str = "") -> None:
        """One figure."""
        print(f"  {name:<58} {value:>16}   {note}", flush=True)

    def aim(self, name: str, value: float, most: float, unit: str) -> None:
        """A figure that should not be larger than `most`."""
        self._aim(name, value, value <= most, f"≤ {most:g} {unit}", unit)

    def aim_at_least(self, name: str, value: float, least: float, unit: str) -> None:
        """A figure that should not be smaller than `least`."""
        self._aim(name, value, value >= least, f"≥ {least:g} {unit}", unit)

    def _aim(self, name: str, value: float, is_met: bool, wish: str, unit: str) -> None:
        mark = "ok" if is_met else "MISSED"
        self.line(name, f"{value:,.2f} {unit}", f"{wish}  {mark}")
        if not is_met:
            self.missed.append(f"{name}: {value:,.2f} {unit}, wanted {wish}")
