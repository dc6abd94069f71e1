"""Secrets in forms: written, never shown."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget


class SecretField(forms.CharField):
    """JSON that is taken and never given back; empty keeps what is stored."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("credentials"))
        kwargs.setdefault(
            "help_text",
            _('Written only: {"app_key": "…"}. Empty keeps what is stored.'),
        )
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "autocomplete": "off"})
        super().__init__(required=False, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> str:
        return value if isinstance(value, str) else ""

    def clean(self, value: Any) -> dict[str, Any] | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ValidationError(_("This is no JSON.")) from error
        if not isinstance(found, dict):
            raise ValidationError(_("Write an object: names and values in braces."))
        return found


class WithSecret(forms.ModelForm):
    """A form whose `credentials` can be replaced but not read."""

    credentials = SecretField()

    def clean_credentials(self) -> dict[str, Any]:
        given: dict[str, Any] | None = self.cleaned_data["credentials"]
        if given is not None:
            return given
        if self.instance.pk is None:
            raise ValidationError(_("Enter the credentials."))
        return self.instance.credentials or {}
