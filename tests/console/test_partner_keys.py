"""An administrator issues a partner's key, which is shown once, and revokes it for good."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from orders.api.auth import forget_keys
from orders.models import ApiKey, Partner
from tests.factories import ShopFactory


@pytest.fixture
def partner(db: None) -> Partner:
    partner = Partner.objects.create(name="修理厂联盟")
    partner.shops.add(ShopFactory())
    return partner


def press(browser: Client, button: str, partner: Partner, **fields: object):
    address = reverse(f"admin:orders_partner_{button}", args=[partner.pk])
    return browser.post(address, {"_form_submitted": "on", **fields}, follow=True)


def card(browser: Client, partner: Partner) -> str:
    return browser.get(reverse("admin:orders_partner_change", args=[partner.pk])).text


def issued(browser: Client, partner: Partner, *scopes: str) -> str:
    """The token as the page tells it."""
    page = press(browser, "issue_key", partner, scopes=scopes).text
    return re.findall(r"<code>([0-9a-f]{12}\.[\w-]{43})</code>", page)[0]


def asked(token: str) -> int:
    forget_keys()
    answer = Client().get("/api/v1/orders/", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


def test_the_key_opens_the_api_and_is_shown_only_once(partner, signed_in):
    browser = signed_in("admin")

    token = issued(browser, partner, "orders.view_order")

    assert asked(token) == 200
    assert ApiKey.objects.get().scopes == ["orders.view_order"]
    assert token not in card(browser, partner)
    assert token.partition(".")[0] in card(browser, partner)


def test_a_revoked_key_opens_nothing_and_stays_revoked(partner, signed_in):
    browser = signed_in("admin")
    token = issued(browser, partner, "orders.view_order")

    press(browser, "revoke_key", partner, key=ApiKey.objects.get().pk)

    assert asked(token) == 401
    assert ApiKey.objects.get().revoked_at is not None
    assert reverse("admin:orders_partner_revoke_key", args=[partner.pk]) not in card(
        browser, partner
    )


def test_saving_the_card_touches_no_key(partner, signed_in):
    browser = signed_in("admin")
    issued(browser, partner, "orders.view_order")
    key = ApiKey.objects.get()
    form = {
        "name": "改了名",
        "shops": [shop.pk for shop in partner.shops.all()],
        "is_active": "on",
        "keys-TOTAL_FORMS": 1,
        "keys-INITIAL_FORMS": 1,
        "keys-0-id": key.pk,
        "keys-0-partner": partner.pk,
        "keys-0-revoked_at_0": "2026-11-22",
        "keys-0-revoked_at_1": "09:00",
    }

    browser.post(reverse("admin:orders_partner_change", args=[partner.pk]), form)

    assert Partner.objects.get().name == "改了名"
    assert ApiKey.objects.get().revoked_at is None


def test_another_partners_key_can_not_be_revoked_from_here(partner, signed_in):
    browser = signed_in("admin")
    issued(browser, partner, "orders.view_order")
    other = Partner.objects.create(name="别家")

    press(browser, "revoke_key", other, key=ApiKey.objects.get().pk)

    assert ApiKey.objects.get().revoked_at is None


@pytest.mark.parametrize("scopes", [(), ("orders.approve_order",)])
def test_a_key_is_for_something_that_partners_may_do(partner, signed_in, scopes):
    press(signed_in("admin"), "issue_key", partner, scopes=scopes)

    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("role", ["cs", "supervisor", "director"])
def test_keys_are_the_administrators(partner, signed_in, role):
    answer = press(signed_in(role), "issue_key", partner, scopes=["orders.view_order"])

    assert answer.status_code == 403
    assert not ApiKey.objects.exists()
