"""Finding and listing orders through HTTP, on 10,000 and on 1,000,000 of them."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from scripts.bench import world
from scripts.bench.history import COMMON_NAME, COMMON_TAIL, LARGE, SMALL, grow_to
from scripts.bench.load import Client
from scripts.bench.pages import GROWTH_MOST, growth, make_admin, p95, require_found, sign_in
from scripts.bench.processes import web
from scripts.bench.report import Report
from scripts.bench.requests import make_key

# What each search may take at most, in milliseconds.
SEARCHES = {
    "phone, whole": 50, "phone, last four": 50, "phone, common last four": 50, "phone, part": 50,
    "order number": 50, "channel's number": 50, "name, three characters": 50,
    "name, common": 50, "name, two characters": 200,
}  # fmt: skip
# One order or few of 10,000 have these four digits, these two characters or this name, and a full
# page of 1,000,000: how the search itself grows shows where one order is asked for. The common
# last four fill a page at both sizes; a name of three characters is found once or twice at both.
FULL_PAGES = ("phone, last four", "name, common", "name, two characters")
LISTS = ("first page", "middle page", "filtered page")
LIST_MOST = 150

Figures = dict[str, float]


def run(report: Report, postmaster: int) -> None:
    """The same questions at both sizes; growth is large over small."""
    report.title(f"lists: through HTTP on {SMALL:,} and {LARGE:,} orders")
    report.line("inserted", f"{grow_to(1, SMALL):.0f} s")
    token = make_key()
    make_admin()
    small = _ask_all(token)
    report.line("inserted", f"{grow_to(SMALL + 1, LARGE):.0f} s")
    ground = world.violations()
    large = _ask_all(token)
    for name in (*SEARCHES, *LISTS):
        most = SEARCHES.get(name, LIST_MOST)
        report.aim(f"{name}: p95", large[name], most, "ms")
        like = _first_of(name) if name in FULL_PAGES else name
        times = growth(large[like], small[like])
        report.aim(f"{like}: growth from {small[like]:.1f} ms", times, GROWTH_MOST, "×")
    world.check_laws(report, ground)


def _ask_all(token: str) -> Figures:
    figures: Figures = {}
    with web() as (port, _process):
        client = Client(port)
        bearer = {"Authorization": f"Bearer {token}"}
        for name, texts in _questions().items():
            paths = [f"/api/v1/orders/?search={quote(text)}" for text in texts]
            require_found(client, paths, bearer, lambda body: b'"results":[]' not in body)
            figures[name] = p95(client, paths, bearer)
            if name in FULL_PAGES:
                shorter = [f"{path}&limit=1" for path in paths]
                figures[_first_of(name)] = p95(client, shorter, bearer)
        cookie = {"Cookie": sign_in(port)}
        for name, paths in _pages().items():
            figures[name] = p95(client, paths, cookie)
        client.close()
    return figures


def _first_of(name: str) -> str:
    return f"{name}, the newest only"


def _questions() -> dict[str, list[str]]:
    """What is searched for, by what it is: always of orders that there are."""
    with world.connect() as link:
        rows = link.execute(
            "SELECT receiver_phone, number, external_number, receiver_name FROM orders_order"
            " WHERE id IN (SELECT (random() * (SELECT max(id) FROM orders_order))::bigint"
            "                FROM generate_series(1, 160)) AND length(receiver_name) = 3 LIMIT 40"
        ).fetchall()
    return {
        "phone, whole": [row[0] for row in rows],
        "phone, last four": [row[0][-4:] for row in rows],
        "phone, common last four": [COMMON_TAIL],
        "phone, part": [row[0][2:9] for row in rows],
        "order number": [row[1] for row in rows],
        "channel's number": [row[2] for row in rows],
        "name, three characters": [row[3] for row in rows],
        "name, common": [COMMON_NAME],
        "name, two characters": [row[3][:2] for row in rows],
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
