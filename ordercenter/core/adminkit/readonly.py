"""Pages that show and never write: changes are made by buttons alone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin


class ShownOnly(ModelAdmin):
    """No form to add, change or delete; whoever may view sees the page."""

    list_disable_select_all = True
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
