"""The ground floor's pages: events, outbox, laws, clocks, calendar. Most of it is only read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from ordercenter.core import clocks, invariants, outbox
from ordercenter.core.adminkit import dialogs, looks
from ordercenter.core.adminkit.buttons import TransitionButtons, button, while_in
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly, Titled
from ordercenter.core.adminkit.story import (
    DOORS,
    event_name,
    stage_words,
    state_name,
    stream_link,
    subject_link,
    subject_name,
    who_name,
)
from ordercenter.core.models import (
    ClockPolicy,
    Delivery,
    Escalation,
    Event,
    Heartbeat,
    Holiday,
    LawRun,
    Timer,
    WorkingHours,
)
from ordercenter.core.roles import ROLE_NAMES, role_name

DELIVERY_TONES: dict[str, str] = {
    Delivery.State.PENDING: "orange",
    Delivery.State.DONE: "green",
    Delivery.State.DEAD: "red",
}


@admin.register(Event)
class EventAdmin(KeysetList, ShownOnly):
    list_display = ("at", "what", "subject", "states", "who", "door_name")
    list_display_links = ("at",)
    search_fields = ("stream",)
    search_help_text = _("Story, for example order:17")
    fields = (
        "at",
        "what",
        "code",
        "subject",
        "stream",
        "sequence",
        "states",
        "who",
        "door_name",
        "ip",
        "device",
        "request_id",
        "shown_data",
        "shown_changes",
    )
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (queryset.filter(stream=text) if text else queryset), False

    def heading_of(self, row: Any) -> str:
        return f"{event_name(row.kind)} · {subject_name(row.subject_kind)} {row.subject_id}"

    @display(description=_("subject"))
    def subject(self, event: Event) -> SafeString | str:
        return subject_link(event.subject_kind, event.subject_id)

    @display(description=_("what"))
    def what(self, event: Event) -> str:
        return event_name(event.kind)

    @display(description=_("code"))
    def code(self, event: Event) -> str:
        return event.kind

    @display(description=_("state"))
    def states(self, event: Event) -> str:
        names = [state_name(event.subject_kind, s) for s in (event.from_state, event.to_state) if s]
        return " → ".join(names) or looks.NOTHING

    @display(description=_("who"))
    def who(self, event: Event) -> str:
        return who_name(event.actor_label)

    @display(description=_("where from"))
    def door_name(self, event: Event) -> str:
        return str(DOORS.get(event.door, event.door))

    @display(description=_("data"))
    def shown_data(self, event: Event) -> SafeString:
        return looks.as_json(event.data)

    @display(description=_("before and after"))
    def shown_changes(self, event: Event) -> SafeString:
        return looks.as_json(event.changes)


@admin.register(Delivery)
class DeliveryAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = ("handler", "what", "subject", "state_badge", "attempts", "not_before", "error")
    list_display_links = ("handler",)
    list_select_related = ("event",)
    tabs = (
        Tab(
            "dead",
            _("Dead letters"),
            rows_in(Delivery.State.DEAD),
            urgent=True,
        ),
        Tab(
            "pending",
            _("Pending"),
            rows_in(Delivery.State.PENDING),
        ),
        EVERYTHING,
    )
    fields = (
        "handler",
        "what",
        "subject",
        "lane",
        "state_badge",
        "attempts",
        "not_before",
        "created_at",
        "finished_at",
        "last_error",
    )
    readonly_fields = fields

    def heading_of(self, row: Any) -> str:
        return f"{event_name(row.event.kind)} → {row.handler}"

    @display(description=_("subject"))
    def subject(self, delivery: Delivery) -> SafeString | str:
        return stream_link(delivery.stream)

    @display(description=_("event"))
    def what(self, delivery: Delivery) -> str:
        return event_name(delivery.event.kind)

    @display(description=_("state"))
    def state_badge(self, delivery: Delivery) -> SafeString:
        return looks.badge(delivery.get_state_display(), DELIVERY_TONES[delivery.state])

    @display(description=_("last error"))
    def error(self, delivery: Delivery) -> str:
        return delivery.last_error[:80] or looks.NOTHING

    @button(
        _("Send again"),
        icon="send",
        tone="primary",
        permission="core.resend_delivery",
        possible=while_in(Delivery.State.DEAD),
        says=_("It gets a new set of attempts, beginning now."),
        done=_("It is on its way again."),
    )
    def send_again(self, request: HttpRequest, form: Dialog, delivery: Delivery) -> None:
        outbox.send_again([delivery.pk])

    @button(
        _("Send all dead letters again"),
        icon="send",
        permission="core.resend_delivery",
        on_list=True,
        says=_("At most a thousand at once."),
    )
    def send_all_again(self, request: HttpRequest, form: Dialog, _subject: None) -> str:
        dead = Delivery.objects.filter(state=Delivery.State.DEAD).order_by("pk")
        put_back = outbox.send_again(list(dead.values_list("pk", flat=True)[:1000]))
        return str(_("%(count)d are on their way again.")) % {"count": put_back}


@admin.register(LawRun)
class LawRunAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = ("says", "outcome", "at", "seconds")
    fields = ("says", "code", "outcome", "at", "seconds", "shown_first")
    readonly_fields = fields

    def heading_of(self, row: Any) -> str:
        return self.says(row)

    @display(description=_("law"))
    def says(self, run: LawRun) -> str:
        laws = {law.name: law.says for law in invariants.all_laws()}
        return str(laws.get(run.law, run.law))

    @display(description=_("code"))
    def code(self, run: LawRun) -> str:
        return run.law

    @display(description=_("outcome"))
    def outcome(self, run: LawRun) -> SafeString:
        if run.violations:
            text = _("broken %(times)d times") % {"times": run.violations}
            return looks.badge(text, "red")
        return looks.badge(_("holds"), "green")

    @display(description=_("first violation"))
    def shown_first(self, run: LawRun) -> SafeString | str:
        return looks.as_json(run.first) if run.first else looks.NOTHING

    @button(
        _("Check now"),
        icon="gavel",
        tone="primary",
        permission="core.view_lawrun",
        on_list=True,
        says=_("Reads the whole database once; nothing is changed."),
    )
    def check_now(self, request: HttpRequest, form: Dialog, _subject: None) -> str:
        runs = invariants.verify()
        broken = sum(1 for run in runs if run.violations)
        if broken:
            return str(_("%(broken)d of %(all)d laws are broken.")) % {
                "broken": broken,
                "all": len(runs),
            }
        return str(_("All %(all)d laws hold.")) % {"all": len(runs)}


@admin.register(Timer)
class TimerAdmin(KeysetList, ShownOnly):
    list_display = ("stage_name", "subject", "role", "started_at", "due_at", "clock")
    list_display_links = ("stage_name",)
    tabs = (
        Tab(
            "running",
            _("Running"),
            lambda rows, request: rows.filter(stopped_at__isnull=True),
        ),
        EVERYTHING,
    )
    fields = (
        "subject",
        "stage_name",
        "role",
        "started_at",
        "due_at",
        "supervisor_at",
        "director_at",
        "stopped_at",
        "paused_at",
        "pause_cause",
    )
    readonly_fields = fields

    def heading_of(self, row: Any) -> str:
        return stage_words(row.subject_kind, row.stage)

    @display(description=_("subject"))
    def subject(self, timer: Timer) -> SafeString | str:
        return subject_link(timer.subject_kind, timer.subject_id)

    @display(description=_("stage"))
    def stage_name(self, timer: Timer) -> str:
        return state_name(timer.subject_kind, timer.stage)

    @display(description=_("owner role"))
    def role(self, timer: Timer) -> str:
        return role_name(timer.owner_role)

    @display(description=_("clock"))
    def clock(self, timer: Timer) -> SafeString:
        if timer.stopped_at is not None:
            return looks.badge(_("stopped"), "gray")
        return looks.clock(timer.due_at, timer.paused_at is not None)


@admin.register(Escalation)
class EscalationAdmin(KeysetList, ShownOnly):
    list_display = ("at", "stage", "subject", "level", "role_told")
    list_filter = (("level", ChoicesDropdownFilter),)
    list_select_related = ("timer",)

    fields = list_display
    readonly_fields = fields

    def heading_of(self, row: Any) -> str:
        return f"{self.stage(row)} · {row.get_level_display()}"

    @display(description=_("stage"))
    def stage(self, escalation: Escalation) -> str:
        return stage_words(escalation.timer.subject_kind, escalation.timer.stage)

    @display(description=_("subject"))
    def subject(self, escalation: Escalation) -> SafeString | str:
        return subject_link(escalation.timer.subject_kind, escalation.timer.subject_id)

    @display(description=_("told role"))
    def role_told(self, escalation: Escalation) -> str:
        return role_name(escalation.role)


@admin.register(Heartbeat)
class HeartbeatAdmin(ShownOnly):
    list_display = ("name", "at")

    def heading_of(self, row: Any) -> str:
        return str(row.name)


@admin.register(ClockPolicy)
class ClockPolicyAdmin(Titled, ModelAdmin):
    list_display = (
        "subject",
        "stage_name",
        "channel",
        "priority",
        "role",
        "limit_minutes",
        "supervisor_after",
        "director_after",
        "around_the_clock",
    )
    ordering = ("subject_kind", "pk")
    list_fullwidth = True

    def heading_of(self, row: Any) -> str:
        return stage_words(row.subject_kind, row.stage)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Roles are chosen, not typed."""
        if db_field.name == "owner_role":
            return dialogs.choice(db_field.verbose_name, list(ROLE_NAMES.items()))
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description=_("subject"), ordering="subject_kind")
    def subject(self, policy: ClockPolicy) -> str:
        return subject_name(policy.subject_kind)

    @display(description=_("stage"))
    def stage_name(self, policy: ClockPolicy) -> str:
        return state_name(policy.subject_kind, policy.stage)

    @display(description=_("owner role"))
    def role(self, policy: ClockPolicy) -> str:
        return role_name(policy.owner_role)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        clocks.forget_policies()


@admin.register(WorkingHours)
class WorkingHoursAdmin(ModelAdmin):
    list_display = ("weekday", "starts", "ends")


@admin.register(Holiday)
class HolidayAdmin(ModelAdmin):
    list_display = ("date", "name", "is_working")
    ordering = ("-date",)
