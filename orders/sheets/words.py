"""How cells and their outcomes are told to people."""

from __future__ import annotations

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.masking import mask_any, mask_name, mask_phone, mask_street
from orders.models import OrderState, Urgency
from orders.sheets.columns import BY_KEY
from orders.sheets.models import SheetCell

REASONS: dict[str, str | Promise] = {
    "masked": _("You see this receiver with stars; such cells are never written back."),
    "unreadable": _("This value can't be taken. Choose from the list, or enter digits as text."),
    "too_long": _("The text is too long."),
    "formula": _("Texts that a program would read as a formula are not taken."),
    "needed": _("This can't be empty."),
    "not_found": _("There is no such order, or it is not yours."),
    "locked": _("Locked cells of this row were changed; they are not written back."),
    "forbidden": _("You are not allowed to change this."),
}
_WORDS = {"state": dict(OrderState.choices), "urgency": dict(Urgency.choices)}
_MASKS = {
    "receiver_name": mask_name,
    "receiver_phone": mask_phone,
    "receiver_street": mask_street,
}


def title_of(field: str) -> str:
    """The header over the field; for a whole row its own word."""
    return str(BY_KEY[field].title) if field else gettext("whole row")


def shown(field: str, value: str, *, sees_receiver: bool) -> str:
    """The value as its reader may see it."""
    if field in _WORDS:
        return str(_WORDS[field].get(value, value))
    if not sees_receiver and field in _MASKS and "*" not in value:
        return _MASKS[field](value)
    return value


def why(cell: SheetCell, *, sees_receiver: bool = True) -> str:
    """What stands behind a refusal; empty for other outcomes."""
    if cell.outcome != SheetCell.Outcome.REFUSED:
        return ""
    text = cell.message or str(REASONS.get(cell.reason, cell.reason))
    return text if sees_receiver else mask_any(text) if cell.field in _MASKS else text


def who_and_when(cell: SheetCell) -> str:
    """Who made it a conflict, and when."""
    if cell.changed_at is None:
        return ""
    return f"{cell.changed_by} {timezone.localtime(cell.changed_at):%Y-%m-%d %H:%M}"


def explained(cell: SheetCell, *, sees_receiver: bool) -> str:
    """One sentence for the result workbook; empty where the colour says it all."""
    if cell.outcome == SheetCell.Outcome.REFUSED:
        return f"{title_of(cell.field)}: {why(cell, sees_receiver=sees_receiver)}"
    if cell.outcome != SheetCell.Outcome.CONFLICT:
        return ""
    base, theirs, yours = (
        shown(cell.field, value, sees_receiver=sees_receiver) or "–"
        for value in (cell.base, cell.theirs, cell.yours)
    )
    return gettext(
        "%(field)s: exported “%(base)s”, now “%(theirs)s” (%(who)s), yours “%(yours)s”"
    ) % {
        "field": title_of(cell.field),
        "base": base,
        "theirs": theirs,
        "who": who_and_when(cell) or "–",
        "yours": yours,
    }
