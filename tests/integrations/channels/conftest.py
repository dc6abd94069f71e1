"""One simulator process for all tests here, reset before each, and shops pulled from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.channels.base import Window
from integrations.channels.taobao.adapter import TaobaoAdapter
from integrations.intake.pull import pull_account
from integrations.models import ChannelAccount, RawMessage
from integrations.simulators.testing import Simulator, running_simulator
from inventory.actions import receive_stock
from inventory.models import Sku, Warehouse
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.clocks import forget_policies
from ordercenter.core.moments import SHANGHAI
from orders.models import Order, Shop
from orders.selectors import forget_warehouses

SAMPLES = Path(__file__).parents[1] / "samples"
CREDENTIALS = {
    "demo1": {
        "app_key": "33712345",
        "app_secret": "b3f1c0d9e8a74655a1c2d3e4f5061728",
        "session": "6100a2b3c4d5e6f7081920a1b2c3d4e5f60718293a4b5c62200812345678",
    },
    "demo2": {
        "app_key": "33712345",
        "app_secret": "b3f1c0d9e8a74655a1c2d3e4f5061728",
        "session": "6100f0e1d2c3b4a5968778695a4b3c2d1e0f0a1b2c3d4e52200887654321",
    },
}
OPTIONS = {"calls_per_second": 0, "concurrency": 4, "page_size": 50, "timeout": 2.0}
SKUS = ["TEA-LJ-250", "CUP-WH-350"]


def sample(name: str) -> Any:
    """A recorded body of Taobao."""
    return json.loads((SAMPLES / "taobao" / name).read_text("utf-8"))


def shop_time(**shift: float) -> str:
    """Now in Shanghai, moved by a timedelta's arguments, as the channel writes it."""
    return (datetime.now(SHANGHAI) + timedelta(**shift)).strftime("%Y-%m-%d %H:%M:%S")


def window(**back: float) -> Window:
    """The stretch from so long ago until a second ago."""
    now = moments.now().replace(microsecond=0)
    return Window(now - timedelta(**back), now - timedelta(seconds=1))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off in hundredths of a second."""
    monkeypatch.setattr("integrations.channels.taobao.client._BACK_OFF", 0.01)


@pytest.fixture(scope="session")
def _process() -> Iterator[Simulator]:
    with running_simulator(no_samples=True) as simulator:
        yield simulator


@pytest.fixture
def simulator(_process: Simulator) -> Simulator:
    """The running simulator with empty shops."""
    _process.post("clock")
    _process.reset()
    return _process


@pytest.fixture
def adapter(simulator: Simulator) -> Iterator[TaobaoAdapter]:
    """A client of the first shop."""
    made = TaobaoAdapter(simulator.base_url, CREDENTIALS["demo1"], OPTIONS)
    yield made
    made.close()


@dataclass
class Intake:
    """The shops of the simulator as we know them; stock of both sample SKUs lies in one house."""

    simulator: Simulator
    accounts: dict[str, ChannelAccount]

    @property
    def account(self) -> ChannelAccount:
        return self.accounts["demo1"]

    @property
    def shop(self) -> Shop:
        return self.account.shop

    def pull(self, shop: str = "demo1", **options: Any) -> dict[str, int]:
        """Pull a shop; how its messages ended."""
        return dict(pull_account(self.accounts[shop].pk, **options))

    def change(self, tid: int | str, **changes: Any) -> None:
        """Something happens at the channel, late enough to be newer and early enough to be seen."""
        self.simulator.change(tid, **({"modified": shop_time(seconds=-61)} | changes))

    def order(self, tid: int | str, shop: str = "demo1") -> Order:
        return Order.objects.get(shop__code=shop, external_number=str(tid))

    def raws(self, tid: int | str) -> list[RawMessage]:
        """The messages about a trade, the oldest first."""
        return list(RawMessage.objects.filter(external_number=str(tid)).order_by("pk"))


def make_account(simulator: Simulator, code: str, **options: Any) -> ChannelAccount:
    """A shop of the simulator with its access, never pulled, looking back 70 minutes."""
    shop = Shop.objects.create(code=code, name=f"{code}旗舰店", channel="taobao")
    return ChannelAccount.objects.create(
        shop=shop,
        adapter="taobao",
        base_url=simulator.base_url,
        credentials=CREDENTIALS[code],
        options=OPTIONS | options,
        cursor_at=moments.now() - timedelta(minutes=70),
    )


def stock_up(codes: list[str], quantity: int = 10_000) -> None:
    """One warehouse that has these SKUs."""
    forget_policies()
    house = Warehouse.objects.create(code="HZ1", name="杭州仓", province="浙江省", city="杭州市")
    for code in codes:
        sku = Sku.objects.create(code=code, name=f"货品 {code}")
        receive_stock(
            sku=sku.pk, warehouse=house.pk, quantity=quantity, document="ASN-1", actor=SYSTEM
        )
    forget_warehouses()


@pytest.fixture
def intake(db: None, simulator: Simulator) -> Intake:
    """Two shops of the simulator that were never pulled."""
    stock_up(SKUS)
    return Intake(simulator, {code: make_account(simulator, code) for code in CREDENTIALS})


@pytest.fixture
def generate(simulator: Simulator) -> Callable[..., list[str]]:
    """Makes trades in a shop, modified in the last hour; their numbers."""

    def make(count: int, **options: Any) -> list[str]:
        made = simulator.generate(count, **({"seed": 1} | options))
        first = int(made["first_tid"])
        return [str(first + 10 * place) for place in range(count)]

    return make
