"""For tests, demo and benchmarks: a running simulator process and a client for its control.

with running_simulator(query_gap=0) as simulator:
    simulator.generate(count=100, seed=7)
    adapter = make_adapter(simulator.base_url)
"""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

START_SECONDS = 15.0
STOP_SECONDS = 10.0
_ROOT = Path(__file__).resolve().parents[2]
_READY = "simulators ready at "


class ControlError(Exception):
    """The control interface refused; the text says why."""


class Simulator:
    """A simulator somewhere, addressed by its base URL; the methods are its control interface."""

    def __init__(self, base_url: str, pid: int | None = None) -> None:
        self.base_url = base_url
        self.pid = pid
        self._address = urlsplit(base_url).netloc

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """``GET /control/<path>``."""
        tail = f"?{urlencode(query)}" if query else ""
        return self._call("GET", path + tail, None)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """``POST /control/<path>``."""
        return self._call("POST", path, body)

    def reset(self, *, samples: bool = True) -> None:
        """As just started."""
        self.post("reset", samples=samples)

    def generate(self, count: int, **options: Any) -> dict[str, Any]:
        """Make trades; options: seed, shop, paid_share, modified_from, modified_to, skus."""
        return self.post("taobao/generate", count=count, **options)

    def fault(self, system: str, kind: str, **options: Any) -> dict[str, Any]:
        """Let the next call go wrong, or the next ``count``, or each with a ``probability``."""
        return self.post("faults", system=system, kind=kind, **options)

    def clear_faults(self) -> None:
        """Everything works again."""
        self._call("DELETE", "faults", {})

    def change(self, tid: int | str, **changes: Any) -> dict[str, Any]:
        """Change a trade: status, modified, address, buyer_message, refund, fields."""
        return self.post("taobao/change", tid=str(tid), **changes)

    def trade(self, tid: int | str, shop: str = "demo1") -> dict[str, Any]:
        """A trade as it is stored, with its receiver in clear text."""
        return self.get("taobao/trade", tid=str(tid), shop=shop)

    def shipments(self) -> list[dict[str, Any]]:
        """The shipments that were told and accepted."""
        accepted: list[dict[str, Any]] = self.get("taobao/shipments")["accepted"]
        return accepted

    def advance(self, number: str, to: str, **options: Any) -> dict[str, Any]:
        """Move a parcel on; ``wait=True`` answers after each subscriber was called once."""
        return self.post("kuaidi100/advance", number=number, to=to, **options)

    def messages(self) -> list[dict[str, Any]]:
        """What arrived in the WeCom groups, oldest first."""
        messages: list[dict[str, Any]] = self.get("wecom/messages")["messages"]
        return messages

    def counters(self) -> dict[str, Any]:
        """Calls, refusals, bad signatures, and CPU seconds of the simulator."""
        return self.get("counters")

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        connection = HTTPConnection(self._address, timeout=120)
        try:
            headers = {} if body is None else {"Content-Type": "application/json"}
            text = None if body is None else json.dumps(body, ensure_ascii=False).encode()
            connection.request(method, f"/control/{path}", text, headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ControlError(answer.get("error", f"HTTP {response.status}"))
        return answer


@contextmanager
def running_simulator(**options: str | float | bool) -> Iterator[Simulator]:
    """A simulator process on a free port, stopped at the end or when this process dies.

    Options are those of the command line with underscores: ``push_retry=0.2``,
    ``literal_samples=True``, ``now="2026-11-10 10:05:00"``.
    """
    command = [sys.executable, "-m", "integrations.simulators", "--port=0", "--stop-with-stdin"]
    for name, value in options.items():
        if value is not False:
            flag = "--" + name.replace("_", "-")
            command.append(flag if value is True else f"{flag}={value}")
    process = subprocess.Popen(
        command,
        cwd=_ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Simulator(_wait_until_ready(process), process.pid)
    finally:
        _stop(process)


def _wait_until_ready(process: subprocess.Popen[bytes]) -> str:
    """The base URL that the process prints when it listens."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline().decode() if ready else ""
    if not line.startswith(_READY):
        raise RuntimeError(f"the simulators did not start: {line!r}")
    return line.removeprefix(_READY).strip()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process by closing its standard input; by force if it does not listen."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
