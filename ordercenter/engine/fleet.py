"""The processes that make up a running Order Center, and the port it answers at."""

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ordercenter.engine import postgres
from ordercenter.engine.metrics import FOLDER_VARIABLE
from ordercenter.engine.paths import PROJECT_ROOT, var_dir
from ordercenter.engine.supervisor import Child, Heartbeat, Keeper

PORTS_TRIED = 50
MANAGE = (sys.executable, str(PROJECT_ROOT / "manage.py"))
# New trades a minute, and seconds after which parcels of the simulators move on by themselves.
SIMULATOR_PACE = ("--trickle", "2", "--auto-advance", "60")
DEMO_GOODS = "demo-skus.json"  # written by the demo world: what the simulated buyers order


class PortTaken(RuntimeError):
    """Somebody else listens at the port that was asked for."""


def free_port(host: str, wanted: int, *, or_next: bool) -> int:
    """The wanted port if it is free; with `or_next`, else the next free one.

    Raises PortTaken when there is none.
    """
    last = wanted + (PORTS_TRIED if or_next else 0)
    for port in range(wanted, last + 1):
        if _can_listen(host, port):
            return port
    raise PortTaken(
        f"Port {wanted} is taken by another program."
        " End that one, or choose another port, for example PORT=8080."
    )


def _can_listen(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
            probe.listen(1)
        except OSError:
            return False
    return True


def children(
    shared: Mapping[str, str], *, worker_age: Callable[[], float | None], with_simulators: bool
) -> list[Child]:
    """Web server, relay, task cluster and, for the demo, the simulators of the outside world.

    `shared` is environment for all of them; `worker_age` is the task cluster's heartbeat.
    """
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:ordercenter.engine.web_server",
    ]
    fleet = [
        _child("web", gunicorn, {**shared, FOLDER_VARIABLE: str(metrics_dir())}),
        _child("relay", [*MANAGE, "relay"], shared),
        _child("cluster", [*MANAGE, "qcluster"], shared, Heartbeat(worker_age)),
    ]
    if with_simulators:
        fleet.append(_child("simulators", _simulators(), shared))
    return fleet


def _simulators() -> list[str]:
    """The outside world: it remembers over a restart, and its buyers order what we have."""
    command = [sys.executable, "-m", "integrations.simulators", *SIMULATOR_PACE]
    command += ["--state", str(var_dir() / "simulators.json")]
    goods = var_dir() / DEMO_GOODS
    return [*command, "--skus", str(goods)] if goods.exists() else command


def metrics_dir() -> Path:
    """Where the web processes count their requests."""
    return var_dir() / "metrics"


def _child(
    name: str,
    command: Sequence[str],
    shared: Mapping[str, str],
    heartbeat: Heartbeat | None = None,
) -> Child:
    # Only the supervisor starts the database: a child must not bring back what is being stopped.
    environment = {
        **shared,
        "OC_EMBEDDED_AUTOSTART": "0",
        "OC_PROCESS": name,
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")])
        ),
    }
    return Child(name, command, environment, heartbeat=heartbeat)


def keepers() -> list[Keeper]:
    """The embedded database, unless DATABASE_URL names a server that others look after."""
    if "DATABASE_URL" in os.environ:
        return []
    return [Keeper("the database", postgres.is_alive, postgres.ensure_running)]


def wait_until_answering(url: str, *, host_header: str, seconds: float) -> bool:
    """Whether the address answers with success before the time is over."""
    request = urllib.request.Request(url, headers={"Host": host_header})
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False
