"""The mapping sandbox: write a table, see what it would change, put it to use, go back (A4)."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from integrations.intake import versions
from integrations.models import MappingState, MappingVersion, RawMessage
from ordercenter.core.adminkit import dialogs, looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button, while_in
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import (
    name_events,
    name_fields,
    name_machines,
    name_states,
    story,
    who_name,
)
from ordercenter.core.visitors import may

PREVIEWED = 20
STATE_TONES: dict[str, str] = {
    MappingState.DRAFT: "orange",
    MappingState.ACTIVE: "green",
    MappingState.RETIRED: "gray",
}

name_states(MappingVersion.KIND, MappingState.choices)
name_machines({"adapter": _("Comes with the system")})
name_events(
    {
        "mapping.drafted": _("Mapping drafted"),
        "mapping.edited": _("Mapping edited"),
        "mapping.activated": _("Mapping put to use"),
        "mapping.retired": _("Mapping retired"),
        "mapping.rolled_back": _("Mapping rolled back"),
    }
)
name_fields({"table": _("table")})


class TableField(forms.CharField):
    """A mapping table as JSON."""

    def prepare_value(self, value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)

    def clean(self, value: Any) -> dict[str, Any]:
        try:
            table = json.loads(super().clean(value))
        except ValueError as error:
            raise ValidationError(
                _("This is no JSON: line %(line)s.") % {"line": getattr(error, "lineno", "?")}
            ) from error
        if not isinstance(table, dict):
            raise ValidationError(_("Write an object: names and values in braces."))
        return table


class Table(Dialog):
    """The table of a mapping, and what was changed in it."""

    table = TableField(
        label=_("table"),
        max_length=200_000,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 22, "spellcheck": "false", "class": "font-mono"}
        ),
    )
    note = dialogs.text(_("What is changed"), longest=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["table"].initial = self.subject.table
        self.fields["note"].initial = (
            self.subject.note if self.subject.state == MappingState.DRAFT else ""
        )

    def wish(self) -> list[tuple[str, str]]:
        table = json.dumps(self.cleaned_data["table"], ensure_ascii=False)
        return [(str(_("table")), table), (str(_("note")), self.cleaned_data["note"])]


@admin.register(MappingVersion)
class MappingVersionAdmin(TransitionButtons, ShownOnly):
    list_display = ("name", "state_badge", "maker", "made_at", "activated_at", "note")
    list_filter = ("channel",)
    fields = (
        "name",
        "state_badge",
        "maker",
        "made_at",
        "activated_at",
        "note",
        "preview_link",
        "shown_table",
    )
    readonly_fields = fields
    change_form_outer_after_template = "console/plain_story.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        version: Any = kwargs.get("obj")
        context["lines"] = story(version.stream, limit=50)
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description=_("field mapping"))
    def name(self, version: MappingVersion) -> str:
        return str(version)

    @display(description=_("made by"))
    def maker(self, version: MappingVersion) -> str:
        return who_name(version.made_by)

    @display(description=_("state"))
    def state_badge(self, version: MappingVersion) -> SafeString:
        return looks.badge(version.get_state_display(), STATE_TONES[version.state])

    @display(description=_("table"))
    def shown_table(self, version: MappingVersion) -> SafeString:
        text = json.dumps(version.table, ensure_ascii=False, indent=2)
        return format_html('<pre class="oc-body">{}</pre>', text)

    @display(description=_("preview"))
    def preview_link(self, version: MappingVersion) -> SafeString:
        return looks.link(
            self.url_of("preview", version.pk),
            _("What it would change"),
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.preview_view)
        own = path("<int:object_id>/preview/", view, name="integrations_mappingversion_preview")
        return [own, *super().get_urls()]

    def preview_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The latest stored messages, read by this version and by the one in use."""
        version = MappingVersion.objects.filter(pk=object_id).first()
        if version is None:
            raise Http404
        if not may(request, "integrations.edit_mapping"):
            raise PermissionDenied
        latest = RawMessage.objects.filter(shop__channel=version.channel).order_by("-pk")
        rows = versions.preview(version.pk, list(latest.values_list("pk", flat=True)[:PREVIEWED]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("What %(mapping)s would change") % {"mapping": version},
            "opts": self.model._meta,
            "original": version,
            "version": version,
            "rows": rows,
            "different": sum(1 for row in rows if _differs(row)),
            "back": self.url_of("change", version.pk),
        }
        return render(request, "console/mapping_preview.html", context)

    @button(
        _("Edit draft"),
        icon="edit",
        permission="integrations.edit_mapping",
        possible=while_in(MappingState.DRAFT),
        form=Table,
        done=_("The draft is saved. Look at the preview before it is used."),
    )
    def edit(self, request: HttpRequest, form: Dialog, version: MappingVersion) -> None:
        versions.edit_mapping(
            version.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("New draft from this"),
        icon="content_copy",
        permission="integrations.edit_mapping",
        form=Table,
        done=_("The draft is made. It is the newest of the list."),
    )
    def draft(self, request: HttpRequest, form: Dialog, version: MappingVersion) -> None:
        versions.draft_mapping(version.channel, actor=actor_of(request), **form.values())

    @button(
        _("Put to use"),
        icon="check_circle",
        tone="primary",
        permission="integrations.edit_mapping",
        verb="activate",
        says=_("New messages are read by this version from now on."),
        done=_("The mapping is in use."),
    )
    def activate(self, request: HttpRequest, form: Dialog, version: MappingVersion) -> None:
        versions.activate_mapping(version.pk, seen=form.seen_version, actor=actor_of(request))

    @button(
        _("Roll back"),
        icon="undo",
        tone="danger",
        permission="integrations.edit_mapping",
        possible=while_in(MappingState.ACTIVE),
        says=_("The version that was in use before is in use again."),
        done=_("The mapping before is in use again."),
    )
    def roll_back(self, request: HttpRequest, form: Dialog, version: MappingVersion) -> None:
        versions.roll_back_mapping(version.channel, actor=actor_of(request))


def _differs(row: versions.Preview) -> bool:
    return bool(row.differences) or row.problem_before != row.problem_after
