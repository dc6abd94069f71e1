"""Asking for pages of a web server as a person would, and how long the answers took."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from scripts.bench.load import Client, request_bytes
from scripts.bench.report import percentile

TIMES = 60
PASSWORD = "bench-only"
GROWTH_MOST = 1.5
# Below this a difference between two sizes is noise of the clock, not growth.
NOISE_MS = 2.0


def p95(
    client: Client,
    paths: Sequence[str],
    headers: Mapping[str, str],
    *,
    times: int = TIMES,
    warm: int = 5,
) -> float:
    """Milliseconds within which 95 of 100 answers came, after a few to warm up."""
    for path in paths[:warm]:
        client.ask(request_bytes("GET", path, headers=headers))
    seconds = []
    for number in range(times):
        path = paths[number % len(paths)]
        request = request_bytes("GET", path, headers=headers)
        begun = time.perf_counter()
        status, _body = client.ask(request)
        seconds.append(time.perf_counter() - begun)
        if status != 200:
            raise RuntimeError(f"{status} for {path}")
    return 1000 * percentile(seconds, 0.95)


def growth(large: float, small: float) -> float:
    """How many times as long it took on many orders, the clock's noise taken off."""
    return (large + NOISE_MS) / (small + NOISE_MS)


def require_found(
    client: Client,
    paths: Sequence[str],
    headers: Mapping[str, str],
    is_found: Callable[[bytes], bool],
) -> None:
    """Each of the questions finds somebody: a quick answer of “nobody” would be no figure."""
    for path in paths:
        _status, body = client.ask(request_bytes("GET", path, headers=headers))
        if not is_found(body):
            raise RuntimeError(f"nobody is found: {path}")


def make_admin() -> None:
    """Somebody who may see everything."""
    from ordercenter.core.models import User

    User.objects.create_superuser("bench", password=PASSWORD)


def sign_in(port: int) -> str:
    """The cookies of a signed-in administrator."""
    link = http.client.HTTPConnection("127.0.0.1", port)
    link.request("GET", "/admin/login/")
    answer = link.getresponse()
    page = answer.read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
    assert token is not None, "the login page has a form"
    form = urlencode(
        {"csrfmiddlewaretoken": token[1], "username": "bench", "password": PASSWORD, "next": "/"}
    )
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    link.request("POST", "/admin/login/", form, headers)
    answer = link.getresponse()
    answer.read()
    cookies = [value.split(";")[0] for name, value in answer.getheaders() if name == "Set-Cookie"]
    if answer.status != 302:
        raise RuntimeError(f"signing in answered {answer.status}")
    return "; ".join(cookies)
