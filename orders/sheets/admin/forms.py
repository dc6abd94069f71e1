"""import-export's two forms: the upload, and the confirmation of a run."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from import_export.forms import ConfirmImportForm
from unfold.contrib.import_export.forms import ImportForm

from ordercenter.core.actor import Actor
from ordercenter.core.errors import DomainError
from orders.sheets import runs
from orders.sheets.models import SheetRun

_ONLY = [("0", "0")]


class Upload(ImportForm):
    """The workbook that comes back; a valid one is kept by a run of this person."""

    def __init__(self, formats: Any, resources: Any, *, actor: Actor, **kwargs: Any) -> None:
        super().__init__(formats, resources, **kwargs)
        self.actor = actor
        self.fields["import_file"].label = _("Workbook (.xlsx)")
        self.fields["import_file"].help_text = _("The one exported here, with your changes in it.")

    def clean_import_file(self) -> Any:
        upload = self.cleaned_data["import_file"]
        try:
            run = runs.receive_workbook(upload, name=upload.name, actor=self.actor)
        except DomainError as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal
        upload.run_id = run.pk
        return upload


class Confirm(ConfirmImportForm):
    """Names the run that was looked through; there is one format and one resource."""

    import_file_name = forms.RegexField(r"^\d{1,18}$", widget=forms.HiddenInput())
    format = forms.ChoiceField(choices=_ONLY, widget=forms.HiddenInput())
    resource = forms.ChoiceField(choices=_ONLY, widget=forms.HiddenInput())

    @classmethod
    def of(cls, run: SheetRun) -> Confirm:
        """The form as the run's page holds it."""
        name = run.name or str(run.pk)
        return cls(
            initial={
                "import_file_name": run.pk,
                "original_file_name": name,
                "format": "0",
                "resource": "0",
            }
        )
