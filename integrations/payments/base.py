"""What payment adapters share: words for what became of a refund, and what an adapter can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from integrations.channels.base import Answer, Verdict
from integrations.payments.rsa import BadKey, load_private, load_public
from integrations.plugins import WithCredentials
from ordercenter.core.errors import BadInput


class Outcome(StrEnum):
    """What became of the money asked for under one number of ours."""

    SUCCEEDED = "succeeded"
    PROCESSING = "processing"
    # The other side ended it for good without paying.
    CLOSED = "closed"
    # Taken on, but it needs a person at the payment system.
    STUCK = "stuck"
    # The other side knows no such number.
    NOT_FOUND = "not_found"
    # The call itself did not end well; the verdict says how.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A refund as adapters see it. Amounts are yuan; `total` is what the payment was over."""

    number: str
    transaction_id: str
    amount: Decimal
    total: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the payment system said of a refund: by answer or by notice.

    `amount` and `transaction_id` are None or empty where it said nothing of them. `total` is
    what was refunded of the payment in all, where only that is told.
    """

    outcome: Outcome
    verdict: Verdict
    number: str = ""
    reference: str = ""
    amount: Decimal | None = None
    total: Decimal | None = None
    transaction_id: str = ""
    at: datetime | None = None

    @classmethod
    def nothing(cls, verdict: Verdict) -> Told:
        """No word about the refund itself."""
        return cls(Outcome.NONE, verdict)


class Forged(Exception):
    """A notice that its sender can't have sent: wrong signature, too old, sent before."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice whose signature is right. `nonce` may be used once; empty where there is none."""

    nonce: str = ""


class PaymentAdapter(WithCredentials, ABC):
    """Speaks one payment system's language; holds no database row and never waits for one.

    Each method is exactly one call; the caller keeps the intent and decides what comes next.
    """

    key: ClassVar[str]
    # The credentials that are RSA keys.
    private_key: ClassVar[str] = "private_key"
    public_key: ClassVar[str]
    # Two refunds of one payment must be so far apart.
    pause: ClassVar[timedelta]

    def __init__(self, base_url: str, credentials: Mapping[str, str]) -> None:
        self.base_url = base_url.rstrip("/")
        self.credentials = credentials

    def check(self) -> None:
        """Return when every credential is there and the keys are keys; raises `BadInput`."""
        super().check()
        for name, load in ((self.private_key, load_private), (self.public_key, load_public)):
            try:
                load(self.credential(name))
            except BadKey as error:
                raise BadInput(
                    _("The credential %(name)s is no RSA key in PEM.") % {"name": name},
                    fields={"credentials": [name]},
                ) from error

    @abstractmethod
    def refund(self, wanted: Wanted) -> Told:
        """Ask for the refund under its number; a repeat of one that was done pays nothing."""

    @abstractmethod
    def query(self, wanted: Wanted) -> Told:
        """What became of the number; `NOT_FOUND` only where the system says so itself."""

    @abstractmethod
    def verify(self, body: bytes, headers: Mapping[str, str], at: datetime) -> Notice:
        """Return for a genuine notice; raises `Forged`. Headers have lower-case names."""

    @abstractmethod
    def read_notice(self, body: bytes) -> Told | None:
        """What a stored notice says of a refund; None for a notice about something else.

        Raises `Unreadable` for what the system does not send.
        """


def unknown(code: str, text: str = "") -> Verdict:
    """Something came back that does not tell whether the money moved."""
    return Verdict(Answer.UNKNOWN_OUTCOME, code=code, text=text)


def text_of(values: Mapping[str, Any], name: str) -> str:
    """The text under this name; empty where there is none."""
    value = values.get(name)
    return value if isinstance(value, str) else ""
