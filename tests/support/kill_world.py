"""What the kill test does inside the installation it tests, as a process of its own.

`python -m tests.support.kill_world prepare <simulator address> <parcels> <calls a second>`, `kick`,
`dispatch <seconds between two>`, `finish <orders> <seconds>`.
"""

from __future__ import annotations

import json
import os
import sys
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "ordercenter.settings"
django.setup()

from datetime import timedelta  # noqa: E402
from decimal import Decimal  # noqa: E402
from typing import Any  # noqa: E402

from django_q.tasks import async_task  # noqa: E402

from integrations.models import ChannelAccount, RawMessage  # noqa: E402
from integrations.simulators.taobao.accounts import demo_app, demo_sellers  # noqa: E402
from inventory.actions import Receipt, receive_goods  # noqa: E402
from inventory.models import Sku, Warehouse  # noqa: E402
from ordercenter.core import moments  # noqa: E402
from ordercenter.core.actor import SYSTEM  # noqa: E402
from ordercenter.core.models import Delivery  # noqa: E402
from orders import actions  # noqa: E402
from orders.drafts import Draft, DraftLine  # noqa: E402
from orders.fulfilment import actions as warehouse  # noqa: E402
from orders.fulfilment.models import Carrier, Shipment  # noqa: E402
from orders.models import Order, Shop  # noqa: E402
from orders.receiver import Receiver  # noqa: E402

SKUS = [f"KILL-{number:02d}" for number in range(20)]
KICK_SECONDS = 5.0


def prepare(address: str, parcels: str, calls_per_second: str) -> None:
    """Stock, a Taobao shop at the simulator that is pulled at this pace, parcels ready to leave."""
    house = Warehouse.objects.create(code="KW", name="测试仓")
    skus = Sku.objects.bulk_create(Sku(code=code, name=code) for code in SKUS)
    receive_goods(
        [Receipt(sku.pk, house.pk, 100_000) for sku in skus], document="OPENING", actor=SYSTEM
    )
    shop = Shop.objects.create(code="kill", name="测试店", channel="taobao")
    app = demo_app()
    ChannelAccount.objects.create(
        shop=shop,
        adapter="taobao",
        base_url=address,
        credentials={
            "app_key": app.key,
            "app_secret": app.secret,
            "session": demo_sellers()[0].session,
        },
        options={"calls_per_second": float(calls_per_second)},
        cursor_at=moments.now() - timedelta(hours=3),
        # Not by schedule: the test kicks it, so that it knows when the pull runs.
        next_pull_at=moments.now() + timedelta(days=1),
    )
    counter = Shop.objects.create(code="counter", name="门店", channel="pos")
    own = Carrier.objects.get(numbers_are_ours=True)
    for number in range(int(parcels)):
        _pack(counter, number, own)


def _pack(shop: Shop, number: int, carrier: Carrier) -> None:
    draft = Draft(
        external_number=f"P{number}",
        placed_at=moments.now(),
        lines=(DraftLine("1", SKUS[0], 1),),
        receiver=Receiver("王小满", "13800138000", "浙江省", "杭州市", "西湖区", "北山路 1 号"),
        paid_at=moments.now(),
        total=Decimal("1.00"),
        paid_amount=Decimal("1.00"),
    )
    order = actions.place_order(shop, draft, actor=SYSTEM).order
    actions.approve_order(order.pk, seen=None, actor=SYSTEM)
    actions.confirm_funds_order(order.pk, seen=None, actor=SYSTEM)
    warehouse.plan_shipments(order.pk, actor=SYSTEM)
    shipment = Shipment.objects.get(order=order)
    warehouse.release_shipment(shipment.pk, seen=None, actor=SYSTEM)
    warehouse.start_picking(shipment.pk, seen=None, actor=SYSTEM)
    warehouse.pack_shipment(shipment.pk, seen=None, actor=SYSTEM, quantities={SKUS[0]: 1})
    warehouse.set_carrier(shipment.pk, seen=None, carrier=carrier.pk, actor=SYSTEM)
    warehouse.print_label(shipment.pk, seen=None, actor=SYSTEM)


def kick() -> None:
    """Let the task cluster pull now, as its schedule would."""
    ChannelAccount.objects.update(next_pull_at=None)
    async_task("integrations.tasks.pull_due")


def dispatch(pause: str) -> None:
    """Let every packed parcel leave, one after the other, with so many seconds in between."""
    for pk in Shipment.objects.filter(state="packed").order_by("pk").values_list("pk", flat=True):
        warehouse.dispatch_shipment(pk, seen=None, actor=SYSTEM)
        time.sleep(float(pause))


def finish(orders: str, seconds: str) -> None:
    """Let the rest of the parcels leave and the pull come to its end; say as JSON what is there.

    Pulls that a kill has ended are kicked again.
    """
    dispatch("0")
    ChannelAccount.objects.update(options={"calls_per_second": 0})
    deadline = time.monotonic() + float(seconds)
    while not _is_all_there(found := _look(), int(orders)) and time.monotonic() < deadline:
        kick()
        time.sleep(KICK_SECONDS)
    print(json.dumps(found))


def _is_all_there(found: dict[str, Any], orders: int) -> bool:
    return found["pulled"] >= orders and not found["waiting"] and not found["pending"]


def _look() -> dict[str, Any]:
    return {
        "raws": RawMessage.objects.values("external_number").distinct().count(),
        "waiting": RawMessage.objects.filter(state="new").count(),
        "pulled": Order.objects.filter(shop__code="kill").count(),
        "left": Shipment.objects.exclude(left_warehouse_at=None).count(),
        "pending": Delivery.objects.filter(state="pending").count(),
        "dead": Delivery.objects.filter(state="dead").count(),
        "error": ChannelAccount.objects.get().last_error,
    }


if __name__ == "__main__":
    {"prepare": prepare, "kick": kick, "dispatch": dispatch, "finish": finish}[sys.argv[1]](
        *sys.argv[2:]
    )
