"""What tests and demo may do with Kingdee, under ``/control/kingdee/``."""

from typing import Any

from ..inputs import Input, Routes
from .bills import FORMS
from .service import Kingdee


class KingdeeControl:
    """Enters and removes bills, sets base data, shows what stands in the books."""

    def __init__(self, service: Kingdee) -> None:
        self._service = service

    def routes(self) -> Routes:
        """The addresses below ``/control/``."""
        return {
            ("GET", "kingdee/account"): (self._account, ""),
            ("GET", "kingdee/bills"): (self._bills, ""),
            ("POST", "kingdee/bill"): (self._bill, "form number day amount status"),
            ("POST", "kingdee/remove"): (self._remove, "form number"),
            ("POST", "kingdee/base"): (self._base, "customers materials"),
            ("POST", "kingdee/sessions"): (self._sessions, "calls_per_session"),
        }

    def _account(self, given: Input) -> dict[str, Any]:
        return dict(self._service.account())

    def _bills(self, given: Input) -> dict[str, Any]:
        bills = [bill.describe() for bill in self._service.bills.values()]
        return {"bills": bills, "made": self._service.made}

    def _bill(self, given: Input) -> dict[str, Any]:
        form, status = given.text("form"), given.text("status", "C")
        if form not in FORMS or status not in ("Z", "A", "B", "C", "D"):
            raise ValueError(f"form is one of {', '.join(FORMS)}, status one of Z A B C D")
        bill = self._service.put(
            form, given.text("number"), given.text("day"), given.number("amount"), status
        )
        return bill.describe()

    def _remove(self, given: Input) -> dict[str, Any]:
        removed = self._service.bills.pop((given.text("form"), given.text("number")), None)
        return {"removed": removed is not None}

    def _base(self, given: Input) -> dict[str, Any]:
        """From now on only these customers and materials are known."""
        self._service.knows_any = False
        self._service.customers = {str(code) for code in given.row("customers")}
        self._service.materials = {str(code) for code in given.row("materials")}
        return {
            "customers": len(self._service.customers),
            "materials": len(self._service.materials),
        }

    def _sessions(self, given: Input) -> dict[str, Any]:
        """Sessions are lost after so many calls (0: not by that); all present ones now."""
        self._service.calls_per_session = given.whole("calls_per_session", 0)
        self._service.sessions.clear()
        return {"calls_per_session": self._service.calls_per_session}
