"""The roles of the house. A role is a group of staff whose name is the code."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ROLE_NAMES: dict[str, str | Promise] = {
    "cs": _("Customer service"),
    "finance": _("Finance"),
    "warehouse": _("Warehouse"),
    "supervisor": _("Supervisor"),
    "sales": _("Sales"),
    "logistics": _("Logistics"),
    "director": _("Operations director"),
    "admin": _("Administrator"),
}


def role_name(code: str) -> str:
    """The role in words; the code itself for a group that staff have made."""
    return str(ROLE_NAMES.get(code, code))


def role_choices() -> list[tuple[str, str | Promise]]:
    """All roles for a form."""
    return list(ROLE_NAMES.items())
