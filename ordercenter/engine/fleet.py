"""The processes that make up a running Order Center, and the port it answers at."""

import errno
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
from ordercenter.engine.web_server import LISTENER_VARIABLE

PORTS_TRIED = 50
BACKLOG = 2048
MANAGE = (sys.executable, str(PROJECT_ROOT / "manage.py"))
# New trades a minute, and seconds after which parcels of the simulators move on by themselves.
SIMULATOR_PACE = ("--trickle", "2", "--auto-advance", "60")
# Refunds reach the buyer after so many seconds.
SIMULATED_PAYMENTS = ("--refund", "20", "--any-payment")
PAYMENT_KEYS = "demo-payment-keys.json"  # shared by the simulators and our accounts there
DEMO_GOODS = "demo-skus.json"  # written by the demo world: what the simulated buyers order


class PortTaken(RuntimeError):
    """Somebody else listens at the port that was asked for."""


def listen(host: str, wanted: int, *, or_next: bool) -> socket.socket:
    """A socket that listens at the wanted port, with `or_next` else at the next free one.

    The supervisor holds it and the web server inherits it: nobody else can slip in between, and
    while the web server is replaced, visitors wait instead of being refused. Raises PortTaken.
    """
    last = wanted + (PORTS_TRIED if or_next else 0)
    for port in range(wanted, last + 1):
        if (found := _try_to_listen(host, port)) is not None:
            return found
    raise PortTaken(
        f"Port {wanted} is taken by another program."
        " End that one, or choose another port, for example PORT=8080."
    )


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or the next one at which nobody listens now."""
    with listen(host, wanted, or_next=True) as probe:
        return port_of(probe)


def port_of(listener: socket.socket) -> int:
    """Where a socket listens."""
    return int(listener.getsockname()[1])


def _try_to_listen(host: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host.strip("[]"), port))
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return None
    return found


def children(
    shared: Mapping[str, str],
    listener: socket.socket,
    *,
    worker_age: Callable[[], float | None],
    with_simulators: bool,
) -> list[Child]:
    """Web server, relay, task cluster and, for the demo, the simulators of the outside world.

    `shared` is environment for all of them, `listener` what the web server answers at and
    `worker_age` the task cluster's heartbeat.
    """
    fleet = [
        _web(shared, listener),
        _child("relay", [*MANAGE, "relay"], shared),
        _child("cluster", [*MANAGE, "qcluster"], shared, heartbeat=Heartbeat(worker_age)),
    ]
    if with_simulators:
        command = _simulators()
        fleet.append(_child("simulators", command, shared))
    return fleet


def _web(shared: Mapping[str, str], listener: socket.socket) -> Child:
    command = [sys.executable, "-m", "gunicorn", "--config", "python:ordercenter.engine.web_server"]
    descriptor = listener.fileno()
    own = {LISTENER_VARIABLE: str(descriptor), FOLDER_VARIABLE: str(metrics_dir())}
    return _child("web", command, {**shared, **own}, inherited=(descriptor,))


def _simulators() -> list[str]:
    """The outside world: it remembers over a restart, and its buyers order what we have."""
    command = [sys.executable, "-m", "integrations.simulators", *SIMULATOR_PACE]
    command += ["--state", str(var_dir() / "simulators.json")]
    command += [*SIMULATED_PAYMENTS, "--payment-keys", str(var_dir() / PAYMENT_KEYS)]
    goods = var_dir() / DEMO_GOODS
    return [*command, "--skus", str(goods)] if goods.exists() else command


def metrics_dir() -> Path:
    """Where the web processes count their requests."""
    return var_dir() / "metrics"


def _child(
    name: str,
    command: Sequence[str],
    shared: Mapping[str, str],
    *,
    heartbeat: Heartbeat | None = None,
    inherited: tuple[int, ...] = (),
) -> Child:
    path = filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")])
    environment = {
        **shared,
        # Only the supervisor starts the database: a child must not bring back what is stopping.
        "OC_EMBEDDED_AUTOSTART": "0",
        "OC_PROCESS": name,
        "PYTHONPATH": os.pathsep.join(path),
    }
    return Child(name, command, environment, heartbeat=heartbeat, inherited=inherited)


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
            with urllib.request.urlopen(request, timeout=10):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False
