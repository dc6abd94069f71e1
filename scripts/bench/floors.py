"""The same rows by plain SQL: what the database alone can do on this machine in this run."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from scripts.bench.database import connect
from scripts.bench.world import HOT

ORDER = """
INSERT INTO orders_order (version, state, state_since, shop_id, external_number, number, kind,
  urgency, tags, source, brought_in_label, brought_in_at, customer_id, buyer_name, referrer_code,
  buyer_message, seller_memo, receiver_name, receiver_phone, receiver_phone_tail,
  receiver_province, receiver_city, receiver_district, receiver_street, receiver_token,
  receiver_is_masked, currency, goods_amount, freight, discount, total, paid_amount,
  payment_state, refund_open, placed_at, paid_at, ship_by, channel_status)
VALUES (1, 'pending_review', now(), %(shop)s, %(external)s, '', 'normal', 'normal', '{}', 'api',
  'floor', now(), NULL, %(name)s::text, '', '', '', %(name)s::text, %(phone)s::text,
  right(%(phone)s::text, 4), '浙江省',
  '杭州市', '西湖区', '北山路 1 号', '', false, 'CNY', %(total)s::numeric, 0, 0,
  %(total)s::numeric, %(total)s::numeric,
  'paid', false, now(), now(), now() + interval '48 hours', '')
RETURNING id
"""
LINES = """
INSERT INTO orders_orderline (order_id, channel_line, sku_id, sku_code, title, quantity,
  unit_price, amount, is_gift, refund_open)
SELECT %(order)s::bigint, n::text, sku, code, '配件', q, 10, 10 * q, false, false
  FROM unnest(%(skus)s::bigint[], %(codes)s::text[], %(quantities)s::int[])
       WITH ORDINALITY AS l(sku, code, q, n)
RETURNING id
"""
EVENT = """
INSERT INTO core_event (stream, sequence, subject_kind, subject_id, kind, from_state, to_state,
  data, changes, actor_kind, actor_label, door, device, request_id, at)
VALUES ('order:' || %(order)s::bigint, 1, 'order', %(order)s::bigint, 'order.placed', '',
  'pending_review',
  %(data)s, '{}', 'system', 'floor', 'api', '', '', now())
RETURNING id
"""
DELIVERY = """
INSERT INTO core_delivery (event_id, handler, lane, stream, state, attempts, last_error)
VALUES (%(event)s, 'bench.floor', 'local', 'order:' || %(order)s::bigint, 'pending', 0, '')
"""
TIMER = """
INSERT INTO core_timer (subject_kind, subject_id, stream, stage, owner_role, started_at, due_at,
  supervisor_at, director_at, next_at, around_the_clock, pause_cause)
VALUES ('order', %(order)s::bigint, 'order:' || %(order)s::bigint, 'pending_review', 'cs', now(),
  now() + interval '30 min', now() + interval '60 min', now() + interval '150 min',
  now() + interval '30 min', false, '')
"""
STOCK = """
WITH wanted AS (SELECT * FROM unnest(%(skus)s::bigint[], %(quantities)s::int[], %(lines)s::bigint[])
                         AS w(sku, q, line)),
     locked AS MATERIALIZED (SELECT id, sku_id FROM inventory_stocklevel
                              WHERE sku_id IN (SELECT sku FROM wanted) ORDER BY id FOR UPDATE),
     taken AS (UPDATE inventory_stocklevel s SET reserved = s.reserved + w.q
                 FROM wanted w, locked l
                WHERE l.sku_id = w.sku AND s.id = l.id AND s.on_hand - s.reserved - s.held >= w.q
               RETURNING s.id, w.line, w.q)
INSERT INTO inventory_reservation (line, level_id, quantity, consumed, state, made_at)
SELECT line, id, q, 0, 'confirmed', now() FROM taken
"""


class Buyer:
    """Places orders over one link with plain statements, stock last."""

    def __init__(
        self, link: psycopg.Connection, shop: int, skus: dict[str, int], seed: int
    ) -> None:
        self.link, self.shop, self.skus = link, shop, skus
        self.random = random.Random(seed)
        self.numbers = itertools.count()
        self.seed = seed

    def values(self, lines: int = 3) -> dict[str, Any]:
        """One order of so many lines."""
        codes = self.random.sample(sorted(self.skus), lines)
        return {
            "shop": self.shop,
            "external": f"floor-{self.seed}-{next(self.numbers)}",
            "name": "王小明",
            "phone": f"138{self.random.randrange(10**8):08d}",
            "total": Decimal("60.00"),
            "codes": codes,
            "skus": [self.skus[code] for code in codes],
            "quantities": [1, 2, 3, 1][:lines],
        }

    def place(self, cursor: psycopg.Cursor, values: dict[str, Any]) -> None:
        """The statements of one order, in the running transaction."""
        values["order"] = _one(cursor.execute(ORDER, values))
        rows = cursor.execute(LINES, values).fetchall()
        values["lines"] = [row[0] for row in rows]
        values["data"] = json.dumps({"external_number": values["external"], "lines": 3})
        values["event"] = _one(cursor.execute(EVENT, values))
        cursor.execute(DELIVERY, values)
        cursor.execute(TIMER, values)
        cursor.execute(STOCK, values)
        if cursor.rowcount != 3:
            raise RuntimeError("the floor ran out of stock")


def _one(cursor: psycopg.Cursor) -> int:
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def _ground() -> tuple[int, dict[str, int]]:
    with connect() as link:
        shop = _one(link.execute("SELECT id FROM orders_shop WHERE code = 'bench'"))
        rows = link.execute("SELECT code, id FROM inventory_sku ORDER BY id LIMIT %s", [HOT])
        return shop, dict(rows.fetchall())


def place_one_by_one(clients: int, seconds: float, round_number: int = 0) -> float:
    """Orders per second with one transaction for each order."""
    shop, skus = _ground()
    placed = [0] * clients
    until = datetime.now(UTC) + timedelta(seconds=seconds)

    def work(number: int) -> None:
        with connect() as link:
            buyer = Buyer(link, shop, skus, seed=100 * round_number + number)
            while datetime.now(UTC) < until:
                with link.transaction(), link.cursor() as cursor:
                    buyer.place(cursor, buyer.values())
                placed[number] += 1

    begun = time.perf_counter()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(placed) / (time.perf_counter() - begun)


# As many lines as the simulator's trades have: two on average.
PULLED_LINES = (1, 1, 1, 2, 2, 3, 4)
BATCH_ORDERS = """
INSERT INTO orders_order (version, state, state_since, shop_id, external_number, number, kind,
  urgency, tags, source, brought_in_label, brought_in_at, customer_id, buyer_name, referrer_code,
  buyer_message, seller_memo, receiver_name, receiver_phone, receiver_phone_tail,
  receiver_province, receiver_city, receiver_district, receiver_street, receiver_token,
  receiver_is_masked, currency, goods_amount, freight, discount, total, paid_amount,
  payment_state, refund_open, placed_at, paid_at, ship_by, channel_status)
SELECT 1, 'pending_review', now(), %(shop)s, external, '', 'normal', 'normal', '{}', 'channel',
  'floor', now(), NULL, '王**', '', '', '', '王**', phone, right(phone, 4), '浙江省', '杭州市',
  '西湖区', '*****', 'token-' || external, true, 'CNY', 60, 0, 0, 60, 60, 'paid', false, now(),
  now(), now() + interval '48 hours', 'WAIT_SELLER_SEND_GOODS'
  FROM unnest(%(externals)s::text[], %(phones)s::text[]) AS o(external, phone)
RETURNING id
"""
BATCH_RAW = """
INSERT INTO bench_raw (external, sha, body, received_at)
SELECT external, md5(external), body, now()
  FROM unnest(%(externals)s::text[], %(bodies)s::text[]) AS r(external, body)
"""
BATCH_LINES = """
INSERT INTO orders_orderline (order_id, channel_line, sku_id, sku_code, title, quantity,
  unit_price, amount, is_gift, refund_open)
SELECT o, n::text, sku, code, '配件', q, 10, 10 * q, false, false
  FROM unnest(%(line_orders)s::bigint[], %(skus)s::bigint[], %(codes)s::text[],
              %(quantities)s::int[]) WITH ORDINALITY AS l(o, sku, code, q, n)
RETURNING id
"""
BATCH_EVENTS = """
WITH e AS (
  INSERT INTO core_event (stream, sequence, subject_kind, subject_id, kind, from_state, to_state,
    data, changes, actor_kind, actor_label, door, device, request_id, at)
  SELECT 'order:' || o, 1, 'order', o, 'order.placed', '', 'pending_review', %(data)s, '{}',
         'system', 'floor', 'channel', '', '', now()
    FROM unnest(%(orders)s::bigint[]) o
  RETURNING id, stream)
INSERT INTO core_delivery (event_id, handler, lane, stream, state, attempts, last_error)
SELECT id, 'bench.floor', 'local', stream, 'pending', 0, '' FROM e
"""
BATCH_TIMERS = """
INSERT INTO core_timer (subject_kind, subject_id, stream, stage, owner_role, started_at, due_at,
  supervisor_at, director_at, next_at, around_the_clock, pause_cause)
SELECT 'order', o, 'order:' || o, 'pending_review', 'cs', now(), now() + interval '30 min',
  now() + interval '60 min', now() + interval '150 min', now() + interval '30 min', false, ''
  FROM unnest(%(orders)s::bigint[]) o
"""
BATCH_STOCK = """
WITH wanted AS (SELECT * FROM unnest(%(skus)s::bigint[], %(quantities)s::int[], %(lines)s::bigint[])
                         AS w(sku, q, line)),
     summed AS (SELECT sku, sum(q) AS q FROM wanted GROUP BY sku),
     locked AS MATERIALIZED (SELECT id, sku_id FROM inventory_stocklevel
                              WHERE sku_id IN (SELECT sku FROM summed) ORDER BY id FOR UPDATE),
     taken AS (UPDATE inventory_stocklevel s SET reserved = s.reserved + w.q
                 FROM summed w, locked l
                WHERE l.sku_id = w.sku AND s.id = l.id AND s.on_hand - s.reserved - s.held >= w.q
               RETURNING s.id, s.sku_id)
INSERT INTO inventory_reservation (line, level_id, quantity, consumed, state, made_at)
SELECT w.line, t.id, w.q, 0, 'confirmed', now() FROM taken t JOIN wanted w ON w.sku = t.sku_id
"""


def place_in_batches(orders: int, batch: int, body: str) -> float:
    """Orders per second over one link: raw text kept and `batch` orders placed per transaction."""
    shop, skus = _ground()
    with connect() as link:
        link.execute(
            "CREATE TABLE bench_raw (id bigserial PRIMARY KEY, external text UNIQUE, sha text,"
            " body text, received_at timestamptz)"
        )
    begun = time.perf_counter()
    with connect() as link:
        buyer = Buyer(link, shop, skus, seed=1000)
        for _ in range(orders // batch):
            drafts = [buyer.values(buyer.random.choice(PULLED_LINES)) for _ in range(batch)]
            with link.transaction(), link.cursor() as cursor:
                _place_batch(cursor, shop, drafts, body)
    return orders / (time.perf_counter() - begun)


def _place_batch(
    cursor: psycopg.Cursor, shop: int, drafts: list[dict[str, Any]], body: str
) -> None:
    values: dict[str, Any] = {
        "shop": shop,
        "externals": [draft["external"] for draft in drafts],
        "phones": [draft["phone"] for draft in drafts],
        "bodies": [body] * len(drafts),
        "skus": [sku for draft in drafts for sku in draft["skus"]],
        "codes": [code for draft in drafts for code in draft["codes"]],
        "quantities": [quantity for draft in drafts for quantity in draft["quantities"]],
        "data": json.dumps({"lines": 2}),
    }
    cursor.execute(BATCH_RAW, values)
    values["orders"] = [row[0] for row in cursor.execute(BATCH_ORDERS, values).fetchall()]
    values["line_orders"] = [
        order
        for order, draft in zip(values["orders"], drafts, strict=True)
        for _code in draft["codes"]
    ]
    values["lines"] = [row[0] for row in cursor.execute(BATCH_LINES, values).fetchall()]
    cursor.execute(BATCH_EVENTS, values)
    cursor.execute(BATCH_TIMERS, values)
    cursor.execute(BATCH_STOCK, values)
    if cursor.rowcount != len(values["skus"]):
        raise RuntimeError("the floor ran out of stock")
