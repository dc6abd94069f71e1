"""The control interface under ``/control/``: JSON in, JSON out, for this machine only.

It is no protocol of any outside system: tests, demo and benchmarks use it to make trades, let
things go wrong and look at what arrived. Unknown members of a body are refused, because a
misspelt fault would inject nothing and prove nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .clock import parse_time
from .kuaidi100.pushing import Push
from .taobao import lifecycle
from .taobao.documents import Document
from .taobao.generator import Order, generate
from .taobao.goods import SAMPLE_ITEMS, Item, read_items
from .taobao.receivers import Receiver
from .taobao.samples import SAMPLE_SHOP
from .taobao.spoiling import read_spoil
from .taobao.store import Shop, Trade
from .wire import Answer, Request, Response, json_response, query_as_text

if TYPE_CHECKING:
    from .world import World

_MISSING: Any = object()


class Input:
    """The members of a control body or query, each taken once; what is left over is an error."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = dict(values)

    def text(self, name: str, default: str = _MISSING) -> str:
        """A text."""
        value = self._take(name, default)
        if not isinstance(value, str):
            raise ValueError(f"{name} is a text")
        return value

    def number(self, name: str, default: float = _MISSING) -> float:
        """A number of nought or more, also as text (queries have only text)."""
        value = self._take(name, default)
        number = float(value) if isinstance(value, (int, float, str)) else -1.0
        if isinstance(value, bool) or not 0 <= number < float("inf"):
            raise ValueError(f"{name} is a number of 0 or more")
        return number

    def whole(self, name: str, default: int = _MISSING) -> int:
        """A whole number of nought or more; trade numbers may come as text."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, str)) or int(value) < 0:
            raise ValueError(f"{name} is a whole number")
        return int(value)

    def flag(self, name: str, default: bool = _MISSING) -> bool:
        """True or false."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise ValueError(f"{name} is true or false")
        return value

    def table(self, name: str) -> dict[str, Any]:
        """An object; empty when absent."""
        value = self._take(name, {})
        if not isinstance(value, dict):
            raise ValueError(f"{name} is an object")
        return value

    def row(self, name: str) -> list[Any]:
        """A list; empty when absent."""
        value = self._take(name, [])
        if not isinstance(value, list):
            raise ValueError(f"{name} is a list")
        return value

    def has(self, name: str) -> bool:
        """Whether it is there and not taken yet."""
        return name in self._values

    def rest(self) -> dict[str, Any]:
        """Everything not taken so far, taken now."""
        rest, self._values = self._values, {}
        return rest

    def finish(self) -> None:
        """Complain about what nobody asked for."""
        if self._values:
            raise ValueError(f"unknown: {', '.join(sorted(self._values))}")

    def _take(self, name: str, default: Any) -> Any:
        value = self._values.pop(name, default)
        if value is _MISSING:
            raise ValueError(f"{name} is missing")
        return value


Route = Callable[[Input], Any]


class Control:
    """Answers everything under ``/control/``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes: dict[tuple[str, str], Route] = {
            ("GET", "counters"): self._counters,
            ("POST", "reset"): self._reset,
            ("POST", "clock"): self._clock,
            ("POST", "settings"): self._settings,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "taobao/accounts"): self._accounts,
            ("POST", "taobao/session"): self._session,
            ("POST", "taobao/generate"): self._generate,
            ("POST", "taobao/trickle"): self._trickle,
            ("GET", "taobao/trades"): self._trades,
            ("GET", "taobao/trade"): self._trade,
            ("POST", "taobao/change"): self._change,
            ("POST", "taobao/spoil"): self._spoil,
            ("GET", "taobao/shipments"): self._shipments,
            ("GET", "taobao/stock"): self._stock,
            ("POST", "kuaidi100/advance"): self._advance,
            ("GET", "kuaidi100/parcels"): self._parcels,
            ("GET", "kuaidi100/pushes"): self._pushes,
            ("POST", "wecom/keys"): self._robot_key,
            ("GET", "wecom/messages"): self._messages,
        }

    def handle(self, request: Request) -> Answer:
        """Run a route; a bad body is 400 with a sentence, an unknown address 404.

        Bodies must be ``application/json``: no web page can send that across origins unasked.
        """
        route = self._routes.get((request.method, request.path.removeprefix("/control/")))
        if route is None:
            known = sorted(f"{method} /control/{path}" for method, path in self._routes)
            return json_response({"error": "no such control", "known": known}, 404)
        try:
            given = Input(_read(request))
            result = route(given)
            given.finish()
        except (ValueError, KeyError, TypeError) as error:
            return json_response({"error": str(error)}, 400)
        if isinstance(result, Awaitable):
            return _when_done(result)
        return json_response(result)

    # All systems

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
        for name in ("calls_per_second", "calls_per_day", "decrypts_per_day"):
            setattr(limits, name, given.whole(name, getattr(limits, name)))
        for name in ("query_gap_seconds", "auto_advance_seconds"):
            setattr(service, name, given.number(name, getattr(service, name)))
        pusher = self._world.pusher
        pusher.retry_seconds = given.number("push_retry_seconds", pusher.retry_seconds)
        return {
            "calls_per_second": limits.calls_per_second,
            "calls_per_day": limits.calls_per_day,
            "decrypts_per_day": limits.decrypts_per_day,
            "query_gap_seconds": service.query_gap_seconds,
            "auto_advance_seconds": service.auto_advance_seconds,
            "push_retry_seconds": pusher.retry_seconds,
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

    # Taobao

    def _shop(self, given: Input) -> Shop:
        key = given.text("shop", SAMPLE_SHOP)
        if key not in self._world.taobao.accounts.sellers:
            raise ValueError(f"no such shop: {key}")
        return self._world.taobao.store.shop(key)

    def _accounts(self, given: Input) -> dict[str, Any]:
        accounts = self._world.taobao.accounts
        return {
            "apps": [{"key": app.key, "secret": app.secret} for app in accounts.apps.values()],
            "shops": [
                {
                    "shop": seller.key,
                    "nick": seller.nick,
                    "app_key": seller.app_key,
                    "session": seller.session,
                    "refresh_token": seller.refresh_token,
                    "code": seller.code,
                    "session_works": seller.session_works,
                }
                for seller in accounts.sellers.values()
            ],
        }

    def _session(self, given: Input) -> dict[str, Any]:
        shop = self._shop(given)
        seller = self._world.taobao.accounts.sellers[shop.key]
        seller.session_works = given.flag("works")
        return {"shop": shop.key, "works": seller.session_works}

    def _generate(self, given: Input) -> dict[str, Any]:
        shop, now = self._shop(given), self._world.clock.epoch()
        order = Order(
            count=given.whole("count"),
            seed=given.whole("seed", self._world.options.seed),
            paid_share=given.number("paid_share", 0.8),
            modified_from=_moment(given, "modified_from", now - 3600),
            modified_to=_moment(given, "modified_to", now - 120),
            items=_items(given.row("skus"), self._world.options.items),
        )
        given.finish()
        tids = generate(shop, order)
        return {
            "shop": shop.key,
            "count": len(tids),
            "first_tid": str(tids[0]) if tids else "",
            "last_tid": str(tids[-1]) if tids else "",
        }

    def _trickle(self, given: Input) -> dict[str, Any]:
        shop = self._shop(given)
        trickle = self._world.trickle(shop.key)
        per_minute = given.number("per_minute")
        trickle.items = _items(given.row("skus"), trickle.items)
        for _ in range(given.whole("at_once", 0)):
            trickle.tick()
        trickle.run(per_minute)
        return {"shop": shop.key, "per_minute": per_minute, "made": trickle.made}

    def _trades(self, given: Input) -> dict[str, Any]:
        shop, status = self._shop(given), given.text("status", "")
        limit = given.whole("limit", 50)
        trades = shop.newest(len(shop)) if status else shop.newest(limit)
        chosen = [trade for trade in trades if not status or trade.status == status][:limit]
        return {
            "count": len(shop),
            "trades": [
                {"tid": str(trade.tid), "status": trade.status, "modified": trade.modified}
                for trade in chosen
            ],
        }

    def _trade(self, given: Input) -> dict[str, Any]:
        shop = self._shop(given)
        trade = _find(shop, given)
        return {"trade": trade.document(), "receiver": trade.receiver.as_dict()}

    def _change(self, given: Input) -> dict[str, Any]:
        shop = self._shop(given)
        trade = _find(shop, given)
        at = given.text("modified", self._world.clock.text())
        parse_time(at)
        changes = self._read_changes(given, shop, trade, at)
        given.finish()

        def apply(document: Document) -> None:
            for change in changes:
                change(document)

        shop.edit(trade.tid, apply, at)
        return {"tid": str(trade.tid), "status": trade.status, "modified": trade.modified}

    def _read_changes(
        self, given: Input, shop: Shop, trade: Trade, at: str
    ) -> list[Callable[[Document], None]]:
        """The changes a body asks for, checked but not applied yet."""
        changes: list[Callable[[Document], None]] = []
        if given.has("status"):
            status = given.text("status")
            changes.append(lambda doc: lifecycle.move_to(doc, status, at))
        if given.has("address"):
            receiver = replace(trade.receiver, oaid="", **_address(given.table("address")))
            trade.receiver = receiver
            changes.append(lambda doc: lifecycle.set_receiver(doc, receiver, shop.key))
        if given.has("buyer_message"):
            message = given.text("buyer_message")
            changes.append(lambda doc: lifecycle.set_buyer_message(doc, message))
        if given.has("refund"):
            changes.append(self._read_refund(Input(given.table("refund")), shop, trade, at))
        if given.has("fields"):
            fields = given.table("fields")
            if fields.keys() & {"tid", "modified", "orders"}:
                raise ValueError("fields cannot replace tid, modified or orders")
            changes.append(lambda doc: doc.update(fields))
        return changes

    def _read_refund(
        self, given: Input, shop: Shop, trade: Trade, at: str
    ) -> Callable[[Document], None]:
        """A refund of one line, the first unless ``oid`` says which; also seen in refund lists."""
        document = trade.document()
        oid = given.whole("oid", lifecycle.lines(document)[0]["oid"])
        status = given.text("status", "WAIT_SELLER_AGREE")
        given.finish()
        line = next((line for line in lifecycle.lines(document) if line["oid"] == oid), None)
        if line is None or status not in lifecycle.REFUND_STATUSES:
            raise ValueError("a refund needs an oid of the trade and a known status")
        refund_id = str(line.get("refund_id") or f"2{oid % 10**17:017d}")
        rows = self._world.taobao.store.refunds.setdefault(shop.key, [])
        rows[:] = [row for row in rows if row["refund_id"] != refund_id]
        rows.append(_refund_row(trade, line, refund_id, status, at))
        return lambda doc: lifecycle.set_refund(doc, oid, refund_id, status, at)

    def _spoil(self, given: Input) -> dict[str, Any]:
        shop, how, where = self._shop(given), given.text("how"), given.text("where", "both")
        spoil = None if how == "none" else read_spoil(how, where)
        trades = shop.newest(given.whole("count")) if given.has("count") else [_find(shop, given)]
        for trade in trades:
            trade.spoil = spoil
        return {"spoiled": [str(trade.tid) for trade in trades], "how": how}

    def _shipments(self, given: Input) -> dict[str, Any]:
        told = [shipment.describe() for shipment in self._world.taobao.store.shipments]
        return {
            "accepted": [row for row in told if not row["refused"]],
            "refused": [row for row in told if row["refused"]],
        }

    def _stock(self, given: Input) -> dict[str, Any]:
        stock = self._world.taobao.store.stock
        return {
            "stock": [
                {"shop": shop, "sku_id": str(sku_id), "quantity": quantity}
                for (shop, sku_id), quantity in stock.items()
            ]
        }

    # Kuaidi100 and WeCom

    def _advance(self, given: Input) -> Any:
        number, to = given.text("number"), given.text("to")
        at = given.text("at", "")
        if at:
            parse_time(at)
        wait = given.flag("wait", False)
        pushes = self._world.kuaidi100.advance(
            number,
            to,
            at=at,
            company=given.text("company", ""),
            phone=given.text("phone", ""),
            code=given.text("code", ""),
            push=given.text("push", "normal"),
            corrected_company=given.text("corrected_company", ""),
        )
        if wait:
            return _first_answers(pushes)
        return {"number": number, "pushes": len(pushes)}

    def _parcels(self, given: Input) -> dict[str, Any]:
        return {"parcels": self._world.kuaidi100.describe()}

    def _pushes(self, given: Input) -> dict[str, Any]:
        return {"pushes": [push.describe() for push in self._world.pusher.sent]}

    def _robot_key(self, given: Input) -> dict[str, Any]:
        self._world.robots.keys.add(given.text("key"))
        return {"keys": sorted(self._world.robots.keys)}

    def _messages(self, given: Input) -> dict[str, Any]:
        key = given.text("key", "")
        messages = [m.describe() for m in self._world.robots.messages if key in ("", m.key)]
        return {"messages": messages}


def _read(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return dict(query_as_text(request))
    if request.media_type != b"application/json":
        raise ValueError("send application/json")
    body = json.loads(request.body or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body is an object")
    return body


def _moment(given: Input, name: str, default: float) -> float:
    return parse_time(given.text(name)) if given.has(name) else default


def _items(entries: list[Any], default: Any) -> list[Item]:
    return read_items(entries) if entries else list(default or SAMPLE_ITEMS)


def _find(shop: Shop, given: Input) -> Trade:
    tid = given.whole("tid")
    trade = shop.get(tid)
    if trade is None:
        raise ValueError(f"shop {shop.key} has no trade {tid}")
    return trade


def _address(given: dict[str, Any]) -> dict[str, str]:
    known = set(Receiver.__dataclass_fields__) - {"oaid"}
    if not given or given.keys() - known or any(not isinstance(v, str) for v in given.values()):
        raise ValueError(f"address takes texts for {sorted(known)}")
    return given


def _refund_row(
    trade: Trade, line: dict[str, Any], refund_id: str, status: str, at: str
) -> Document:
    """A refund as the list call shows it; what the line cost goes back in full."""
    returned = status in ("WAIT_SELLER_CONFIRM_GOODS", "WAIT_BUYER_RETURN_GOODS")
    return {
        "refund_id": refund_id,
        "tid": trade.tid,
        "oid": line["oid"],
        "total_fee": line["total_fee"],
        "refund_fee": line["divide_order_fee"],
        "payment": "0.00",
        "status": status,
        "order_status": line["status"],
        "good_status": "BUYER_RETURNED_GOODS" if returned else "BUYER_NOT_RECEIVED",
        "has_good_return": returned,
        "reason": "不想要了",
        "desc": "",
        "refund_phase": "onsale",
        "refund_version": int(parse_time(at)) * 1000,
        "num": line["num"],
        "outer_id": line["outer_sku_id"],
        "sku": f"{line['sku_id']}|{line['sku_properties_name']}",
        "created": at,
        "modified": at,
        "dispute_type": "REFUND_AND_RETURN" if returned else "REFUND",
        "operation_contraint": "null",
    }


async def _when_done(result: Awaitable[Any]) -> Response:
    return json_response(await result)


async def _first_answers(pushes: list[Push]) -> dict[str, Any]:
    """The pushes after each was tried once."""
    for push in pushes:
        if push.done is not None:
            await push.done
    return {"pushes": [push.describe() for push in pushes]}
