"""A long history of orders, inserted by SQL: ground for the lists, not what is measured."""

from __future__ import annotations

import os
import time

from scripts.bench.database import connect

# The two sizes that growth is measured between; BENCH_ORDERS makes the large one smaller.
SMALL, LARGE = 10_000, int(os.environ.get("BENCH_ORDERS", "1000000"))

# 100 family names and 100 syllables give 10,000 names of two characters and a million of three,
# so few orders share a whole name and about a hundred of a million share its first two characters.
FAMILY = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂红梅辉玲建华国志文斌宇浩凯健俊帆雪倩婷欣悦佳琪怡思雨晨"
    "子涵梓轩诺一可依然若溪语桐沐辰奕博泽楷睿铭瑞嘉懿煜祺昊天宸希知夏小满安宁乐清和景行慕言书墨星河云舟"
)
# Every hundredth phone ends like this: more than a page of orders at any size.
COMMON_TAIL = "8888"
# Every thousandth receiver has this name: the most common ones are far less common in real life.
COMMON_NAME = "欧阳春"

_INSERT = """
INSERT INTO orders_order (version, state, state_since, shop_id, external_number, number, kind,
  urgency, tags, source, brought_in_label, brought_in_at, buyer_name, referrer_code, buyer_message,
  seller_memo, receiver_name, receiver_phone, receiver_phone_tail, receiver_province,
  receiver_city, receiver_district, receiver_street, receiver_token, receiver_is_masked, currency,
  goods_amount, freight, discount, total, paid_amount, payment_state, refund_open, placed_at,
  paid_at, ship_by, channel_status, dispatched_at, delivered_at)
SELECT 3,
       CASE WHEN n %% 400 = 0 THEN 'pending_review' WHEN n %% 400 = 1 THEN 'pending_finance'
            WHEN n %% 400 IN (2, 3) THEN 'preparing' WHEN n %% 400 = 4 THEN 'packed'
            WHEN n %% 100 = 5 THEN 'in_transit' WHEN n %% 50 = 6 THEN 'cancelled'
            ELSE 'completed' END,
       at, shop, 'H' || n, '', 'normal', 'normal', '{}', 'channel', 'bench', at,
       name, '', '', '', name, phone, right(phone, 4), '浙江省', '杭州市', '西湖区',
       '文一西路 ' || n %% 2000 || ' 号', '', false, 'CNY', total, 0, 0, total, total, 'verified',
       false, at, at, at + interval '48 hours', '', left_at,
       CASE WHEN n %% 100 <> 5 THEN left_at + interval '30 hours' END
  FROM (SELECT n, (SELECT id FROM orders_shop WHERE code = 'bench') AS shop,
               now() - (%(last)s - n) * interval '20 seconds' AS at,
               -- Independent of each other: multiples of n would meet in a few hundred names.
               CASE WHEN n %% 1000 = 501 THEN %(name)s ELSE
                 substr(%(family)s, 1 + abs(hashint8(n) %% length(%(family)s)), 1)
                   || substr(%(given)s, 1 + abs(hashint8(n + 1000000007) %% length(%(given)s)), 1)
                   || CASE WHEN n %% 3 = 0 THEN '' ELSE
                        substr(%(given)s, 1 + abs(hashint8(n + 2000000011) %% length(%(given)s)), 1)
                      END
                 END AS name,
               '1' || (ARRAY['38','39','86','77','55','31'])[1 + n %% 6]
                   || CASE WHEN n %% 100 = 7 THEN lpad((n %% 10000)::text, 4, '0') || %(common)s
                           ELSE lpad((n * 2654435761 %% 100000000)::text, 8, '0') END AS phone,
               (10 + n %% 5000)::numeric AS total,
               -- One in twenty-five leaves late; what is in the house or cancelled has not left.
               CASE WHEN n %% 400 > 4 AND n %% 50 <> 6
                    THEN now() - (%(last)s - n) * interval '20 seconds'
                         + CASE WHEN n %% 25 = 0 THEN interval '3 days'
                                ELSE n %% 1440 * interval '1 minute' END END AS left_at
          FROM generate_series(%(first)s::bigint, %(last)s::bigint) n) o
"""
_LINES = """
INSERT INTO orders_orderline (order_id, channel_line, sku_id, sku_code, title, quantity,
  unit_price, amount, is_gift, refund_open)
SELECT o.id, '1', k.id, k.code, k.name, 1 + o.id % 3, 10, 10, false, false
  FROM orders_order o JOIN inventory_sku k ON k.id = (SELECT min(id) FROM inventory_sku) + o.id % 50
 WHERE o.external_number LIKE 'H%' AND NOT EXISTS (SELECT 1 FROM orders_orderline l
                                                      WHERE l.order_id = o.id)
"""
_TIMERS = """
INSERT INTO core_timer (subject_kind, subject_id, stream, stage, owner_role, started_at, due_at,
  supervisor_at, director_at, next_at, around_the_clock, pause_cause)
SELECT 'order', id, 'order:' || id, state, 'cs', state_since, state_since + interval '30 min',
       state_since + interval '60 min', state_since + interval '150 min', NULL, false, ''
  FROM orders_order o
 WHERE state IN ('pending_review', 'pending_finance', 'preparing', 'packed', 'in_transit')
   AND NOT EXISTS (SELECT 1 FROM core_timer t WHERE t.subject_kind = 'order'
                      AND t.subject_id = o.id)
"""


def grow_to(first: int, last: int) -> float:
    """Orders H<first> … H<last> exist, with a line each and clocks for the open ones; seconds."""
    begun = time.perf_counter()
    step = 100_000
    for start in range(first, last + 1, step):
        with connect() as link:
            link.execute(
                _INSERT,
                {
                    "first": start,
                    "last": min(start + step - 1, last),
                    "family": FAMILY,
                    "given": GIVEN,
                    "common": COMMON_TAIL,
                    "name": COMMON_NAME,
                },
            )
    with connect() as link:
        link.execute(_LINES)
        link.execute(_TIMERS)
    with connect() as link:
        link.autocommit = True
        link.execute("VACUUM ANALYZE orders_order")
        link.execute("VACUUM ANALYZE orders_orderline")
        link.execute("VACUUM ANALYZE core_timer")
    return time.perf_counter() - begun
