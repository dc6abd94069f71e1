"""The demo's outside systems are simulators; this points our accounts at them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from integrations.models import ChannelAccount, PaymentAccount, Robot, TrackingAccount
from integrations.simulators.alipay import service as alipay
from integrations.simulators.keys import ensure_keys
from integrations.simulators.kuaidi100.service import DEMO_CUSTOMER, DEMO_KEY
from integrations.simulators.taobao.accounts import demo_app, demo_sellers
from integrations.simulators.wechatpay import service as wechatpay
from ordercenter.core import moments
from ordercenter.engine import fleet
from ordercenter.engine.paths import var_dir
from orders.models import Shop

ROBOT_KEY = "ocoooooo-0000-4000-8000-000000000000"


def connect_simulators(shops: Sequence[tuple[str, str, str]]) -> None:
    """Two Taobao shops, parcel tracking, two payment systems and the team's robot are simulators.

    Their port may differ from start to start; what people changed otherwise stays.
    """
    address = f"http://127.0.0.1:{os.environ.get('SIMULATOR_PORT', '9100')}"
    sellers = {seller.key: seller for seller in demo_sellers()}
    for code, name, key in shops:
        shop, _made = Shop.objects.get_or_create(
            code=code, defaults={"name": name, "channel": "taobao"}
        )
        app = demo_app()
        _point(
            ChannelAccount,
            {"shop": shop},
            address,
            {
                "adapter": "taobao",
                "credentials": {
                    "app_key": app.key,
                    "app_secret": app.secret,
                    "session": sellers[key].session,
                },
                "interval_minutes": 1,
                "cursor_at": moments.now() - timedelta(minutes=40),
            },
        )
    _point(
        TrackingAccount,
        {"name": "快递100"},
        address,
        {"credentials": {"key": DEMO_KEY, "customer": DEMO_CUSTOMER}},
    )
    _point(
        Robot,
        {"name": "订单通知群"},
        address,
        {"credentials": {"key": ROBOT_KEY}},
    )
    _connect_payments(address)


def _connect_payments(address: str) -> None:
    """Our accounts at WeChat Pay and Alipay hold the keys that the simulators know."""
    keys = ensure_keys(var_dir() / fleet.PAYMENT_KEYS)
    accounts = {
        "wechatpay": (
            "微信支付",
            {
                "mchid": wechatpay.MCHID,
                "serial_no": wechatpay.MERCHANT_SERIAL,
                "private_key": keys["wechatpay.merchant"].private_pem,
                "api_v3_key": wechatpay.API_V3_KEY,
                "platform_serial": wechatpay.PLATFORM_SERIAL,
                "platform_public_key": keys["wechatpay.platform"].public_pem,
            },
        ),
        "alipay": (
            "支付宝",
            {
                "app_id": alipay.APP_ID,
                "seller_id": alipay.SELLER_ID,
                "private_key": keys["alipay.merchant"].private_pem,
                "alipay_public_key": keys["alipay.platform"].public_pem,
            },
        ),
    }
    for system, (name, credentials) in accounts.items():
        _point(
            PaymentAccount, {"system": system, "name": name}, address, {"credentials": credentials}
        )


def _point(
    model: type[ChannelAccount | PaymentAccount | TrackingAccount | Robot],
    found_by: dict[str, Any],
    address: str,
    defaults: dict[str, Any],
) -> None:
    row, made = model.objects.get_or_create(**found_by, defaults={**defaults, "base_url": address})
    if not made and row.base_url != address:
        model.objects.filter(pk=row.pk).update(base_url=address)
