from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import DomainError


class NotEligible(DomainError):
    """The rules stand against this return; `checks` is the whole list, each with its sentence."""

    code = "not_eligible"
    title = _("This can't be returned.")


class Mismatch(DomainError):
    """What came is not what was agreed; `findings` is the whole list."""

    code = "mismatch"

    def __init__(self, findings: Sequence[dict[str, Any]]) -> None:
        self.findings = list(findings)
        text = " ".join(str(finding["says"]) for finding in self.findings)
        super().__init__(text, findings=self.findings)


class PayByHand(DomainError):
    """A program of ours pays this refund; nobody may note it as paid by hand, or the reverse."""

    code = "pay_by_hand"
