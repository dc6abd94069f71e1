"""Pages of other people's models in our dress: staff, roles, background tasks."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from ordercenter.console import schedules
from ordercenter.console.roles import OUR_APPS
from ordercenter.core.actor import Actor
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, button, when
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.readonly import ShownOnly, Titled
from ordercenter.core.adminkit.story import name_machines
from ordercenter.core.errors import DomainError, WrongState
from ordercenter.core.models import User
from ordercenter.core.roles import role_name
from ordercenter.core.visitors import user_of

# The demo world's machines; nothing else acts under these names.
name_machines(
    {"channel:history": _("Channel history"), "command:opening stock": _("Opening stock")}
)

admin.site.empty_value_display = looks.NOTHING

for _model in (Group, Schedule, Success, Failure, OrmQ):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(Titled, BaseUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "roles", "phone", "is_active", "last_login")
    search_fields = ("username", "full_name", "phone")
    list_filter = ("is_active", "groups")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("full_name", "phone", "email", "wecom_id")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Roles in words."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "groups":
            field.label_from_instance = lambda group: role_name(group.name)
        return field

    @display(description=_("roles"))
    def roles(self, user: User) -> str:
        names = [role_name(group.name) for group in user.groups.all()]
        return "、".join(names) or looks.NOTHING

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser makes superusers."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if user_of(request).is_superuser else (*fixed, "is_superuser")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


VERBS = {
    "add": _("add"),
    "change": _("change"),
    "delete": _("delete"),
    "view": _("view"),
}


def permission_name(permission: Permission) -> str:
    """A permission in words: what of, and what may be done."""
    model = permission.content_type.model_class()
    of = str(model._meta.verbose_name) if model else permission.content_type.model
    verb, _underscore, rest = permission.codename.partition("_")
    if verb in VERBS and rest == permission.content_type.model:
        return f"{of}：{VERBS[verb]}"
    return f"{of}：{gettext(permission.name)}"


@admin.register(Group)
class GroupAdmin(Titled, BaseGroupAdmin, ModelAdmin):
    list_display = ("role", "name")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Permissions of our own rooms, in words."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "permissions":
            field.queryset = field.queryset.filter(content_type__app_label__in=OUR_APPS)
            field.label_from_instance = permission_name
        return field

    def heading_of(self, row: Any) -> str:
        return role_name(row.name)

    @display(description=_("role"))
    def role(self, group: Group) -> str:
        return role_name(group.name)


@when
def _is_ours(schedule: Schedule) -> bool:
    return str(schedule.name).startswith(schedules.OURS)


def _runs(schedule: Schedule, actor: Actor) -> DomainError | None:
    return WrongState() if schedules.is_paused(schedule) else _is_ours(schedule, actor)


def _stands(schedule: Schedule, actor: Actor) -> DomainError | None:
    return _is_ours(schedule, actor) if schedules.is_paused(schedule) else WrongState()


@admin.register(Schedule)
class ScheduleAdmin(TransitionButtons, ShownOnly):
    """What runs is declared in code; people pause, resume and run now."""

    list_display = ("name", "func", "minutes", "next_run", "paused")
    fields = ("name", "func", "schedule_type", "minutes", "next_run", "paused")
    readonly_fields = fields

    @display(description=_("state"))
    def paused(self, schedule: Schedule) -> SafeString:
        if schedules.is_paused(schedule):
            return looks.badge(_("paused"), "orange")
        return looks.badge(_("running"), "green")

    @button(
        _("Run now"),
        icon="play_arrow",
        tone="primary",
        permission="django_q.change_schedule",
        possible=_is_ours,
        done=_("The workers have been told to run it."),
    )
    def run_now(self, request: HttpRequest, form: Dialog, schedule: Schedule) -> None:
        schedules.run_now(schedule.name)

    @button(
        _("Pause"),
        icon="pause",
        permission="django_q.change_schedule",
        possible=_runs,
        says=_("It does not run until somebody resumes it."),
        done=_("The schedule is paused."),
    )
    def pause(self, request: HttpRequest, form: Dialog, schedule: Schedule) -> None:
        schedules.pause(schedule.name)

    @button(
        _("Resume"),
        icon="play_circle",
        permission="django_q.change_schedule",
        possible=_stands,
        done=_("The schedule runs again."),
    )
    def resume(self, request: HttpRequest, form: Dialog, schedule: Schedule) -> None:
        schedules.resume(schedule.name)


class TaskAdmin(ShownOnly):
    list_display = ("name", "func", "started", "stopped", "attempt_count")
    fields = ("name", "func", "started", "stopped", "attempt_count", "result")
    readonly_fields = fields
    show_full_result_count = False


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    pass


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    pass


@admin.register(OrmQ)
class QueueAdmin(ShownOnly):
    list_display = ("id", "name", "func", "lock")
