"""A dialog's field that asks for a number of pieces on each of several lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ordercenter.core.adminkit.dialogs import TemplateWidget

MOST_PIECES = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is called, what stands behind its number, what is entered at first."""

    key: str
    title: str
    hint: str = ""
    preset: int = 0


class PiecesWidget(TemplateWidget):
    """A number for each row."""

    template_name = "admin/kit/pieces.html"

    def __init__(self) -> None:
        self.rows: Sequence[Row] = ()
        super().__init__()

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        entered = value if isinstance(value, dict) else {}
        context["rows"] = [(row, entered.get(row.key, row.preset)) for row in self.rows]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return {row.key: str(data.get(f"{name}-{row.key}", "0")).strip() for row in self.rows}


class PiecesField(forms.Field):
    """Cleans to whole numbers of 0 or more by the rows' keys."""

    widget = PiecesWidget

    def clean(self, value: Mapping[str, str]) -> dict[str, int]:
        try:
            pieces = {key: int(text or "0") for key, text in value.items()}
        except ValueError as error:
            raise ValidationError(_("Enter whole numbers.")) from error
        if not all(0 <= quantity <= MOST_PIECES for quantity in pieces.values()):
            raise ValidationError(_("Enter whole numbers."))
        return pieces

    def in_words(self, value: Mapping[str, int]) -> str:
        """What was entered, for the conflict page."""
        assert isinstance(self.widget, PiecesWidget)
        return "；".join(f"{row.title} × {value[row.key]}" for row in self.widget.rows)


def fill(field: forms.Field, rows: Sequence[Row]) -> None:
    """Let the field of a form ask for these rows."""
    assert isinstance(field.widget, PiecesWidget)
    field.widget.rows = rows
