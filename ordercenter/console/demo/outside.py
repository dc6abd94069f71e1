"""The demo's outside systems are simulators; this points our accounts at them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from integrations.models import (
    ChannelAccount,
    ErpAccount,
    PaymentAccount,
    Robot,
    TrackingAccount,
    WebhookEndpoint,
)
from integrations.simulators.alipay import service as alipay
from integrations.simulators.keys import ensure_keys
from integrations.simulators.kingdee import service as kingdee
from integrations.simulators.kuaidi100.service import DEMO_CUSTOMER, DEMO_KEY
from integrations.simulators.partner.receiver import DEMO_NAME, DEMO_SECRET, PREFIX
from integrations.simulators.taobao.accounts import demo_app, demo_sellers
from integrations.simulators.wechatpay import service as wechatpay
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.engine import fleet
from ordercenter.engine.paths import var_dir
from orders.actions.keys import SCOPES, issue_api_key
from orders.models import Partner, Shop

ROBOT_KEY = "ocoooooo-0000-4000-8000-000000000000"
DEMO_PARTNER = "云仓合作伙伴（演示）"
DEMO_PARTNER_SHOP = "mini-baby"
DEMO_WEBHOOK = "演示：合作伙伴系统"
DEMO = Actor.system("command:demo")


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
    _connect_erp(address)
    _connect_partner(address)


def _connect_partner(address: str) -> None:
    """A partner whose shop is one of ours, whose program reads orders and hears of them."""
    partner, made = Partner.objects.get_or_create(name=DEMO_PARTNER)
    if made:
        partner.shops.set(Shop.objects.filter(code=DEMO_PARTNER_SHOP))
        # Its token is for nobody: a key of one's own is issued by an administrator.
        issue_api_key(partner, SCOPES, actor=DEMO)
    url = f"{address}{PREFIX}{DEMO_NAME}"
    row, made = WebhookEndpoint.objects.get_or_create(
        partner=partner,
        description=DEMO_WEBHOOK,
        defaults={
            "url": url,
            "scopes": ["orders.view_order"],
            "secrets": {"current": DEMO_SECRET},
        },
    )
    if not made and row.url != url:
        WebhookEndpoint.objects.filter(pk=row.pk).update(url=url)


def _connect_erp(address: str) -> None:
    """Our books at Kingdee: what the demo's story sells since yesterday is pushed into them."""
    yesterday = moments.now().astimezone(moments.SHANGHAI) - timedelta(days=1)
    url = f"{address}/k3cloud"
    row, made = ErpAccount.objects.get_or_create(
        name="金蝶云星空（演示）",
        defaults={
            "base_url": url,
            "credentials": kingdee.demo_account(),
            "pushes_since": yesterday.replace(hour=0, minute=0, second=0, microsecond=0),
            "is_active": not ErpAccount.objects.filter(is_active=True).exists(),
        },
    )
    if not made and row.base_url != url:
        ErpAccount.objects.filter(pk=row.pk).update(base_url=url)


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
