"""Refusals. Each has a stable `code` for programs and a sentence that tells people what to do."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A request that the rules refuse; nothing was changed.

    `status` is the HTTP status a door over HTTP answers with, `details` are plain JSON values
    that let a program react (shortages, versions, names of fields).
    """

    code = "refused"
    status = 409
    title = _("This is not possible now.")

    def __init__(self, message: Any = "", /, **details: Any) -> None:
        self.message = message or self.title
        self.details = details
        super().__init__(message or self.title)

    def __str__(self) -> str:
        return str(self.message)


class WrongState(DomainError):
    """The machine has no such move from the present state."""

    code = "wrong_state"
    title = _("This step is not possible in the present state.")


class ChangedMeanwhile(DomainError):
    """Somebody changed the row after the caller looked at it."""

    code = "changed_meanwhile"
    status = 412
    title = _("Somebody else changed this meanwhile. Look at it again, then decide.")


class Blocked(DomainError):
    """A gate or an open work order stops this move; the message says what to do."""

    code = "blocked"


class Forbidden(DomainError):
    """The actor may not do this."""

    code = "forbidden"
    status = 403
    title = _("You are not allowed to do this. Ask a supervisor for the permission.")


class NotFound(DomainError):
    """There is no such thing, or not for this actor."""

    code = "not_found"
    status = 404
    title = _("Not found.")


class BadInput(DomainError):
    """Input that can't be understood; `details["fields"]` maps a field to its complaints."""

    code = "bad_input"
    status = 422
    title = _("Some of the input is not right.")


def require_reason(reason: str, says: Any = "") -> str:
    """The words without white space around them; raises `BadInput` where there are none."""
    if words := reason.strip():
        return words
    raise BadInput(says or _("Say why."), fields={"reason": ["empty"]})


class TwinRunning(DomainError):
    """The same idempotency key is being worked on at this very moment."""

    code = "twin_running"
    title = _("The same request is still running. Wait a moment, then ask again.")


class KeyReused(DomainError):
    """The idempotency key was used before with another body."""

    code = "idempotency_key_reused"
    status = 422
    title = _("This idempotency key was already used for another request. Use a new key.")
