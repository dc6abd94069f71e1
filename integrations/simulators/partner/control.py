"""What tests and demo may do with partners' systems, under ``/control/partner/``."""

from typing import Any

from ..inputs import Input, Routes
from .receiver import Partners


class PartnerControl:
    """Gives a partner its signing secrets and shows what it has heard."""

    def __init__(self, partners: Partners) -> None:
        self._partners = partners

    def routes(self) -> Routes:
        """The addresses below ``/control/``."""
        return {
            ("POST", "partner/secrets"): (self._secrets, "name secrets"),
            ("GET", "partner/inbox"): (self._inbox, "name"),
        }

    def _secrets(self, given: Input) -> dict[str, Any]:
        inbox = self._partners.inbox(given.text("name"))
        inbox.secrets = [str(secret) for secret in given.row("secrets")]
        return {"secrets": len(inbox.secrets)}

    def _inbox(self, given: Input) -> dict[str, Any]:
        return self._partners.inbox(given.text("name")).describe()
