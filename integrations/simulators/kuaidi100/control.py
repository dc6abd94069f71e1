"""What tests and demo may do with parcels, under ``/control/kuaidi100/``."""

from typing import Any

from ..clock import parse_time
from ..inputs import Input, Routes
from ..notices import tried
from .pushing import Push
from .service import Kuaidi100


class Kuaidi100Control:
    """Moves parcels on and shows what was pushed."""

    def __init__(self, service: Kuaidi100) -> None:
        self._service = service

    def routes(self) -> Routes:
        """The addresses below ``/control/``."""
        return {
            ("POST", "kuaidi100/advance"): (
                self._advance,
                "number to at wait company phone code push corrected_company",
            ),
            ("GET", "kuaidi100/parcels"): (self._parcels, ""),
            ("GET", "kuaidi100/pushes"): (self._pushes, ""),
        }

    def _advance(self, given: Input) -> Any:
        number, to = given.text("number"), given.text("to")
        at = given.text("at", "")
        if at:
            parse_time(at)
        wait = given.flag("wait", False)
        pushes = self._service.advance(
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
        return {"parcels": self._service.describe()}

    def _pushes(self, given: Input) -> dict[str, Any]:
        return {"pushes": [push.describe() for push in self._service.pusher.sent]}


async def _first_answers(pushes: list[Push]) -> dict[str, Any]:
    """The pushes after each was tried once."""
    await tried(push.notice for push in pushes)
    return {"pushes": [push.describe() for push in pushes]}
