"""Finding and listing orders through HTTP, on 10,000 and on 1,000,000 of them."""

from __future__ import annotations

import http.client
import random
import re
import time
from urllib.parse import quote, urlencode

from scripts.bench import world
from scripts.bench.history import COMMON_TAIL, FAMILY, GIVEN, grow_to
from scripts.bench.load import Client, request_bytes
from scripts.bench.processes import web
from scripts.bench.report import Report, percentile
from scripts.bench.requests import make_key

SMALL, LARGE = 10_000, 1_000_000
TIMES = 60
PASSWORD = "bench-only"
# What each search may take at most, in milliseconds.
SEARCHES = {
    "phone, whole": 50, "phone, last four": 50, "phone, common last four": 50, "phone, part": 50,
    "order number": 50, "channel's number": 50, "name, three characters": 50,
    "name, two characters": 200,
}  # fmt: skip
# One order of 10,000 has these four digits and a full page of 1,000,000: their growth is that of
# the page, not of the search. The common last four fill a page at both sizes.
NO_GROWTH = "phone, last four"
LISTS = ("first page", "middle page", "filtered page")
LIST_MOST = 150
GROWTH_MOST = 1.5
# Below this a difference between two sizes is noise of the clock, not growth.
NOISE_MS = 2.0

Figures = dict[str, float]


def run(report: Report, postmaster: int) -> None:
    """The same questions at both sizes; growth is large over small."""
    report.title(f"lists: through HTTP on {SMALL:,} and {LARGE:,} orders")
    report.line("inserted", f"{grow_to(1, SMALL):.0f} s")
    token = make_key()
    _make_admin()
    small = _ask_all(token)
    report.line("inserted", f"{grow_to(SMALL + 1, LARGE):.0f} s")
    large = _ask_all(token)
    for name in (*SEARCHES, *LISTS):
        most = SEARCHES.get(name, LIST_MOST)
        report.aim(f"{name}: p95", large[name], most, "ms")
        if name == NO_GROWTH:
            continue
        growth = (large[name] + NOISE_MS) / (small[name] + NOISE_MS)
        report.aim(f"{name}: growth from {small[name]:.1f} ms", growth, GROWTH_MOST, "×")


def _ask_all(token: str) -> Figures:
    figures: Figures = {}
    with web() as (port, _process):
        client = Client(port)
        bearer = {"Authorization": f"Bearer {token}"}
        for name, texts in _questions().items():
            figures[name] = _p95(
                client, [f"/api/v1/orders/?search={quote(text)}" for text in texts], bearer
            )
        cookie = {"Cookie": _sign_in(port)}
        for name, paths in _pages().items():
            figures[name] = _p95(client, paths, cookie)
        client.close()
    return figures


def _p95(
    client: Client,
    paths: list[str],
    headers: dict[str, str],
    *,
    times: int = TIMES,
    warm: int = 5,
) -> float:
    """Milliseconds within which 95 of 100 answers came, after a few to warm up."""
    for path in paths[:warm]:
        client.ask(request_bytes("GET", path, headers=headers))
    seconds = []
    for number in range(times):
        request = request_bytes("GET", paths[number % len(paths)], headers=headers)
        begun = time.perf_counter()
        status, _body = client.ask(request)
        seconds.append(time.perf_counter() - begun)
        if status != 200:
            raise RuntimeError(f"{status} for {paths[number % len(paths)]}")
    return 1000 * percentile(seconds, 0.95)


def _questions() -> dict[str, list[str]]:
    draw = random.Random(3)
    with world.connect() as link:
        rows = link.execute(
            "SELECT receiver_phone, number, external_number, receiver_name FROM orders_order"
            " WHERE id IN (SELECT (random() * (SELECT max(id) FROM orders_order))::bigint"
            "                FROM generate_series(1, 80)) LIMIT 40"
        ).fetchall()
    return {
        "phone, whole": [row[0] for row in rows],
        "phone, last four": [row[0][-4:] for row in rows],
        "phone, common last four": [COMMON_TAIL],
        "phone, part": [row[0][2:9] for row in rows],
        "order number": [row[1] for row in rows],
        "channel's number": [row[2] for row in rows],
        "name, three characters": [
            draw.choice(FAMILY) + draw.choice(GIVEN) + draw.choice(GIVEN) for _ in range(40)
        ],
        "name, two characters": [draw.choice(FAMILY) + draw.choice(GIVEN) for _ in range(40)],
    }


def _pages() -> dict[str, list[str]]:
    with world.connect() as link:
        row = link.execute("SELECT min(id), max(id), min(shop_id) FROM orders_order").fetchone()
    assert row is not None
    middle, shop = (row[0] + row[1]) // 2, row[2]
    base = "/admin/orders/order/"
    filtered = urlencode({"tab": "review", "shop__id__exact": shop})
    return {
        "first page": [f"{base}?tab=all"],
        "middle page": [f"{base}?tab=all&p=older-{middle + step}" for step in range(0, 2000, 100)],
        "filtered page": [f"{base}?{filtered}"],
    }


def _make_admin() -> None:
    from ordercenter.core.models import User

    User.objects.create_superuser("bench", password=PASSWORD)


def _sign_in(port: int) -> str:
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
