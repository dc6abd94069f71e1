"""Events of a story that belongs to nobody: for tests of the timeline and the outbox."""

from __future__ import annotations

from dataclasses import dataclass

from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Delivery
from ordercenter.core.timeline import record


@dataclass(frozen=True)
class Story:
    """Something with a place on the timeline."""

    pk: int
    KIND: str = "test"

    @property
    def stream(self) -> str:
        return f"{self.KIND}:{self.pk}"

    def tell(self, kind: str, times: int = 1) -> None:
        """Write so many events of this kind."""
        for _ in range(times):
            record(self, kind, actor=SYSTEM)


def let_leases_end() -> None:
    """Every moment that a delivery waits for has come: leases as well as back-off."""
    Delivery.objects.filter(state=Delivery.State.PENDING).update(not_before="2026-01-01T00:00Z")
