"""Partners with shops, their webhooks, and a simulated system of theirs that hears."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from integrations.models import PartnerDelivery, WebhookEndpoint
from integrations.partners import actions, wire
from integrations.partners.sender import Sender
from integrations.simulators.testing import Simulator, running_simulator
from ordercenter.core import moments, outbox
from ordercenter.core.actor import SYSTEM, Actor
from orders.actions import add_note, place_order
from orders.actions.keys import issue_api_key
from orders.drafts import Draft, DraftLine
from orders.models import ApiKey, Order, Partner, Shop
from orders.receiver import Receiver
from tests.factories import ShopFactory

SCOPES = ["orders.view_order", "orders.see_receiver_order", "orders.note_order", actions.MANAGE]
RECEIVER = Receiver("王小明", "13812345678", "浙江省", "杭州市", "西湖区", "文三路 269 号")


@pytest.fixture(scope="session")
def _process() -> Iterator[Simulator]:
    with running_simulator(no_samples=True) as simulator:
        yield simulator


@pytest.fixture
def simulator(_process: Simulator, settings: Any) -> Simulator:
    """Partners' systems that have heard nothing; our installation may reach this machine."""
    _process.reset(samples=False)
    _process.clear_faults()
    address = _process.base_url.removeprefix("http://")
    settings.WEBHOOK_PLAIN_HTTP = [address]
    settings.WEBHOOK_PRIVATE_NETWORKS = ["127.0.0.1/32"]
    return _process


@dataclass
class Partnership:
    """A partner with a shop, a key and a webhook at the simulator."""

    partner: Partner
    shop: Shop
    key: ApiKey
    name: str
    simulator: Simulator

    @property
    def actor(self) -> Actor:
        """The partner's program with its key."""
        return Actor.partner(
            self.partner.pk,
            self.partner.name,
            permissions=frozenset(self.key.scopes),
            shops=frozenset(self.partner.shops.values_list("pk", flat=True)),
        )

    @property
    def endpoint(self) -> WebhookEndpoint:
        return WebhookEndpoint.objects.get(partner=self.partner)

    def listen(self, **fields: Any) -> WebhookEndpoint:
        """Set up a webhook at the partner's own system, which knows its secret."""
        url = f"{self.simulator.base_url}/partner/{self.name}"
        endpoint, secret = actions.create_webhook(
            self.partner.pk, url=url, actor=self.actor, **fields
        )
        self.knows(secret)
        return endpoint

    def knows(self, *secrets: str) -> None:
        self.simulator.post("partner/secrets", name=self.name, secrets=list(secrets))

    def order(self, number: str) -> Order:
        """A new order in the partner's shop; its event is in the outbox."""
        return new_order(self.shop, number)

    def heard(self) -> dict[str, Any]:
        return self.simulator.get("partner/inbox", name=self.name)

    def kinds(self) -> list[str]:
        return [message["kind"] for message in self.heard()["messages"]]

    def states(self) -> list[str]:
        rows = PartnerDelivery.objects.filter(endpoint__partner=self.partner)
        return list(rows.order_by("sequence").values_list("state", flat=True))


def new_order(shop: Shop, number: str) -> Order:
    draft = Draft(
        external_number=number,
        placed_at=moments.now(),
        lines=(DraftLine("1", "UNKNOWN-SKU", 1),),
        receiver=RECEIVER,
    )
    return place_order(shop, draft, actor=SYSTEM).order


def note(order: Order, actor: Actor, text: str = "请尽快发货") -> None:
    add_note(order.pk, text=text, actor=actor)


@pytest.fixture
def make_partner(db: None, simulator: Simulator) -> Callable[..., Partnership]:
    def make(name: str, scopes: list[str] | None = None) -> Partnership:
        shop = ShopFactory(channel="api")
        partner = Partner.objects.create(name=f"伙伴 {name}")
        partner.shops.add(shop)
        key, _token = issue_api_key(partner, scopes or SCOPES, actor=SYSTEM)
        return Partnership(partner, shop, key, name, simulator)

    return make


@pytest.fixture
def partner(make_partner: Callable[..., Partnership]) -> Partnership:
    """A partner that listens to everything."""
    made = make_partner("a")
    made.listen()
    return made


def fan_out() -> None:
    """Let the relay's lane do what there is."""
    while outbox.drain("local"):
        pass


def send() -> int:
    """Let the relay and the sender do what there is now; how many calls were made."""
    fan_out()
    return Sender().send_all()


def let_time_pass() -> None:
    """Every moment that something waits for has come."""
    PartnerDelivery.objects.filter(state="pending").update(not_before="2026-01-01T00:00Z")
    WebhookEndpoint.objects.update(paused_until=None)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call ends after a moment instead of ten seconds."""
    monkeypatch.setattr(wire, "SECONDS", 0.4)
