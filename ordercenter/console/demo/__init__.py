"""The demo world: believable, made through the actions, ready in under a minute."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from multiprocessing import get_context

from django.db import connections, transaction
from django.utils.translation import gettext as _

from inventory.models import Sku, Warehouse
from ordercenter.console.demo import catalogue, outside, staff
from ordercenter.console.demo.afterwards import Aftermath
from ordercenter.console.demo.story import Story, add_gift
from ordercenter.core import clocks, moments
from ordercenter.core.models import User
from ordercenter.engine import fleet
from ordercenter.engine.paths import var_dir
from orders.insight import keeping
from orders.models import Order, Shop

SHOPS = (
    # code, name, channel
    ("jd-parts", "京东自营配件店", "jd"),
    ("pdd-parts", "拼多多汽配专营店", "pinduoduo"),
    ("wechat-b2b", "微信修理厂下单群", "wechat_group"),
    ("pos-hz", "杭州门店", "pos"),
    ("mini-baby", "贝乐母婴小程序", "wechat_mini"),
)
PARTS = 2
TAOBAO_SHOPS = (
    ("taobao-parts", "淘宝汽配旗舰店", "demo1"),
    ("taobao-baby", "天猫母婴专营店", "demo2"),
)


def ensure_demo_world(tell: Callable[[str], None]) -> list[str]:
    """Everything the demo shows is there afterwards; the lines that tell how to sign in.

    A second call finds it all and is quick; one that was interrupted goes on where it stopped.
    """
    people = staff.ensure_staff()
    mark = var_dir() / "demo-world.json"
    database = str(Warehouse.objects.db) + os.environ.get("DATABASE_URL", "embedded")
    if not (mark.exists() and mark.read_text() == database and Shop.objects.exists()):
        _build(people, tell)
        mark.write_text(database)
    outside.connect_simulators(TAOBAO_SHOPS)
    return [_("Sign in as:"), *staff.login_lines()]


def _build(people: dict[str, User], tell: Callable[[str], None]) -> None:
    tell(_("Building the demo world: goods and stock …"))
    with transaction.atomic():
        catalogue.ensure_goods()
    catalogue.ensure_stock()
    shops = [
        Shop.objects.get_or_create(code=code, defaults={"name": name, "channel": channel})[0]
        for code, name, channel in SHOPS
    ]
    tell(
        _("%(skus)d SKUs in %(houses)d warehouses. Telling thirty days of orders …")
        % {"skus": Sku.objects.count(), "houses": Warehouse.objects.count()}
    )
    _tell_story(people, shops, tell)
    add_gift(people, shops[0])
    Aftermath(people, moments.now()).tell()
    clocks.sweep()
    # Twice: what was told a moment ago may still be in flight the first time.
    keeping.keep()
    keeping.keep()
    tell(_("%(orders)d orders made.") % {"orders": Order.objects.count()})
    _tell_simulators_what_we_sell()


def _tell_story(people: dict[str, User], shops: list[Shop], tell: Callable[[str], None]) -> None:
    """Two processes tell it, each its own half of the orders."""
    now = moments.now()
    connections.close_all()
    halves = [
        get_context("fork").Process(target=_tell_part, args=(people, shops, now, tell, part))
        for part in range(PARTS)
    ]
    for half in halves:
        half.start()
    for half in halves:
        half.join()
    if any(half.exitcode for half in halves):
        raise RuntimeError("the demo's story broke off; its error is above")


def _tell_part(
    people: dict[str, User],
    shops: list[Shop],
    now: datetime,
    tell: Callable[[str], None],
    part: int,
) -> None:
    Story(people, shops, now).tell(tell, part, PARTS)
    connections.close_all()


def _tell_simulators_what_we_sell() -> None:
    """The simulated buyers order what we have, by our own codes."""
    goods = [
        {"code": sku.code, "title": sku.name, "price": str(sku.price)}
        for sku in Sku.objects.filter(levels__on_hand__gte=60).distinct().order_by("pk")[:400]
    ]
    (var_dir() / fleet.DEMO_GOODS).write_text(json.dumps(goods, ensure_ascii=False), "utf-8")
