"""What can be subscribed to is what partners may read in stories, all of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from integrations.partners.kinds import KINDS
from ordercenter.core.adminkit.story import event_name
from ordercenter.engine.paths import PROJECT_ROOT
from orders.api.reading import BOOKS
from orders.fulfilment.models import ShipmentState
from orders.models import OrderState
from rma.models import RefundState, ReturnState

KIND = re.compile(r"(order|shipment|return|refund)\.[a-z_]+")
ROOMS = ("orders", "rma", "integrations")
# Kinds of notices, and names that only look like events.
NO_EVENTS = {"order.new", "order.new_urgent"}
# States that are entered under an event of another name, or are where a life begins.
NOT_BY_STATE = {
    "order.pending_payment",
    "order.pending_review",
    "order.pending_finance",
    "order.preparing",
}


def kinds_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and KIND.fullmatch(node.value)
    }


def test_every_event_that_partners_may_read_can_be_subscribed_to():
    found = set()
    for room in ROOMS:
        for path in (PROJECT_ROOT / room).rglob("*.py"):
            if not {"migrations", "simulators", "payments", "partners"} & set(path.parts):
                found |= kinds_in(path)
    for noun, states in (
        ("order", OrderState),
        ("shipment", ShipmentState),
        ("return", ReturnState),
        ("refund", RefundState),
    ):
        found |= {f"{noun}.{state}" for state in states}

    readable = {kind for kind in found if not kind.startswith(BOOKS)}
    assert readable - NO_EVENTS - NOT_BY_STATE == set(KINDS)


def test_every_kind_stands_on_the_timeline_in_words():
    assert [kind for kind in KINDS if event_name(kind) == kind] == []
