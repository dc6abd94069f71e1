"""All simulated systems together: one clock, one plan of faults, one table of addresses."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import page, saving
from .alipay import service as alipay
from .clock import Clock
from .control import Control
from .counters import Counters
from .faults import TRANSPORT, FaultPlan
from .keys import KeyPair, ensure_keys
from .kingdee import service as kingdee
from .kuaidi100 import service as kuaidi100
from .kuaidi100.pushing import Pusher
from .notices import Notifier
from .partner import receiver
from .taobao import accounts, platform
from .taobao.control import TaobaoControl
from .taobao.gateway import ROUTER_PATH, Gateway
from .taobao.goods import SAMPLE_ITEMS, Item
from .taobao.samples import SAMPLE_SHOP, add_samples, shift_since
from .taobao.store import Store
from .taobao.tokens import oauth_token
from .wechatpay import service as wechatpay
from .wecom import robot
from .wire import HTML_TYPE, Answer, Request, Response, json_response

FAULT_KINDS = {
    platform.SYSTEM: (TRANSPORT | platform.REFUSALS | platform.LIST_FAULTS | platform.SPOIL_FAULT),
    kuaidi100.SYSTEM: TRANSPORT | kuaidi100.REFUSALS,
    robot.SYSTEM: TRANSPORT | robot.REFUSALS | robot.LOST,
    wechatpay.SYSTEM: (
        TRANSPORT | wechatpay.REFUSALS | wechatpay.SPOILED | wechatpay.NOTICE_FAULTS
    ),
    alipay.SYSTEM: TRANSPORT | alipay.REFUSALS | alipay.SPOILED | alipay.NOTICE_FAULTS,
    receiver.SYSTEM: TRANSPORT | receiver.REFUSALS,
    kingdee.SYSTEM: TRANSPORT | kingdee.REFUSALS,
}
SAVE_EVERY_SECONDS = 10.0
_LOOPBACK = ("127.", "::1", "::ffff:127.")


@dataclass(frozen=True, slots=True)
class Options:
    """How the simulators start; all of it except the seed can be changed while they run."""

    seed: int = 1
    now: str = ""
    samples: bool = True
    literal_samples: bool = False
    public_base: str = ""
    query_gap_seconds: float = 1800
    push_retry_seconds: float = 1800
    auto_advance_seconds: float = 0
    refund_seconds: float = 0
    refund_gap_seconds: float = 60
    notice_retry_seconds: float = 15
    payment_keys: Path | None = None
    any_payment: bool = False
    trickle_per_minute: float = 0
    trickle_shop: str = SAMPLE_SHOP
    items: Sequence[Item] = SAMPLE_ITEMS
    state: Path | None = None


class World:
    """Owns every simulated system and answers every request."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = Clock()
        if options.now:
            self.clock.move_to(options.now)
        self.counters = Counters()
        self.faults = FaultPlan(FAULT_KINDS, options.seed)
        self.taobao = platform.Platform(self.clock, self.counters, self.faults)
        self.gateway = Gateway(self.taobao)
        self.pusher = Pusher(
            self.clock, public_base=options.public_base, retry_seconds=options.push_retry_seconds
        )
        self.kuaidi100 = kuaidi100.Kuaidi100(
            self.clock,
            self.counters,
            self.faults,
            self.pusher,
            query_gap_seconds=options.query_gap_seconds,
            auto_advance_seconds=options.auto_advance_seconds,
        )
        self.robots = robot.Robots(self.clock, self.counters, self.faults)
        self.partners = receiver.Partners(self.clock, self.counters, self.faults)
        retry = options.notice_retry_seconds
        self.wechatpay = wechatpay.WeChatPay(
            self.clock,
            self.counters,
            self.faults,
            Notifier(wechatpay.SYSTEM, self.clock, retry_seconds=retry),
            refund_gap_seconds=options.refund_gap_seconds,
            settle_seconds=options.refund_seconds,
        )
        self.alipay = alipay.Alipay(
            self.clock,
            self.counters,
            self.faults,
            Notifier(alipay.SYSTEM, self.clock, retry_seconds=retry),
            refund_gap_seconds=min(options.refund_gap_seconds, 3),
        )
        self.kingdee = kingdee.Kingdee(self.clock, self.counters, self.faults)
        self.wechatpay.knows_any = self.alipay.knows_any = options.any_payment
        self.shops = TaobaoControl(self.taobao, options.items)
        self._control = Control(self)
        self._routes: dict[str, Callable[[Request], Response]] = {
            ROUTER_PATH: self.gateway.handle,
            "/token": lambda request: oauth_token(self.taobao, request),
            "/poll/query.do": self.kuaidi100.query,
            "/poll": self.kuaidi100.subscribe,
            "/autonumber/auto": self.kuaidi100.autonumber,
            "/cgi-bin/webhook/send": self.robots.send,
            alipay.GATEWAY_PATH: self.alipay.handle,
        }
        self._save_timer: asyncio.TimerHandle | None = None
        if options.state is None or not saving.restore(self, options.state):
            self._add_samples()
        if options.payment_keys is not None:
            self._use_keys(ensure_keys(options.payment_keys))

    def start(self) -> None:
        """Begin what happens by itself; needs the running event loop."""
        if self.options.trickle_per_minute:
            trickle = self.shops.trickle(self.options.trickle_shop)
            trickle.run(self.options.trickle_per_minute)
        for number in self.kuaidi100.parcels:
            self.kuaidi100.travel_on(number)
        if self.options.state is not None:
            self._save_and_wait(self.options.state)

    def stop(self) -> None:
        """End what happens by itself."""
        self.shops.end_business()
        self.pusher.notifier.close()
        self.wechatpay.notifier.close()
        self.alipay.notifier.close()
        if self._save_timer is not None:
            self._save_timer.cancel()
        if self.options.state is not None:
            saving.save(self, self.options.state)

    def handle(self, request: Request) -> Answer:
        """Answer one request; an address that no system has is 404."""
        route = self._routes.get(request.path)
        if route is not None:
            return route(request)
        if request.path.startswith(wechatpay.PREFIX):
            return self.wechatpay.handle(request)
        if request.path.startswith(receiver.PREFIX):
            return self.partners.handle(request)
        if request.path.startswith(kingdee.PREFIX):
            return self.kingdee.handle(request)
        if request.path.startswith("/control/"):
            if not request.peer.startswith(_LOOPBACK):
                return json_response({"error": "control is for this machine only"}, 403)
            return self._control.handle(request)
        if request.path == "/" and request.method == "GET":
            return Response(page.render(self), content_type=HTML_TYPE)
        return json_response({"error": f"no system answers {request.path}"}, 404)

    def reset(self, *, with_samples: bool) -> None:
        """As just started, without faults, counters, limits and business; options still hold."""
        self.shops.end_business()
        self.faults.clear()
        self.counters.clear()
        self.taobao.accounts = accounts.Accounts.demo()
        self.taobao.store = Store()
        self.taobao.limits = platform.Limits()
        self.kuaidi100.forget()
        self.kuaidi100.query_gap_seconds = self.options.query_gap_seconds
        self.kuaidi100.auto_advance_seconds = self.options.auto_advance_seconds
        self.pusher.notifier.retry_seconds = self.options.push_retry_seconds
        self.robots.forget()
        self.partners.forget()
        self.wechatpay.forget()
        self.alipay.forget()
        self.kingdee.forget()
        if with_samples:
            self._add_samples()

    def figures(self) -> dict[str, Any]:
        """Counters and the CPU seconds this process has used, for benchmarks."""
        return self.counters.describe() | {
            "cpu_seconds": time.process_time(),
            "trades": {key: len(shop) for key, shop in self.taobao.store.shops.items()},
        }

    def _save_and_wait(self, path: Path) -> None:
        saving.save(self, path)
        self._save_timer = asyncio.get_running_loop().call_later(
            SAVE_EVERY_SECONDS, self._save_and_wait, path
        )

    def _use_keys(self, keys: dict[str, KeyPair]) -> None:
        for name, key in keys.items():
            system, _, party = name.partition(".")
            setattr({"wechatpay": self.wechatpay, "alipay": self.alipay}[system], party, key)

    def _add_samples(self) -> None:
        if self.options.samples:
            shift = 0.0 if self.options.literal_samples else shift_since(self.clock.epoch())
            add_samples(self.taobao.store, shift=shift)
