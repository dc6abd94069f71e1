"""Faults on demand: the next N calls, or each call with a probability, go wrong in a chosen way."""

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from .wire import HTML_TYPE, Response

# Before the work is done / after it was done. The second kind is what makes callers ask
# "did it happen?", because the effect is there and the answer is not.
BEFORE = frozenset({"http_502", "timeout", "slow"})
AFTER = frozenset({"timeout_after_write", "truncated", "cut"})
TRANSPORT = BEFORE | AFTER

_BAD_GATEWAY = (
    b"<html><head><title>502 Bad Gateway</title></head>"
    b"<body><center><h1>502 Bad Gateway</h1></center></body></html>"
)


@dataclass(slots=True)
class Fault:
    """One rule: which calls of which system it hits, how often, and how."""

    id: int
    system: str
    kind: str
    method: str = "*"
    count: int | None = None
    probability: float | None = None
    options: dict[str, Any] = field(default_factory=dict)
    fired: int = 0

    def describe(self) -> dict[str, Any]:
        """The rule and how often it fired, for the control interface."""
        return {
            "id": self.id,
            "system": self.system,
            "kind": self.kind,
            "method": self.method,
            "count": self.count,
            "probability": self.probability,
            "options": self.options,
            "fired": self.fired,
        }


class FaultPlan:
    """All rules in force. Chance is seeded, so a run can be repeated."""

    def __init__(self, known_kinds: Mapping[str, Collection[str]], seed: int = 1) -> None:
        self._known_kinds = known_kinds
        self._seed = seed
        self._rules: list[Fault] = []
        self._chance = random.Random(seed)
        self._last_id = 0

    def add(
        self,
        system: str,
        kind: str,
        *,
        method: str = "*",
        count: int | None = None,
        probability: float | None = None,
        options: dict[str, Any] | None = None,
    ) -> Fault:
        """Put a rule in force; without count and probability it hits exactly one call.

        Raises ``ValueError`` for a system or kind that does not exist: a test that injects
        nothing would prove nothing.
        """
        kinds = self._known_kinds.get(system)
        if kinds is None:
            raise ValueError(f"no such system: {system}; known: {sorted(self._known_kinds)}")
        if kind not in kinds:
            raise ValueError(f"{system} has no fault {kind!r}; known: {sorted(kinds)}")
        if probability is None and count is None:
            count = 1
        if count == 0 or (probability is not None and probability > 1):
            raise ValueError("count is at least 1 and probability at most 1")
        self._last_id += 1
        rule = Fault(self._last_id, system, kind, method, count, probability, options or {})
        self._rules.append(rule)
        return rule

    def take(self, system: str, method: str, kinds: Collection[str]) -> Fault | None:
        """The first rule that hits this call now, used up by one; ``None`` if all goes well."""
        for rule in self._rules:
            if rule.system != system or rule.kind not in kinds or rule.method not in ("*", method):
                continue
            if rule.probability is not None and self._chance.random() >= rule.probability:
                continue
            rule.fired += 1
            if rule.count is not None:
                rule.count -= 1
                if rule.count <= 0:
                    self._rules.remove(rule)
            return rule
        return None

    def clear(self) -> None:
        """Everything works again, and chance starts over."""
        self._rules.clear()
        self._chance = random.Random(self._seed)

    def describe(self) -> list[dict[str, Any]]:
        """The rules in force."""
        return [rule.describe() for rule in self._rules]

    def __bool__(self) -> bool:
        return bool(self._rules)


def _broken_before(fault: Fault) -> Response | None:
    """The answer of a call that was never worked on; ``None`` when it is only slow."""
    if fault.kind == "http_502":
        return Response(_BAD_GATEWAY, 502, HTML_TYPE)
    if fault.kind == "timeout":
        return Response(b"", delay=float(fault.options.get("seconds", 60)), fate="drop")
    return None


def _break_after(fault: Fault, response: Response) -> None:
    """Spoil a good answer on its way back."""
    if fault.kind == "timeout_after_write":
        response.delay = float(fault.options.get("seconds", 60))
        response.fate = "drop"
    elif fault.kind == "truncated":
        response.body = response.body[: max(1, len(response.body) * 2 // 3)]
    elif fault.kind == "cut":
        response.fate = "cut"


def with_transport_faults(
    plan: FaultPlan, system: str, method: str, work: Callable[[], Response]
) -> Response:
    """Do the work and answer, unless a transport rule says that something goes wrong."""
    if not plan:
        return work()
    before = plan.take(system, method, BEFORE)
    if before is not None and (broken := _broken_before(before)) is not None:
        return broken
    response = work()
    if before is not None:
        response.delay = float(before.options.get("seconds", 5))
    after = plan.take(system, method, AFTER)
    if after is not None:
        _break_after(after, response)
    return response
