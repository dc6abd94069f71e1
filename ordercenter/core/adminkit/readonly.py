"""Pages that show and never write: changes are made by buttons alone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin


class Titled:
    """Mixin for a model admin whose pages have a heading in words, where `__str__` is for logs."""

    def heading_of(self, row: Any) -> str:
        """What the page of this row is called."""
        return str(row)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row = kwargs.get("obj")
        if row is not None:
            row.heading = context["subtitle"] = self.heading_of(row)
        return super().render_change_form(  # type: ignore[misc]
            request, context, *args, **kwargs
        )


class ShownOnly(Titled, ModelAdmin):
    """No form to add, change or delete; whoever may view sees the page."""

    list_disable_select_all = True
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
