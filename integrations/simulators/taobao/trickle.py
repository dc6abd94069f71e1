"""A shop in business: new trades keep coming, some are paid later, some buyers write."""

import asyncio
from collections.abc import Sequence
from random import Random

from . import lifecycle
from .generator import invent_trade
from .goods import Item
from .people import invent_message, invent_receiver
from .platform import Platform

FIRST_TID = 4_300_000_000_000_000_000
PAID_AT_ONCE = 0.6
LOOKS_BACK = 200


class Trickle:
    """Makes trades in one shop at a steady pace while the event loop runs."""

    def __init__(
        self, platform: Platform, shop_key: str, items: Sequence[Item], seed: int = 1
    ) -> None:
        self._platform = platform
        self._shop_key = shop_key
        self._chance = Random(seed)
        # Numbers start at the moment of birth, so a restarted simulator never reuses one.
        self._next_tid = FIRST_TID + int(platform.clock.epoch()) * 10_000_000
        self._timer: asyncio.TimerHandle | None = None
        self._pause = 0.0
        self.items = items
        self.made = 0

    def run(self, per_minute: float) -> None:
        """Make that many trades a minute from now on; 0 stops."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._pause = 60.0 / per_minute if per_minute > 0 else 0.0
        if self._pause:
            self._wait()

    def tick(self) -> None:
        """One new trade, and perhaps something happens to an earlier one."""
        self._new_trade()
        if self._chance.random() < 0.4:
            self._something_happens()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._pause, self._tick_and_wait)

    def _tick_and_wait(self) -> None:
        self.tick()
        self._wait()

    def _new_trade(self) -> None:
        receiver = invent_receiver(self._chance)
        document = invent_trade(
            self._chance,
            tid=self._next_tid,
            shop_key=self._shop_key,
            receiver=receiver,
            items=self.items,
            modified=self._platform.clock.epoch(),
            paid=self._chance.random() < PAID_AT_ONCE,
        )
        self._platform.store.shop(self._shop_key).put(document, receiver)
        self._next_tid += 10
        self.made += 1

    def _something_happens(self) -> None:
        shop, at = self._platform.store.shop(self._shop_key), self._platform.clock.text()
        own = [trade for trade in shop.newest(LOOKS_BACK) if trade.tid >= FIRST_TID]
        if not own:
            return
        trade = self._chance.choice(own)
        if trade.status in lifecycle.UNPAID:
            leaves = self._chance.random() < 0.15
            status = "TRADE_CLOSED_BY_TAOBAO" if leaves else "WAIT_SELLER_SEND_GOODS"
            shop.edit(trade.tid, lambda doc: lifecycle.move_to(doc, status, at), at)
        elif trade.status == "WAIT_SELLER_SEND_GOODS":
            text = invent_message(self._chance)
            shop.edit(trade.tid, lambda doc: lifecycle.set_buyer_message(doc, text), at)
