"""Who gets in: API keys and staff sessions."""

from __future__ import annotations

import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, Forbidden, NotFound
from ordercenter.core.models import Event
from orders.actions.keys import issue_api_key, revoke_api_key
from orders.api import auth
from orders.models import ApiKey, Order, Partner
from tests.api.support import Caller, World, administrator, partner_for
from tests.factories import UserFactory

URL = "/api/v1/orders/"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer",
        "Bearer nonsense",
        "Bearer abcdef123456.short",
        "Bearer abcdef123456." + "x" * 43,
        "Token abc",
        "Basic dXNlcjpwYXNz",
        "Bearer \x00.\x00",
        "Bearer " + "a" * 10000,
    ],
)
def test_no_valid_key_no_entry(world: World, header: str | None):
    caller = Caller(headers={"Authorization": header} if header else {})

    answer = caller.get(URL)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Content-Type"] == "application/problem+json"


def test_the_right_id_with_a_wrong_secret_is_no_key(world: World, partner: Caller):
    token = partner.headers["Authorization"]
    partner.headers["Authorization"] = token[:-1] + ("a" if token[-1] != "a" else "b")

    assert partner.get(URL).status_code == 401


def test_the_secret_is_not_stored(world: World):
    partner = Partner.objects.create(name="伙伴")

    key, token = issue_api_key(partner, ["orders.view_order"], actor=SYSTEM)

    secret = token.partition(".")[2]
    stored = ApiKey.objects.values().get(pk=key.pk)
    assert secret not in str(stored)
    assert secret not in str(list(Event.objects.values()))
    assert Event.objects.get(kind="api_key.issued").data["scopes"] == ["orders.view_order"]


def test_a_key_is_read_once_and_not_at_every_request(world: World, partner: Caller):
    partner.get(URL)

    with CaptureQueriesContext(connection) as seen:
        partner.get(URL)

    assert not any("apikey" in query["sql"] for query in seen)


def test_a_revoked_key_opens_nothing_after_ten_seconds(world: World, partner: Caller, monkeypatch):
    assert partner.get(URL).status_code == 200
    revoke_api_key(ApiKey.objects.get().pk, actor=SYSTEM)
    in_ten_seconds = time.monotonic() + 10

    monkeypatch.setattr(auth.time, "monotonic", lambda: in_ten_seconds)

    assert partner.get(URL).status_code == 401


def test_keys_of_an_inactive_partner_open_nothing(world: World, partner: Caller):
    Partner.objects.update(is_active=False)

    assert partner.get(URL).status_code == 401


def test_revoking_twice_is_revoking_once(world: World, partner: Caller):
    pk = ApiKey.objects.get().pk
    first = revoke_api_key(pk, actor=SYSTEM).revoked_at

    again = revoke_api_key(pk, actor=SYSTEM).revoked_at

    assert first == again
    assert Event.objects.filter(kind="api_key.revoked").count() == 1
    with pytest.raises(NotFound):
        revoke_api_key(pk + 1, actor=SYSTEM)


@pytest.mark.parametrize("scopes", [[], ["orders.approve_order"], ["core.add_user"], ["*"]])
def test_no_key_can_have_a_scope_that_is_for_staff(world: World, scopes: list[str]):
    partner = Partner.objects.create(name="伙伴")

    with pytest.raises(BadInput):
        issue_api_key(partner, scopes, actor=SYSTEM)

    assert not ApiKey.objects.exists()


def test_nobody_hands_out_what_they_may_not_do_themselves(world: World):
    partner = Partner.objects.create(name="伙伴")
    clerk = Actor(
        kind="person",
        label="张三",
        door="admin",
        permissions=frozenset({"orders.add_apikey", "orders.view_order"}),
    )

    with pytest.raises(Forbidden):
        issue_api_key(partner, ["orders.view_order", "orders.place_order"], actor=clerk)

    assert not ApiKey.objects.exists()


def test_a_session_reads_without_a_token(world: World, admin: Caller):
    assert admin.get(URL).status_code == 200


def test_a_session_changes_nothing_without_its_csrf_token(world: World):
    strict = Caller(client=Client(enforce_csrf_checks=True))
    strict.client.force_login(
        UserFactory(is_superuser=True), "django.contrib.auth.backends.ModelBackend"
    )

    answer = strict.place(world.body())

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "CSRF" in answer.json()["detail"]
    assert not Order.objects.exists()


def test_a_session_with_its_csrf_token_does(world: World):
    strict = Caller(client=Client(enforce_csrf_checks=True))
    strict.client.force_login(
        UserFactory(is_superuser=True), "django.contrib.auth.backends.ModelBackend"
    )
    strict.client.cookies["csrftoken"] = "a" * 32
    strict.headers["X-CSRFToken"] = "a" * 32

    assert strict.place(world.body()).status_code == 201
    assert Event.objects.get(kind="order.placed").actor_kind == "person"


def test_a_key_needs_no_csrf_token(world: World, partner: Caller):
    partner.client = Client(enforce_csrf_checks=True)

    assert partner.place(world.body()).status_code == 201


@pytest.mark.parametrize("fields", [{"is_staff": False}, {"is_active": False}])
def test_an_account_that_is_not_staff_or_not_active_does_not_get_in(world: World, fields):
    outsider = administrator(**fields)

    assert outsider.get(URL).status_code == 401


def test_with_key_and_session_the_key_counts(world: World, admin: Caller):
    other = partner_for()
    admin.place(world.body())
    admin.headers = other.headers

    assert admin.get(URL).json()["results"] == []
