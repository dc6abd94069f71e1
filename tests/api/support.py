"""A partner's program and a member of staff, as the API sees them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from inventory.models import Warehouse
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import User
from orders.actions.keys import SCOPES, issue_api_key
from orders.models import Partner, Shop
from tests.factories import ShopFactory, SkuFactory, StockLevelFactory, UserFactory

URGENT = {
    "urgency": "red",
    "wanted_by": "2030-01-01T12:00:00+08:00",
    "reason": "event_gift",
    "note": "赶生日",
}
RECEIVER = {
    "name": "王小明",
    "phone": "13812345678",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "street": "文三路 269 号 2 幢 301 室",
}

_numbers = itertools.count(1)


@dataclass
class Caller:
    """Sends JSON with fixed headers; keys and versions are given per call."""

    client: Client = field(default_factory=Client)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return self.client.get(path, query, headers={**self.headers, **(headers or {})})

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        version: int | str | None = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        sent = {**self.headers, **(headers or {})}
        if key is not None:
            sent["Idempotency-Key"] = key
        if version is not None:
            sent["If-Match"] = f'"{version}"' if isinstance(version, int) else version
        content = raw if raw is not None else json.dumps(body if body is not None else {})
        return self.client.post(path, content, content_type="application/json", headers=sent)

    def place(self, body: dict[str, Any], *, key: str | None = None) -> Any:
        return self.post("/api/v1/orders/", body, key=key or f"key-{next(_numbers)}")


@dataclass
class World:
    """One shop with a partner, one warehouse, three SKUs of which there is plenty."""

    shop: Shop
    warehouse: Warehouse
    codes: tuple[str, ...]

    def body(self, *codes: str, **fields: Any) -> dict[str, Any]:
        """A paid order over these SKUs, two pieces each; all three when none are named."""
        number = next(_numbers)
        return {
            "shop": self.shop.code,
            "external_number": f"P-{number}",
            "paid": True,
            "lines": [
                {"sku": code, "quantity": 2, "unit_price": "10.00"} for code in codes or self.codes
            ],
            "receiver": RECEIVER,
            **fields,
        }

    def url(self, answer: Any, verb: str = "") -> str:
        """The address of the order that was answered, or of one of its verbs."""
        return f"/api/v1/orders/{answer['number']}/" + (f"{verb}/" if verb else "")


def build_world(*, on_hand: int = 1000, warehouse: Warehouse | None = None) -> World:
    """A shop, and stock for it."""
    codes = []
    for _place in range(3):
        extra = {"warehouse": warehouse} if warehouse else {}
        level = StockLevelFactory(sku=SkuFactory(), on_hand=on_hand, **extra)
        warehouse = level.warehouse
        codes.append(level.sku.code)
    assert warehouse is not None
    shop = ShopFactory(channel="api")
    shop.warehouses.add(warehouse)
    return World(shop, warehouse, tuple(codes))


def partner_for(
    *shops: Shop, scopes: Sequence[str] = SCOPES, partner: Partner | None = None
) -> Caller:
    """A caller with a fresh key of a partner who has these shops."""
    if partner is None:
        partner = Partner.objects.create(name=f"伙伴 {next(_numbers)}")
        partner.shops.set(shops)
    _key, token = issue_api_key(partner, scopes, actor=SYSTEM)
    return Caller(headers={"Authorization": f"Bearer {token}"})


def staff_with(*permissions: str, **fields: Any) -> Caller:
    """A caller with the session of a member of staff who has these permissions."""
    user: User = UserFactory(**fields)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    caller = Caller()
    caller.client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return caller


def administrator(**fields: Any) -> Caller:
    """A caller with the session of somebody who may do everything."""
    return staff_with(is_superuser=True, **fields)
