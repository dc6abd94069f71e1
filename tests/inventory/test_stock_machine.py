"""Whatever is done to stock in whatever order: nothing is lost, nothing is promised twice."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from inventory.actions import (
    Demand,
    Departure,
    Request,
    adjust_stock,
    confirm_reservations,
    consume_reservations,
    hold_batch,
    receive_stock,
    release_batch,
    release_reservations,
    reserve,
)
from inventory.actions.adjust import Promised
from inventory.actions.consume import NotReserved
from inventory.models import Batch, Movement, StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from tests.factories import SkuFactory, WarehouseFactory
from tests.support.laws import broken_laws

PIECES = st.integers(1, 6)
PLACE = st.integers(0, 1)


@dataclass
class Promise:
    """One line's promise as the model sees it."""

    line: int
    sku: int
    house: int
    left: int
    is_held: bool


class Stock(RuleBasedStateMachine):
    """Two SKUs in two warehouses, beside the simplest model of them."""

    promises = Bundle("promises")

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.skus = [SkuFactory().pk for _ in range(2)]
        self.houses = [WarehouseFactory().pk for _ in range(2)]
        self.lines = itertools.count(1)
        self.on_hand = dict.fromkeys(itertools.product(range(2), range(2)), 0)
        self.open: list[Promise] = []

    def teardown(self) -> None:
        laws = broken_laws("stock.")
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)
        assert laws == {}

    @rule(sku=PLACE, house=PLACE, quantity=PIECES, batch=st.sampled_from(["", "B1", "B2"]))
    def receive(self, sku: int, house: int, quantity: int, batch: str) -> None:
        receive_stock(
            sku=self.skus[sku],
            warehouse=self.houses[house],
            quantity=quantity,
            document="PO",
            batch_code=batch,
            actor=SYSTEM,
        )
        self.on_hand[sku, house] += quantity

    @rule(target=promises, wanted=st.tuples(PIECES, st.integers(0, 6)), is_held=st.booleans())
    def reserve(self, wanted: tuple[int, int], is_held: bool):
        demands = tuple(
            Demand(next(self.lines), self.skus[sku], quantity)
            for sku, quantity in enumerate(wanted)
            if quantity
        )
        end = moments.now() + timedelta(minutes=30) if is_held else None
        (promise,) = reserve([Request(demands, tuple(self.houses), end)])
        if promise.warehouse is None:
            assert promise.shortages
            return multiple()
        house = self.houses.index(promise.warehouse)
        made = [
            Promise(d.line, self.skus.index(d.sku), house, d.quantity, is_held) for d in demands
        ]
        self.open.extend(made)
        return multiple(*made)

    @rule(promise=promises)
    def confirm(self, promise: Promise) -> None:
        confirm_reservations([promise.line])
        promise.is_held = False

    @rule(promise=promises)
    def release(self, promise: Promise) -> None:
        assert release_reservations([promise.line]) == promise.left
        promise.left = 0

    @rule(promise=promises, quantity=PIECES)
    def consume(self, promise: Promise, quantity: int) -> None:
        departures = [Departure(promise.line, quantity)]
        house = self.houses[promise.house]
        if promise.is_held or quantity > promise.left:
            with pytest.raises(NotReserved), transaction.atomic():
                consume_reservations(departures, warehouse=house, document="SH", actor=SYSTEM)
            return
        consume_reservations(departures, warehouse=house, document="SH", actor=SYSTEM)
        promise.left -= quantity
        self.on_hand[promise.sku, promise.house] -= quantity

    @rule(sku=PLACE, house=PLACE, quantity=st.integers(-6, 6).filter(bool))
    def adjust(self, sku: int, house: int, quantity: int) -> None:
        try:
            with transaction.atomic():
                adjust_stock(
                    sku=self.skus[sku],
                    warehouse=self.houses[house],
                    quantity=quantity,
                    reason=Movement.Reason.COUNTED,
                    note="count",
                    actor=SYSTEM,
                )
        except Promised:
            assert quantity < 0
            return
        self.on_hand[sku, house] += quantity

    @rule(sku=PLACE, code=st.sampled_from(["B1", "B2"]), hold=st.booleans())
    def judge_batch(self, sku: int, code: str, hold: bool) -> None:
        batch = Batch.objects.filter(sku=self.skus[sku], code=code).first()
        if batch is None:
            return
        judge = hold_batch if hold else release_batch
        try:
            with transaction.atomic():
                judge(batch.pk, note="check", actor=SYSTEM)
        except Promised:
            assert hold

    @invariant()
    def levels_are_what_the_model_says(self) -> None:
        for (sku, house), on_hand in self.on_hand.items():
            level = StockLevel.objects.filter(
                sku=self.skus[sku], warehouse=self.houses[house]
            ).first()
            reserved = sum(
                promise.left
                for promise in self.open
                if (promise.sku, promise.house) == (sku, house)
            )
            seen = (level.on_hand, level.reserved) if level else (0, 0)
            assert seen == (on_hand, reserved)


def test_stock_is_conserved_whatever_is_done(db):
    run_state_machine_as_test(
        Stock,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
