"""Requests of the benchmark's partner, and its key."""

from __future__ import annotations

import random
from typing import Any

from scripts.bench.load import request_bytes


def make_key() -> str:
    """A partner with the right to place and read orders of the bench shop; its bearer token."""
    import django

    django.setup()
    from ordercenter.core.actor import SYSTEM
    from orders.actions.keys import issue_api_key
    from orders.models import Partner, Shop

    partner, _made = Partner.objects.get_or_create(name="bench")
    partner.shops.set(Shop.objects.filter(code="bench"))
    scopes = ["orders.place_order", "orders.view_order", "orders.see_receiver_order"]
    _key, secret = issue_api_key(partner, scopes, actor=SYSTEM)
    return secret


def order_body(
    external: str, codes: list[str], quantities: tuple[int, ...] = (1, 2, 3)
) -> dict[str, Any]:
    """An order of the bench shop, already paid."""
    return {
        "shop": "bench",
        "external_number": external,
        "paid": True,
        "lines": [
            {"sku": code, "quantity": quantity, "unit_price": "10.00"}
            for code, quantity in zip(codes, quantities, strict=False)
        ],
        "receiver": {
            "name": "王小明",
            "phone": f"138{abs(hash(external)) % 10**8:08d}",
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "street": "北山路 1 号 2 幢 301 室",
        },
    }


def post_order(token: str, external: str, body: dict[str, Any]) -> bytes:
    """The request on the wire; the external number is the idempotency key."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": external}
    return request_bytes("POST", "/api/v1/orders/", body, headers)


class RandomOrders:
    """Orders of three lines over the given SKUs; each client draws its own."""

    def __init__(self, token: str, codes: list[str], label: str) -> None:
        self.token, self.codes, self.label = token, codes, label
        self.draw = random.Random(label)

    def __call__(self, client: int, number: int) -> bytes:
        external = f"{self.label}-{client}-{number}"
        return post_order(
            self.token, external, order_body(external, self.draw.sample(self.codes, 3))
        )
