"""The description of the API: everybody may read it, and it tells the truth."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import Permission
from django.core.wsgi import get_wsgi_application
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.validation import validate_schema
from schemathesis import hooks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from integrations.models import WebhookEndpoint
from ordercenter.core.actor import SYSTEM
from ordercenter.core.api.views import ApiView
from orders.fulfilment.actions import deliver_shipment
from orders.fulfilment.models import Shipment
from orders.models import ApiKey, Order, OrderState
from rma.models import Return
from tests.api.support import Caller, World, administrator, build_world, partner_for
from tests.api.test_shipments import plan
from tests.factories import bring_to
from tests.fulfilment.world import dispatched

SCHEMA = "/api/v1/schema/"


@pytest.fixture
def described(db: None) -> dict[str, Any]:
    answer: dict[str, Any] = Caller().get(SCHEMA, headers={"Accept": "application/json"}).json()
    return answer


def test_everybody_may_read_it(described: dict[str, Any]):
    validate_schema(described)
    assert described["info"]["title"] == "Order Center API"


def test_a_bad_key_does_not_hide_it(db: None):
    assert Caller(headers={"Authorization": "Bearer nonsense"}).get(SCHEMA).status_code == 200


def test_it_names_every_address_there_is(described: dict[str, Any]):
    addresses = list(api_patterns(get_resolver()))

    assert len(described["paths"]) == len(addresses) > 25


def api_patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    """Every address of any room that leads to a view of the API."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from api_patterns(pattern)
        elif issubclass(getattr(pattern.callback, "cls", object), ApiView):
            yield pattern


def test_a_change_names_the_version_it_needs_and_the_refusals(described: dict[str, Any]):
    cancel = described["paths"]["/api/v1/orders/{number}/cancel/"]["post"]

    needed = {p["name"] for p in cancel["parameters"] if p.get("required")}
    assert needed == {"If-Match", "number"}
    assert {"200", "400", "401", "403", "404", "409", "412", "422", "428", "429"} <= set(
        cancel["responses"]
    )


def test_operation_ids_are_unique(described: dict[str, Any]):
    ids = [
        operation["operationId"]
        for item in described["paths"].values()
        for operation in item.values()
    ]
    assert len(ids) == len(set(ids))


def test_the_page_needs_nothing_that_our_policy_forbids(db: None):
    page = Caller().get("/api/docs/")
    script = Caller().get("/api/docs/", script="")

    policy = page["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    html = page.content.decode()
    assert "//cdn" not in html
    assert "<script>" not in html
    assert all('src="/' in tag for tag in html.split("<script ")[1:])
    assert script["Content-Type"].startswith("application/javascript")
    assert b"/api/v1/schema/" in script.content


# A schema-driven fuzzer over the whole API (N1): no fault of ours, no answer that is not described.

CHECKS = {
    "not_a_server_error": {"enabled": True},
    "status_code_conformance": {"enabled": True},
    "content_type_conformance": {"enabled": True},
    "response_headers_conformance": {"enabled": True},
    "response_schema_conformance": {"enabled": True},
    "unsupported_method": {"enabled": True},
}


@dataclass
class Target:
    """A key, and orders, parcels, returns and webhooks for the fuzzer to find."""

    world: World
    headers: dict[str, str]
    orders: Iterator[str]
    shipments: Iterator[str]
    returns: Iterator[str]
    webhooks: Iterator[str]
    turn: Iterator[int] = field(default_factory=itertools.count)

    def aim(self, case: Any) -> None:
        """Two times of three, point at something that exists; half of these in its version."""
        turn = next(self.turn)
        if turn % 3 == 0:
            return
        if "number" in case.path_parameters:
            self.aim_at_existing(case, in_its_version=turn % 3 == 1)
        elif isinstance(case.body, dict) and "url" in case.body:
            case.body["url"] = "https://partner.example/hook"
        elif isinstance(case.body, dict) and isinstance(case.body.get("lines"), list):
            case.body |= {"shop": self.world.shop.code, "external_number": f"F-{turn}"}
            for line in case.body["lines"]:
                if isinstance(line, dict) and "sku" in line:
                    line["sku"] = self.world.codes[0]

    def aim_at_existing(self, case: Any, *, in_its_version: bool) -> None:
        noun = case.path.removeprefix("/api/v1/").partition("/")[0]
        models: dict[str, Any] = {
            "orders": Order,
            "shipments": Shipment,
            "returns": Return,
            "webhooks": WebhookEndpoint,
        }
        number, model = next(getattr(self, noun)), models[noun]
        case.path_parameters["number"] = number
        # A webhook may have been deleted meanwhile.
        version = model.objects.filter(number=number).values_list("version", flat=True).first()
        for header in {"If-Match", "If-None-Match"} & set(case.headers):
            if in_its_version:
                case.headers[header] = f'"{version}"'


@pytest.fixture
def target(committed_db: None) -> Target:
    world, admin = build_world(on_hand=10**6), administrator()
    shipments = [plan(world, admin)["number"] for _ in range(12)]
    returns = [ask_for_return(world, admin) for _ in range(12)]
    for paid in (True, False) * 20:
        admin.place(world.body(paid=paid))
    fuzzer = key_for_everything(world)
    webhooks = [set_up_webhook(fuzzer, place) for place in range(8)]
    return Target(
        world=world,
        headers=fuzzer.headers,
        orders=itertools.cycle(Order.objects.values_list("number", flat=True)),
        shipments=itertools.cycle(shipments),
        returns=itertools.cycle(returns),
        webhooks=itertools.cycle(webhooks),
    )


def ask_for_return(world: World, admin: Caller) -> str:
    """The number of a new return of a delivered order."""
    placed = admin.place(world.body(world.codes[0])).json()
    order = bring_to(Order.objects.get(number=placed["number"]).pk, OrderState.PREPARING)
    deliver_shipment(dispatched(order).pk, seen=None, reason="signed", actor=SYSTEM)
    wish = {
        "order": placed["number"],
        "kind": "return",
        "reason": "no_reason",
        "lines": [{"line": "1", "quantity": 1}],
    }
    answer = admin.post("/api/v1/returns/", wish)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["number"])


def set_up_webhook(caller: Caller, place: int) -> str:
    """The number of a new webhook that will never be called: no relay runs."""
    body = {"url": f"https://partner.example/{place}"}
    answer = caller.post("/api/v1/webhooks/", body, key=f"webhook-{place}")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["number"])


def key_for_everything(world: World) -> Caller:
    """A key that no partner can have: the fuzzer shall come as far as every action."""
    caller = partner_for(world.shop)
    permissions = Permission.objects.values_list("content_type__app_label", "codename")
    ApiKey.objects.update(scopes=[f"{app}.{codename}" for app, codename in permissions])
    return caller


@pytest.fixture
def aimed(target: Target) -> Iterator[None]:
    """While the test runs, the fuzzer asks the target where to aim."""

    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        target.aim(case)

    schemathesis.hook(before_call)
    yield
    hooks.unregister(before_call)


def statuses_in(recorder: Any) -> Iterator[int]:
    for interaction in recorder.interactions.values():
        if interaction.response is not None:
            yield interaction.response.status_code


def failures_in(recorder: Any) -> Iterator[str]:
    for case_id, found in recorder.checks.items():
        for check in found:
            if check.failure_info is not None:
                case = recorder.cases[case_id].value
                yield f"{case.as_curl_command()}: {check.failure_info.failure}"


@pytest.mark.processes
@pytest.mark.usefixtures("aimed")
def test_a_fuzzer_finds_no_fault_and_no_answer_that_is_not_described(target: Target, settings):
    settings.API_REQUESTS_PER_MINUTE = 0
    schema = schemathesis.openapi.from_wsgi(
        SCHEMA,
        get_wsgi_application(),
        headers={"Accept": "application/json"},
        config=SchemathesisConfig.from_dict(
            {
                "headers": target.headers,
                "seed": 1,
                "workers": 1,
                "generation": {"max-examples": 4, "deterministic": True, "no-shrink": True},
                "phases": {
                    "stateful": {"enabled": False},
                    "coverage": {"unexpected-methods": ["put", "delete"]},
                },
                "checks": {"enabled": False, **CHECKS},
            }
        ),
    )
    answered: Counter[int] = Counter()
    failures: list[str] = []
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            failures.append(str(event.info))
        elif isinstance(event, FatalError):
            raise event.exception
        elif isinstance(event, ScenarioFinished):
            answered.update(statuses_in(event.recorder))
            failures.extend(failures_in(event.recorder))

    assert failures == []
    # It came as far as the actions: things were placed, moved, refused by rule and by version.
    assert {200, 201, 304, 400, 404, 405, 409, 412, 422, 428} <= set(answered), answered
