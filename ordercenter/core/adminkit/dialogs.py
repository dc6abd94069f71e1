"""The small forms behind buttons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

MACHINERY = ("_form_submitted", "seen", "heard")


class Dialog(BaseDialogForm):
    """Asks for nothing but a yes. Carries what the page showed: version and last event.

    `seen` is the version of the subject, `heard` the number of its newest event, both as they
    were when the page with the button was made, not when the dialog was opened.
    """

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    heard = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        request: HttpRequest,
        object_id: int | str | None = None,
        *,
        subject: Any = None,
        **kwargs: Any,
    ) -> None:
        self.subject = subject
        super().__init__(request, object_id, **kwargs)

    def values(self) -> dict[str, Any]:
        """What the person entered, as the action behind the button takes it."""
        return {key: v for key, v in self.cleaned_data.items() if key not in MACHINERY}

    @property
    def seen_version(self) -> int | None:
        """The version that the person looked at."""
        return self.cleaned_data.get("seen")

    def wish(self) -> list[tuple[str, str]]:
        """What the person wanted, as (label, value); for the conflict page."""
        return [
            (str(self[name].label), _as_text(field, self.cleaned_data.get(name)))
            for name, field in self.fields.items()
            if name not in MACHINERY and self.cleaned_data.get(name) not in (None, "", [])
        ]


def _as_text(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))
    if in_words := getattr(field, "in_words", None):
        return str(in_words(value))
    if isinstance(value, list | tuple):
        return "；".join(str(item) for item in value)
    return str(value)


def text(
    label: Any, *, required: bool = True, longest: int = 200, **kwargs: Any
) -> forms.CharField:
    """One line of text."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=longest,
        widget=UnfoldAdminTextInputWidget(),
        **kwargs,
    )


def words(
    label: Any, *, required: bool = True, longest: int = 500, **kwargs: Any
) -> forms.CharField:
    """Several lines of text."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=longest,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        **kwargs,
    )


def whole(label: Any, *, least: int | None = None, **kwargs: Any) -> forms.IntegerField:
    """A whole number that a stock column can hold."""
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=100_000_000,
        widget=UnfoldAdminIntegerFieldWidget(),
        **kwargs,
    )


def amount(label: Any, **kwargs: Any) -> forms.DecimalField:
    """An amount of money, not negative."""
    return forms.DecimalField(
        label=label,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"}),
        **kwargs,
    )


def choice(label: Any, choices: Any, **kwargs: Any) -> forms.ChoiceField:
    """One of a few."""
    return forms.ChoiceField(
        label=label, choices=choices, widget=UnfoldAdminSelectWidget(), **kwargs
    )


def upload(label: Any, **kwargs: Any) -> forms.FileField:
    """A file from the person's machine."""
    return forms.FileField(label=label, widget=UnfoldAdminFileFieldWidget(), **kwargs)


def day(label: Any, *, required: bool = True, **kwargs: Any) -> forms.DateField:
    """A date."""
    widget = forms.DateInput(
        attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}, format="%Y-%m-%d"
    )
    return forms.DateField(label=label, required=required, widget=widget, **kwargs)


def moment(label: Any, *, required: bool = True, **kwargs: Any) -> forms.DateTimeField:
    """A moment in Shanghai time, entered with the browser's own picker."""
    widget = forms.DateTimeInput(
        attrs={"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}, format="%Y-%m-%dT%H:%M"
    )
    return forms.DateTimeField(
        label=label,
        required=required,
        widget=widget,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        **kwargs,
    )


class SeenVersion(forms.ModelForm):
    """A form over a versioned row that is only saved over the version it was made from."""

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.instance.pk and data.get("seen_version") != self.instance.version:
            raise forms.ValidationError(
                _("Somebody else changed this meanwhile. Load the page again, then enter it anew.")
            )
        return data


class TemplateWidget(forms.Widget):
    """A widget whose template lies with the pages' templates, not in the package of an app."""

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> Any:
        return render_to_string(template_name, context)


class Reason(Dialog):
    """Asks why."""

    reason = words(_("Reason"))
