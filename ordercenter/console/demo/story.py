"""Thirty days of orders, told by the same actions that staff use, each at its own moment."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from inventory.models import Sku
from ordercenter.console.demo.people import Buyer, make_buyers, message
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.models import User
from orders import actions
from orders.drafts import Draft, DraftLine
from orders.fulfilment import actions as warehouse
from orders.fulfilment.models import Carrier, Shipment, TrackingState
from orders.models import Order, OrderKind, Shop, Urgency, WorkOrderKind

DAYS = 30
PER_DAY = 5
FULL = (
    "approve", "confirm", "plan", "release", "pick", "pack", "label", "dispatch", "collect",
    "deliver", "complete",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fate:
    """How far an order comes, and what else happens to it."""

    steps: tuple[str, ...]
    is_paid: bool = True
    ending: str = ""


class Story:
    """The demo's recent past. Everything drawn is the same in every run."""

    def __init__(self, people: dict[str, User], shops: list[Shop], now: datetime) -> None:
        self.draw = random.Random(20261122)
        self.own = random.Random()  # what is drawn while one order lives; seeded by its number
        self.now = now
        self.shops = shops
        self.staff = {role: Actor.person(user, via="admin") for role, user in people.items()}
        self.scanner = self.staff["warehouse"].through("scan")
        self.machine = Actor.system("channel:history")
        self.buyers = make_buyers(self.draw, 160)
        self.goods = list(Sku.objects.exclude(code__startswith="TEA").order_by("pk"))
        self.carriers = list(
            Carrier.objects.filter(is_cold_chain=False, numbers_are_ours=False).order_by("pk")
        )

    def tell(self, say: Callable[[str], None], part: int = 0, parts: int = 1) -> None:
        """This part's orders are there afterwards; those that were there already are left alone."""
        known = set(Order.objects.values_list("external_number", flat=True))
        plans = list(self._plans())
        for number, (moment, shop, fate) in enumerate(plans):
            external = f"D{moment:%m%d}{number:05d}"
            buyer, draft = self._draft(external, moment, fate)
            if number % parts != part or external in known:
                continue
            self.own.seed(external)
            self._live(shop, draft, fate, buyer)
            if part == 0 and number % 60 == 0:
                say(f"  {number}/{len(plans)}")

    def _plans(self) -> Iterator[tuple[datetime, Shop, Fate]]:
        now = self.now
        for day in range(DAYS, -1, -1):
            for _ in range(PER_DAY + self.draw.randrange(-3, 5)):
                moment = self._office_hour(now - timedelta(days=day))
                if moment < now - timedelta(minutes=20):
                    yield moment, self.draw.choice(self.shops), self._fate(day)
        for minutes in (3, 6, 9, 14, 18, 22):
            yield now - timedelta(minutes=minutes), self.draw.choice(self.shops), Fate(())
        for minutes in (4, 12, 25):
            unpaid = Fate((), is_paid=False)
            yield now - timedelta(minutes=minutes), self.draw.choice(self.shops), unpaid

    def _office_hour(self, day: datetime) -> datetime:
        local = day.astimezone(moments.SHANGHAI)
        return local.replace(
            hour=self.draw.randrange(9, 18),
            minute=self.draw.randrange(60),
            second=self.draw.randrange(60),
        )

    def _fate(self, day: int) -> Fate:
        chance = self.draw.random()
        if day > 4:
            if chance < 0.05:
                return Fate((), is_paid=chance < 0.03, ending="cancel")
            if chance < 0.07:
                return Fate(FULL[:9], ending="close")
            if day > 6 and chance < 0.14:
                return Fate((*FULL[:7], "wait", *FULL[7:]))
            return Fate(FULL if chance < 0.95 else FULL[:10])
        if day > 1:
            if chance < 0.08:
                return Fate(FULL[:9], ending="trouble")
            return Fate(FULL[: self.draw.choice((8, 9, 9, 10, 10, 11))])
        if chance < 0.1:
            return Fate((), ending=self.draw.choice(("hold", "cancel", "address")))
        return Fate(FULL[: self.draw.choice((0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 8))])

    def _draft(self, external: str, moment: datetime, fate: Fate) -> tuple[Buyer, Draft]:
        buyer = self.draw.choice(self.buyers)
        chosen = self.draw.sample(self.goods, self.draw.choice((1, 1, 2, 3)))
        if any(sku.temperature != chosen[0].temperature for sku in chosen):
            chosen = chosen[:1]
        lines = tuple(
            DraftLine(
                channel_line=str(number),
                sku_code=sku.code,
                quantity=quantity,
                title=sku.name,
                unit_price=sku.price,
                amount=sku.price * quantity,
            )
            for number, sku in enumerate(chosen, 1)
            for quantity in (self.draw.choice((1, 1, 1, 2, 4)),)
        )
        goods = sum((line.amount for line in lines), Decimal("0.00"))
        freight = Decimal("0.00") if goods >= 99 else Decimal("8.00")
        return buyer, Draft(
            external_number=external,
            placed_at=moment,
            lines=lines,
            receiver=buyer.receiver,
            buyer_name=buyer.receiver.name,
            customer_kind="company" if buyer.is_company else "person",
            paid_at=moment + timedelta(minutes=1) if fate.is_paid else None,
            paid_amount=goods + freight if fate.is_paid else Decimal("0.00"),
            goods_amount=goods,
            freight=freight,
            total=goods + freight,
            buyer_message=message(self.draw),
            urgency=self.draw.choices(list(Urgency), (90, 5, 3, 2))[0],
        )

    def _live(self, shop: Shop, draft: Draft, fate: Fate, buyer: Buyer) -> None:
        """Place the order and take it as far as its fate says."""
        clock = Clock(draft.placed_at, self.own)
        with moments.pretend(clock.moment):
            placed = actions.place_orders(shop, [draft], actor=self.machine)[0]
        order = placed.order
        if placed.shortages or placed.findings:
            fate = Fate((), ending="refuse" if clock.forward("refuse") else "")
        for step in fate.steps:
            if not clock.forward(step):
                return
            with moments.pretend(clock.moment):
                getattr(self, f"_{step}")(order)
        if fate.ending and (fate.ending == "refuse" or clock.forward(fate.ending)):
            with moments.pretend(clock.moment):
                getattr(self, f"_end_by_{fate.ending}")(order, buyer)

    def _approve(self, order: Order) -> None:
        actions.approve_order(order.pk, seen=None, actor=self.staff["cs"])

    def _confirm(self, order: Order) -> None:
        actions.confirm_funds_order(order.pk, seen=None, actor=self.staff["finance"])

    def _plan(self, order: Order) -> None:
        warehouse.plan_shipments(order.pk, actor=self.machine)

    def _release(self, order: Order) -> None:
        for shipment in self._parcels(order):
            warehouse.release_shipment(shipment.pk, seen=None, actor=self.staff["supervisor"])

    def _pick(self, order: Order) -> None:
        for shipment in self._parcels(order):
            warehouse.start_picking(shipment.pk, seen=None, actor=self.scanner)

    def _pack(self, order: Order) -> None:
        for shipment in self._parcels(order):
            wanted: dict[str, int] = {}
            for line in shipment.lines.select_related("sku"):
                wanted[line.sku.code] = wanted.get(line.sku.code, 0) + line.quantity
            warehouse.pack_shipment(
                shipment.pk, seen=None, actor=self.scanner, quantities=wanted, weight_grams=900
            )

    def _label(self, order: Order) -> None:
        for shipment in self._parcels(order):
            carrier = self.own.choice(self.carriers)
            warehouse.set_carrier(
                shipment.pk,
                seen=None,
                carrier=carrier.pk,
                waybill=f"{carrier.code}{shipment.pk:012d}",
                actor=self.staff["logistics"],
            )
            warehouse.print_label(shipment.pk, seen=None, actor=self.scanner)

    def _wait(self, order: Order) -> None:
        """The carrier did not come in time; nothing is done about it."""

    def _dispatch(self, order: Order) -> None:
        for shipment in self._parcels(order):
            warehouse.dispatch_shipment(shipment.pk, seen=None, actor=self.scanner)

    def _collect(self, order: Order) -> None:
        self._trace(order, TrackingState.COLLECTED, "快递员已揽收")

    def _deliver(self, order: Order) -> None:
        self._trace(order, TrackingState.OUT_FOR_DELIVERY, "正在派送，请保持电话畅通")
        self._trace(order, TrackingState.DELIVERED, "已签收，签收人：本人")

    def _complete(self, order: Order) -> None:
        actions.complete_order(order.pk, seen=None, actor=self.machine)

    def _trace(self, order: Order, state: TrackingState, text: str) -> None:
        for shipment in self._parcels(order):
            point = warehouse.Trace(
                moments.now(), state, text, place=order.receiver_city, code="demo"
            )
            warehouse.take_tracking(shipment.pk, [point], actor=self.machine)

    def _end_by_cancel(self, order: Order, buyer: Buyer) -> None:
        actions.cancel_order(
            order.pk, seen=None, reason="客户拍错型号，重新下单", actor=self.staff["cs"]
        )

    def _end_by_refuse(self, order: Order, buyer: Buyer) -> None:
        actions.cancel_order(
            order.pk, seen=None, reason="缺货，已与客户协商退款", actor=self.staff["supervisor"]
        )

    def _end_by_close(self, order: Order, buyer: Buyer) -> None:
        actions.close_order(
            order.pk, seen=None, reason="快递丢件，已赔付并补发", actor=self.staff["supervisor"]
        )

    def _end_by_trouble(self, order: Order, buyer: Buyer) -> None:
        self._trace(order, TrackingState.EXCEPTION, "收件人电话无法接通，派送失败")

    def _end_by_hold(self, order: Order, buyer: Buyer) -> None:
        actions.hold_order(order.pk, reason="客户要求等另一件一起发", actor=self.staff["cs"])
        actions.add_note(
            order.pk, text="客户要求明日 12 点前送达，先电话确认", actor=self.staff["cs"]
        )

    def _end_by_address(self, order: Order, buyer: Buyer) -> None:
        other = self.own.choice(self.buyers).receiver
        actions.change_address(order.pk, seen=None, receiver=other, actor=self.staff["cs"])
        actions.open_work_order(
            order.pk,
            kind=WorkOrderKind.OTHER,
            title="回电客户确认新地址",
            owner_role="cs",
            actor=self.staff["cs"],
        )

    def _parcels(self, order: Order) -> list[Shipment]:
        return list(order.shipments.exclude(state="cancelled").order_by("pk"))


# Minutes that each step takes after the one before: from, to.
_PACE = {
    "approve": (3, 25), "confirm": (5, 40), "plan": (0, 1), "release": (5, 60), "pick": (5, 40),
    "pack": (3, 20), "label": (1, 5), "wait": (2600, 4000), "dispatch": (10, 90),
    "collect": (30, 240), "deliver": (1200, 3400), "complete": (600, 2400), "trouble": (600, 2000),
    "close": (3000, 5000), "cancel": (5, 60), "hold": (1, 4), "address": (2, 6),
    "refuse": (1500, 2800),
}  # fmt: skip


class Clock:
    """The moment of the next step of one order; it never runs into the future."""

    def __init__(self, start: datetime, draw: random.Random) -> None:
        self.moment = start
        self.draw = draw

    def forward(self, step: str) -> bool:
        """Move on by what the step takes; False when that moment has not come yet."""
        shortest, longest = _PACE[step]
        seconds = self.draw.uniform(shortest * 60, longest * 60)
        following = self.moment + timedelta(seconds=max(seconds, 5))
        if following >= moments.now():
            return False
        self.moment = following
        return True


def add_gift(people: dict[str, User], shop: Shop) -> None:
    """One gift order that follows its main order."""
    main = (
        Order.objects.filter(state="pending_review", kind=OrderKind.NORMAL).order_by("pk").first()
    )
    sku = Sku.objects.get(code="CUP-WH-350")
    if main is None or main.gifts.exists():
        return
    draft = Draft(
        external_number=f"{main.external_number}-Z",
        placed_at=moments.now(),
        lines=(DraftLine("1", sku.code, 1, title=f"赠品 {sku.name}", is_gift=True),),
        receiver=main.receiver,
        buyer_name=main.buyer_name,
        paid_at=moments.now(),
        kind=OrderKind.GIFT,
        main_order_id=main.pk,
    )
    actor = Actor.person(people["sales"], via="admin")
    actions.place_order(shop, draft, actor=actor)
