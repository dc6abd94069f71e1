"""The customer's page and the service desk, on 10,000 and on 1,000,000 orders.

Beside each stands the same question in SQL written by hand, over a link that stays open.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import quote

from scripts.bench import world
from scripts.bench.history import COMMON_TAIL, LARGE, SMALL, grow_to
from scripts.bench.load import Client
from scripts.bench.pages import GROWTH_MOST, growth, make_admin, p95, require_found, sign_in
from scripts.bench.processes import web
from scripts.bench.report import Report, percentile

TIMES = 60
PAGE = "customer's page"
PAGE_MOST = 50
DESK_MOST = 200
# Names meet more people the more orders there are: their growth is that of what is found.
NO_GROWTH = ("desk: name, three characters", "desk: name, two characters")
CUSTOMERS = 40

# Each order that has left has one parcel with three traces, and each order three events.
_PARCELS = """
INSERT INTO fulfilment_shipment (version, state, state_since, number, order_id, warehouse_id,
  carrier_id, waybill, receiver_name, receiver_phone, receiver_phone_tail, receiver_province,
  receiver_city, receiver_district, receiver_street, receiver_token, receiver_is_masked, planned_at,
  label_printed_at, left_warehouse_at, carrier_picked_up_at, delivered_at, tracking_state)
SELECT 5, CASE WHEN o.delivered_at IS NULL THEN 'in_transit' ELSE 'delivered' END, o.dispatched_at,
       '', o.id, w.id, c.id, 'BW' || o.id, o.receiver_name, o.receiver_phone,
       o.receiver_phone_tail, o.receiver_province, o.receiver_city, o.receiver_district,
       o.receiver_street, '', false, o.placed_at, o.dispatched_at, o.dispatched_at,
       o.dispatched_at, o.delivered_at, ''
  FROM orders_order o, inventory_warehouse w, fulfilment_carrier c
 WHERE o.dispatched_at IS NOT NULL AND w.code = 'BW' AND c.code = 'SF'
   AND NOT EXISTS (SELECT 1 FROM fulfilment_shipment s WHERE s.order_id = o.id)
"""
_TRACES = """
INSERT INTO fulfilment_trackingpoint (shipment_id, at, state, text, place, code, heard_at)
SELECT s.id, s.left_warehouse_at + n * interval '5 hours', '', '快件到达转运中心 ' || n, '', '',
       s.left_warehouse_at + n * interval '5 hours'
  FROM fulfilment_shipment s, generate_series(1, 3) n
 WHERE NOT EXISTS (SELECT 1 FROM fulfilment_trackingpoint p WHERE p.shipment_id = s.id)
"""
_EVENTS = """
INSERT INTO core_event (stream, sequence, subject_kind, subject_id, kind, from_state, to_state,
  actor_kind, actor_label, door, device, request_id, at, data, changes)
SELECT 'order:' || o.id, n, 'order', o.id,
       (ARRAY['order.placed', 'order.paid', 'order.approved'])[n], '', '', 'system', 'bench',
       'channel', '', '', o.placed_at + n * interval '1 minute', '{}', '{}'
  FROM orders_order o, generate_series(1, 3) n
 WHERE NOT EXISTS (SELECT 1 FROM core_event e WHERE e.stream = 'order:' || o.id)
"""
# Forty customers of five orders each, spread over the whole history.
_CUSTOMERS = """
WITH chosen AS (
  SELECT id, (row_number() OVER (ORDER BY md5(id::text)) - 1) / 5 AS person FROM (
    SELECT id FROM orders_order WHERE dispatched_at IS NOT NULL AND customer_id IS NULL
     ORDER BY md5(id::text) LIMIT %(rows)s) o),
people AS (
  INSERT INTO orders_customer (name, phone, kind, match_key, level, remark, first_seen_at)
  SELECT DISTINCT '熊大' || person, '19' || lpad((%(base)s + person)::text, 9, '0'), 'person',
         'bench:' || (%(base)s + person), '', '', now() FROM chosen
  RETURNING id, phone)
UPDATE orders_order o
   SET customer_id = p.id, receiver_phone = p.phone, receiver_phone_tail = right(p.phone, 4)
  FROM chosen c, people p
 WHERE o.id = c.id AND p.phone = '19' || lpad((%(base)s + c.person)::text, 9, '0')
"""
_TABLES = (
    "fulfilment_shipment", "fulfilment_trackingpoint", "core_event", "orders_order",
    "orders_customer",
)  # fmt: skip

# By hand: all that the customer's page says of one order.
_PAGE_FLOOR = (
    "SELECT o.*, h.name FROM orders_order o JOIN orders_shop h ON h.id = o.shop_id WHERE o.id = %s",
    "SELECT s.*, c.name FROM fulfilment_shipment s LEFT JOIN fulfilment_carrier c"
    " ON c.id = s.carrier_id WHERE s.order_id = %s",
    "SELECT p.* FROM fulfilment_trackingpoint p JOIN fulfilment_shipment s ON s.id = p.shipment_id"
    " WHERE s.order_id = %s ORDER BY p.at DESC",
    "SELECT * FROM orders_orderline WHERE order_id = %s",
    "SELECT * FROM core_event WHERE stream = 'order:' || %s ORDER BY sequence DESC LIMIT 30",
)
# By hand: all orders of the customer whom a phone means, with lines, parcels and last events.
_DESK_FLOOR = (
    "SELECT o.* FROM orders_order o WHERE o.customer_id = (SELECT customer_id FROM orders_order"
    " WHERE receiver_phone = %s LIMIT 1) ORDER BY placed_at DESC LIMIT 50",
    "SELECT l.* FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id"
    " WHERE o.receiver_phone = %s",
    "SELECT s.* FROM fulfilment_shipment s JOIN orders_order o ON o.id = s.order_id"
    " WHERE o.receiver_phone = %s",
    "SELECT e.* FROM core_event e JOIN orders_order o ON e.stream = 'order:' || o.id"
    " WHERE o.receiver_phone = %s ORDER BY e.at DESC LIMIT 50",
)

Figures = dict[str, float]


def run(report: Report, postmaster: int) -> None:
    """The same questions at both sizes; growth is large over small."""
    report.title(f"care: the customer's page and the desk on {SMALL:,} and {LARGE:,} orders")
    report.line("inserted", f"{_grow(1, SMALL):.0f} s")
    import django

    django.setup()
    make_admin()
    small = _ask_all()
    if LARGE > SMALL:
        report.line("inserted", f"{_grow(SMALL + 1, LARGE):.0f} s")
    ground = world.violations()
    large = _ask_all() if LARGE > SMALL else small
    for name, slowest in large.items():
        if name.startswith("  floor"):
            report.line(f"{name}: p95", f"{slowest:,.2f} ms", f"{small[name]:,.2f} ms before")
            continue
        report.aim(f"{name}: p95", slowest, PAGE_MOST if name == PAGE else DESK_MOST, "ms")
        if name not in NO_GROWTH:
            times = growth(slowest, small[name])
            report.aim(f"{name}: growth from {small[name]:.1f} ms", times, GROWTH_MOST, "×")
    world.check_laws(report, ground)


def _grow(first: int, last: int) -> float:
    """Orders with parcels, traces and stories, some of them of one customer; seconds."""
    begun = time.perf_counter()
    grow_to(first, last)
    for sql in (_PARCELS, _TRACES, _EVENTS):
        with world.connect() as link:
            link.execute(sql)
    with world.connect() as link:
        link.execute(_CUSTOMERS, {"rows": CUSTOMERS * 5, "base": first})
    with world.connect() as link:
        link.autocommit = True
        for table in _TABLES:
            link.execute(f"VACUUM ANALYZE {table}")
    return time.perf_counter() - begun


def _ask_all() -> Figures:
    from orders.care.tickets import order_ticket

    phones, rows = _customers()
    figures: Figures = {}
    with web() as (port, _process):
        client = Client(port)
        seconds = []
        for turn in range(TIMES + 10):
            cookie = {"Cookie": f"track={order_ticket(rows[turn % len(rows)][0])}"}
            took = p95(client, ["/track/order/"], cookie, times=1, warm=0)
            seconds += [took / 1000] if turn >= 10 else []
        figures[PAGE] = 1000 * percentile(seconds, 0.95)
        figures["  floor: its rows by hand"] = _floor(_PAGE_FLOOR, [row[0] for row in rows])
        cookie = {"Cookie": sign_in(port)}
        for name, texts in _questions(phones, rows).items():
            paths = [f"/desk/?q={quote(text)}" for text in texts]
            require_found(client, paths, cookie, _shows_somebody)
            figures[f"desk: {name}"] = p95(client, paths, cookie)
        figures["  floor: a customer's rows by hand"] = _floor(_DESK_FLOOR, phones)
        client.close()
    return figures


def _shows_somebody(page: bytes) -> bool:
    return b"<article" in page or b'class="pick"' in page


def _customers() -> tuple[list[str], list[tuple[int, str, str, str]]]:
    """Their phones; and (id, our number, the channel's, waybill) of one order of each."""
    with world.connect() as link:
        rows = link.execute(
            "SELECT DISTINCT ON (o.customer_id) o.receiver_phone, o.id, o.number,"
            " o.external_number, s.waybill FROM orders_order o"
            " JOIN fulfilment_shipment s ON s.order_id = o.id"
            " WHERE o.customer_id IS NOT NULL ORDER BY o.customer_id DESC, o.id DESC LIMIT 40"
        ).fetchall()
    return [row[0] for row in rows], [row[1:] for row in rows]


def _questions(
    phones: list[str], rows: list[tuple[int, str, str, str]]
) -> dict[str, Sequence[str]]:
    with world.connect() as link:
        found = link.execute(
            "SELECT receiver_name FROM orders_order WHERE length(receiver_name) = 3"
            " ORDER BY md5(id::text) LIMIT 40"
        ).fetchall()
    names = [row[0] for row in found]
    return {
        "phone, whole": phones,
        "phone, common last four": [COMMON_TAIL],
        "order number": [row[1] for row in rows],
        "channel's number": [row[2] for row in rows],
        "waybill": [row[3] for row in rows],
        "name, three characters": names,
        "name, two characters": [name[:2] for name in names],
    }


def _floor(statements: Sequence[str], values: Sequence[object]) -> float:
    """Milliseconds within which 95 of 100 such rounds of statements were answered."""
    seconds = []
    with world.connect() as link:
        for turn in range(TIMES):
            begun = time.perf_counter()
            for sql in statements:
                link.execute(sql, [values[turn % len(values)]]).fetchall()
            seconds.append(time.perf_counter() - begun)
    return 1000 * percentile(seconds, 0.95)
