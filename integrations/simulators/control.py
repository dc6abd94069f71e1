"""The control interface under ``/control/``: JSON in, JSON out, for this machine only.

It is no protocol of any outside system: tests, demo and benchmarks use it to make trades, let
things go wrong and look at what arrived. Unknown members of a body are refused, because a
misspelt fault would inject nothing and prove nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from .alipay.control import AlipayControl
from .inputs import Input, Routes
from .kingdee.control import KingdeeControl
from .kuaidi100.control import Kuaidi100Control
from .partner.control import PartnerControl
from .taobao.spoiling import read_spoil
from .wechatpay.control import WeChatPayControl
from .wecom.control import WeComControl
from .wire import Answer, Request, Response, json_response, query_as_text

if TYPE_CHECKING:
    from .world import World

LIMITS = ("calls_per_second", "calls_per_day", "decrypts_per_day")
PACES = ("query_gap_seconds", "auto_advance_seconds")
PUSHING = ("push_retry_seconds",)


class Control:
    """Answers everything under ``/control/``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes: Routes = (
            {
                ("GET", "counters"): (self._counters, ""),
                ("POST", "reset"): (self._reset, "samples"),
                ("POST", "clock"): (self._clock, "now frozen"),
                ("POST", "settings"): (self._settings, " ".join((*LIMITS, *PACES, *PUSHING))),
                ("GET", "faults"): (self._faults, ""),
                ("POST", "faults"): (self._add_fault, "*"),
                ("DELETE", "faults"): (self._clear_faults, ""),
            }
            | world.shops.routes()
            | Kuaidi100Control(world.kuaidi100).routes()
            | WeComControl(world.robots).routes()
            | PartnerControl(world.partners).routes()
            | WeChatPayControl(world.wechatpay).routes()
            | AlipayControl(world.alipay).routes()
            | KingdeeControl(world.kingdee).routes()
        )

    def handle(self, request: Request) -> Answer:
        """Run a route; a bad body is 400 with a sentence, an unknown address 404.

        Bodies must be ``application/json``: no web page can send that across origins unasked.
        """
        route = self._routes.get((request.method, request.path.removeprefix("/control/")))
        if route is None:
            known = sorted(f"{method} /control/{path}" for method, path in self._routes)
            return json_response({"error": "no such control", "known": known}, 404)
        work, names = route
        try:
            values = _read(request)
            unknown = set() if names == "*" else values.keys() - set(names.split())
            if unknown:
                raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
            result = work(Input(values))
        except ValueError as error:
            return json_response({"error": str(error)}, 400)
        if isinstance(result, Awaitable):
            return _when_done(result)
        return json_response(result)

    def _counters(self, given: Input) -> dict[str, Any]:
        return self._world.figures()

    def _reset(self, given: Input) -> dict[str, Any]:
        self._world.reset(with_samples=given.flag("samples", True))
        return {"reset": True}

    def _clock(self, given: Input) -> dict[str, Any]:
        now = given.text("now", "")
        if now:
            self._world.clock.move_to(now, frozen=given.flag("frozen", False))
        else:
            self._world.clock.back_to_real_time()
        return {"now": self._world.clock.text()}

    def _settings(self, given: Input) -> dict[str, Any]:
        limits, service = self._world.taobao.limits, self._world.kuaidi100
        for name in LIMITS:
            setattr(limits, name, given.whole(name, getattr(limits, name)))
        for name in PACES:
            setattr(service, name, given.number(name, getattr(service, name)))
        pushes = self._world.pusher.notifier
        pushes.retry_seconds = given.number("push_retry_seconds", pushes.retry_seconds)
        return {
            "calls_per_second": limits.calls_per_second,
            "calls_per_day": limits.calls_per_day,
            "decrypts_per_day": limits.decrypts_per_day,
            "query_gap_seconds": service.query_gap_seconds,
            "auto_advance_seconds": service.auto_advance_seconds,
            "push_retry_seconds": pushes.retry_seconds,
        }

    def _faults(self, given: Input) -> dict[str, Any]:
        return {"faults": self._world.faults.describe()}

    def _add_fault(self, given: Input) -> dict[str, Any]:
        system, kind = given.text("system"), given.text("kind")
        method = given.text("method", "*")
        count = given.whole("count") if given.has("count") else None
        probability = given.number("probability") if given.has("probability") else None
        options = given.rest()
        if kind == "spoil":
            read_spoil(str(options.get("how")))
        fault = self._world.faults.add(
            system, kind, method=method, count=count, probability=probability, options=options
        )
        return fault.describe()

    def _clear_faults(self, given: Input) -> dict[str, Any]:
        self._world.faults.clear()
        return {"faults": []}


def _read(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return dict(query_as_text(request))
    if request.media_type != b"application/json":
        raise ValueError("send application/json")
    body = json.loads(request.body or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body is an object")
    return body


async def _when_done(result: Awaitable[Any]) -> Response:
    return json_response(await result)
