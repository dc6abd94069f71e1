"""Every refusal is problem details with a stable code (RFC 9457)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, OperationalError
from django.test import Client, RequestFactory

from ordercenter.core.api.problems import server_error
from orders.api import views
from tests.api.support import Caller, World

MEMBERS = {"type", "title", "status", "code", "detail"}


def check(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem, after a look at the members every problem has."""
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem.keys() >= MEMBERS
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:ordercenter:problem:{code}"
    assert problem["title"] and problem["detail"]
    return problem


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nowhere/", "/api/v1/orders"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_address(world: World, partner: Caller, path: str, method: str):
    answer = getattr(partner.client, method)(path, headers=partner.headers)

    check(answer, 404, "not_found")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_a_method_that_is_not_offered(world: World, partner: Caller, method: str):
    answer = getattr(partner.client, method)("/api/v1/orders/", headers=partner.headers)

    check(answer, 405, "method_not_allowed")
    assert "POST" in answer["Allow"]


def test_a_format_that_is_not_offered(world: World, partner: Caller):
    answer = partner.get("/api/v1/orders/", headers={"Accept": "text/html"})

    check(answer, 406, "not_acceptable")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_a_body_in_another_format(world: World, partner: Caller, kind: str):
    answer = partner.client.post(
        "/api/v1/orders/",
        "shop=1",
        content_type=kind,
        headers={**partner.headers, "Idempotency-Key": "k"},
    )

    check(answer, 415, "unsupported_media_type")


def test_sentences_speak_the_callers_language_and_codes_none(world: World, partner: Caller):
    chinese, english = (
        partner.get("/api/v1/orders/", headers={"Accept": "text/html", "Accept-Language": language})
        for language in ("zh-CN", "en")
    )

    assert check(chinese, 406, "not_acceptable")["title"] == "此接口只返回 JSON。"
    assert check(english, 406, "not_acceptable")["title"] == "This API answers in JSON only."


def test_what_the_database_cannot_take_is_the_callers_fault(
    world: World, partner: Caller, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_args: Any) -> None:
        raise DataError("value out of range")

    monkeypatch.setattr(views, "filtered_orders", refuse)

    check(partner.get("/api/v1/orders/"), 400, "malformed")


def test_a_deadlock_asks_to_try_again(
    world: World, partner: Caller, monkeypatch: pytest.MonkeyPatch
):
    def break_down(*_args: Any) -> None:
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(views, "filtered_orders", break_down)

    answer = partner.get("/api/v1/orders/")

    check(answer, 503, "try_again")
    assert answer["Retry-After"] == "1"


def test_a_fault_of_ours_says_nothing_of_its_cause(
    world: World, partner: Caller, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_args: Any) -> None:
        raise RuntimeError("the password is 1234")

    monkeypatch.setattr(views, "filtered_orders", fail)
    partner.client = Client(raise_request_exception=False)

    answer = partner.get("/api/v1/orders/")

    check(answer, 500, "fault")
    assert b"1234" not in answer.content


def test_a_fault_elsewhere_keeps_its_page(world: World):
    answer = server_error(RequestFactory().get("/admin/"))

    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")
