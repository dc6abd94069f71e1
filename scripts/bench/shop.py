"""A Taobao shop of the benchmark at a simulator, with orders waiting there."""

from __future__ import annotations

import sys
from datetime import timedelta

from scripts.bench import world
from scripts.bench.processes import ROOT
from scripts.bench.report import Report

PULL = [sys.executable, str(ROOT / "manage.py"), "pull", "taobao-bench"]


def connect_shop(base_url: str) -> None:
    """Our access to the simulator's first shop, without a limit of calls."""
    import django

    django.setup()
    from integrations.models import ChannelAccount
    from integrations.simulators.taobao.accounts import demo_app, demo_sellers
    from ordercenter.core import moments
    from orders.models import Shop

    shop, _made = Shop.objects.get_or_create(
        code="taobao-bench", defaults={"name": "压测淘宝店", "channel": "taobao"}
    )
    app = demo_app()
    ChannelAccount.objects.update_or_create(
        shop=shop,
        defaults={
            "adapter": "taobao",
            "base_url": base_url,
            "credentials": {
                "app_key": app.key,
                "app_secret": app.secret,
                "session": demo_sellers()[0].session,
            },
            "options": {"calls_per_second": 0, "concurrency": 4, "page_size": 100},
            "cursor_at": moments.now() - timedelta(hours=3),
        },
    )


def count_pulled() -> tuple[int, int, int]:
    """Raw messages, orders made of them, and messages that came to no good end."""
    with world.connect() as link:
        row = link.execute(
            """
            SELECT count(DISTINCT r.external_number),
                   (SELECT count(*) FROM orders_order o JOIN orders_shop s ON s.id = o.shop_id
                     WHERE s.code = 'taobao-bench'),
                   count(*) FILTER (WHERE r.state IN ('new', 'quarantined'))
              FROM integrations_rawmessage r JOIN orders_shop s ON s.id = r.shop_id
             WHERE s.code = 'taobao-bench'
            """
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def check_pulled(report: Report, expected: int) -> None:
    """Every order at the channel is one of ours: none lost, none twice, none unread."""
    raws, orders, bad = count_pulled()
    report.aim("messages missing or doubled", abs(raws - expected), 0, "messages")
    report.aim("orders missing or doubled", abs(orders - expected), 0, "orders")
    report.aim("messages without a good end", bad, 0, "messages")
