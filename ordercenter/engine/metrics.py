"""Counting requests across web processes, and writing figures the way Prometheus reads them.

Each process counts into a small file that it maps into memory; whoever is scraped adds all files
up. Counters start at nought when the supervisor starts, which Prometheus understands.
"""

import mmap
import os
import threading
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.http import HttpRequest, HttpResponse

AREAS = ("admin", "api", "hooks", "scan", "track", "quick-order", "static", "other")
STATUSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
LIMITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
ROW = len(LIMITS) + 2  # one count for each limit, one for above, the sum of seconds
SIZE = len(AREAS) * len(STATUSES) * ROW
FOLDER_VARIABLE = "OC_METRICS_DIR"


@dataclass
class Figure:
    """One measured thing: name, what it means, and its values by label."""

    name: str
    meaning: str
    kind: str = "gauge"
    samples: list[tuple[str, Mapping[str, str], float]] = field(default_factory=list)

    def add(self, value: float, *, suffix: str = "", **labels: str) -> None:
        """Add one value; `suffix` is for the parts of a histogram."""
        self.samples.append((suffix, labels, value))


def render(figures: Iterable[Figure]) -> str:
    """The figures in Prometheus' text format, version 0.0.4."""
    lines = []
    for figure in figures:
        lines.append(f"# HELP {figure.name} {figure.meaning}")
        lines.append(f"# TYPE {figure.name} {figure.kind}")
        for suffix, labels, value in figure.samples:
            lines.append(_sample(figure.name + suffix, labels, value))
    return "\n".join(lines) + "\n"


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inner = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
    return f"{name}{{{inner}}} {value!r}" if inner else f"{name} {value!r}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class RequestMeter:
    """How many requests took how long, by area of the site and class of status.

    Without a folder the counts of this process are all there is.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._pid = 0
        self._counts: memoryview[float] | array[float] = array("d")

    def observe(self, area: str, status: int, seconds: float) -> None:
        """Count one finished request."""
        row = _row_of(area, status)
        with self._lock:
            if self._pid != os.getpid():  # first use, or a fork that must not count for two
                self._open()
            self._counts[row + bisect_left(LIMITS, seconds)] += 1
            self._counts[row + ROW - 1] += seconds

    def figure(self) -> Figure:
        """The sum over all processes as a histogram."""
        found = Figure("ordercenter_request_seconds", "Time to answer a request.", "histogram")
        totals = self._totals()
        for area in AREAS:
            for status in STATUSES:
                row = _row_of(area, int(status[0]) * 100)
                _add_histogram(found, totals[row : row + ROW], area=area, status=status)
        return found

    def _open(self) -> None:
        if self._folder is None:
            self._counts = array("d", bytes(8 * SIZE))
        else:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / f"{os.getpid()}.counts").open("w+b") as file:
                file.truncate(8 * SIZE)
                self._counts = memoryview(mmap.mmap(file.fileno(), 8 * SIZE)).cast("d")
        self._pid = os.getpid()

    def _totals(self) -> list[float]:
        totals = [0.0] * SIZE
        for counts in self._everyones_counts():
            totals = [total + count for total, count in zip(totals, counts, strict=True)]
        return totals

    def _everyones_counts(self) -> Iterator[Iterable[float]]:
        if self._folder is None:
            if self._pid == os.getpid():
                yield self._counts
            return
        for path in self._folder.glob("*.counts"):
            content = path.read_bytes()
            if len(content) == 8 * SIZE:  # another process may just be making it
                yield array("d", content)


def _row_of(area: str, status: int) -> int:
    """Where the counts of an area and status begin."""
    column = min(max(status // 100, 1), len(STATUSES)) - 1
    return (AREAS.index(area) * len(STATUSES) + column) * ROW


def _add_histogram(figure: Figure, row: list[float], **labels: str) -> None:
    """Add one labelled histogram in Prometheus' cumulative form; nothing when it is empty."""
    *counts, seconds = row
    if not sum(counts):
        return
    running = 0.0
    for limit, count in zip((*map(str, LIMITS), "+Inf"), counts, strict=True):
        running += count
        figure.add(running, suffix="_bucket", **labels, le=limit)
    figure.add(seconds, suffix="_sum", **labels)
    figure.add(running, suffix="_count", **labels)


def area_of(path: str) -> str:
    """The part of the site that a path belongs to; unknown ones share a name."""
    first = path.lstrip("/").partition("/")[0]
    return first if first in AREAS else "other"


def clear(folder: Path) -> None:
    """Forget the counts of processes of an earlier run."""
    for path in folder.glob("*.counts"):
        path.unlink()


_folder = os.environ.get(FOLDER_VARIABLE)
meter = RequestMeter(Path(_folder) if _folder else None)


class RequestMeterMiddleware:
    """Count every request; a failing one counts as 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        status = 500
        try:
            response = self.get_response(request)
            status = response.status_code
            return response
        finally:
            meter.observe(area_of(request.path), status, time.perf_counter() - begun)
