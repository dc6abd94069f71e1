"""Access to channels: credentials go in and never come out; pull, fill back, pause, resume."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task
from unfold.admin import ModelAdmin
from unfold.decorators import display

from integrations.admin.credentials import WithSecret
from integrations.intake import accounts
from integrations.models import ChannelAccount, RawState, ToldChannel, ToldState
from ordercenter.core.adminkit import dialogs, looks
from ordercenter.core.adminkit.buttons import TransitionButtons, actor_of, button, when
from ordercenter.core.adminkit.dialogs import Dialog, Reason, SeenVersion
from ordercenter.core.adminkit.keyset import EVERYTHING, KeysetList, Tab, rows_in
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.adminkit.story import name_events, name_machines, name_subjects, story
from ordercenter.core.errors import BadInput
from ordercenter.core.timeline import record
from orders.models import channel_name

name_events(
    {
        "channel_account.paused": _("Channel paused"),
        "channel_account.resumed": _("Channel resumed"),
        "channel_account.messages_retried": _("Messages read again"),
        "channel_account.made": _("Access entered"),
        "channel_account.edited": _("Access changed"),
    }
)

name_subjects(ChannelAccount.KIND, _("Channel"), "integrations_channelaccount")
name_machines(
    {
        "channel:pull": _("Channel pull"),
        "channel:write back": _("Write-back to the channel"),
        "kuaidi100": _("Kuaidi100"),
    }
)

PULL = "integrations.intake.pull.pull_account"
# Well below q2's own limit; a longer pull is due again at once and goes on where it stopped.
LONGEST_PULL = 600.0


class Range(Dialog):
    """From when until when orders are fetched again."""

    since = dialogs.moment(_("Since"))
    until = dialogs.moment(_("Until"))


class AccountForm(SeenVersion, WithSecret):
    class Meta:
        model = ChannelAccount
        fields = (
            "shop",
            "adapter",
            "base_url",
            "credentials",
            "options",
            "mapping",
            "interval_minutes",
            "overlap_minutes",
        )


# What a pull keeps of how far it has come (integrations.intake.pull).
PROGRESS = {
    "since": _("from"),
    "until": _("to"),
    "at": _("read up to"),
    "began": _("begun"),
    "ended": _("finished"),
}
COUNTS = {"stored": _("messages"), **{state.value: state.label for state in RawState}}
# Fields that are only there to be written.
WRITTEN = ("credentials", "seen_version")


@when
def _running(account: ChannelAccount) -> bool:
    return not account.is_paused


@when
def _paused(account: ChannelAccount) -> bool:
    return account.is_paused


def _as_moment(text: str) -> str:
    return looks.moment(datetime.fromisoformat(text))


def _told(name: str, form: Any) -> list[str]:
    if name == "credentials":
        return ["***", "***"]
    return [str(form.initial.get(name, "")), str(form.cleaned_data.get(name, ""))]


@admin.register(ChannelAccount)
class ChannelAccountAdmin(TransitionButtons, ModelAdmin):
    form = AccountForm
    list_display = ("shop", "channel", "state", "last_pulled_at", "cursor_at", "next_pull_at")
    list_select_related = ("shop",)
    readonly_fields = (
        "state",
        "last_error",
        "pause_reason",
        "last_pulled_at",
        "cursor_at",
        "next_pull_at",
        "shown_progress",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "seen_version",
                    "shop",
                    "adapter",
                    "base_url",
                    "credentials",
                    "mapping",
                    "interval_minutes",
                    "overlap_minutes",
                    "options",
                )
            },
        ),
        (
            _("How it goes"),
            {
                "fields": (
                    "state",
                    "last_error",
                    "pause_reason",
                    "last_pulled_at",
                    "cursor_at",
                    "next_pull_at",
                    "shown_progress",
                )
            },
        ),
    )
    change_form_outer_after_template = "console/plain_story.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("shop")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look does not even see that credentials are there."""
        sets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return sets
        return tuple(
            (title, {"fields": tuple(name for name in part["fields"] if name not in WRITTEN)})
            for title, part in sets
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        account = kwargs.get("obj")
        context["lines"] = story(account.stream, limit=50) if account else []
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The change stands on the access's story, secrets without their values."""
        super().save_model(request, obj, form, change)
        told = {name: _told(name, form) for name in form.changed_data}
        record(
            obj,
            "channel_account.edited" if change else "channel_account.made",
            actor=actor_of(request),
            data={"shop": obj.shop.code},
            changes={
                name: pair
                for name, pair in told.items()
                if name == "credentials" or pair[0] != pair[1]
            },
        )

    @display(description=_("channel"))
    def channel(self, account: ChannelAccount) -> str:
        return channel_name(account.adapter)

    @display(description=_("state"))
    def state(self, account: ChannelAccount) -> SafeString:
        if account.is_paused:
            return looks.badge(_("paused"), "gray")
        if account.last_error:
            return looks.badge(_("last pull failed"), "red")
        if account.last_pulled_at is None:
            return looks.badge(_("never pulled"), "orange")
        return looks.badge(_("running"), "green")

    @display(description=_("progress"))
    def shown_progress(self, account: ChannelAccount) -> str:
        progress = account.progress or {}
        said = [
            f"{word} {_as_moment(progress[name])}"
            for name, word in PROGRESS.items()
            if progress.get(name)
        ]
        said += [f"{COUNTS[name]} {n}" for name, n in progress.get("counts", {}).items() if n]
        return "；".join(said) or looks.NOTHING

    @button(
        _("Pull now"),
        icon="download",
        tone="primary",
        permission="integrations.pull_channelaccount",
        possible=_running,
        says=_("The background workers fetch what is new since the last pull."),
        done=_("The pull has been handed to the background workers."),
    )
    def pull(self, request: HttpRequest, form: Dialog, account: ChannelAccount) -> None:
        async_task(PULL, account.pk, seconds=LONGEST_PULL)

    @button(
        _("Fill back"),
        icon="manage_history",
        permission="integrations.pull_channelaccount",
        possible=_running,
        form=Range,
        says=_("Fetches a stretch of time again; known orders are updated, none is doubled."),
        done=_("The stretch has been handed to the background workers."),
    )
    def fill_back(self, request: HttpRequest, form: Dialog, account: ChannelAccount) -> None:
        values = form.values()
        if values["since"] >= values["until"]:
            raise BadInput(_("The end must be after the beginning."), fields={"until": ["order"]})
        async_task(
            PULL,
            account.pk,
            since=values["since"],
            until=values["until"],
            seconds=LONGEST_PULL,
        )

    @button(
        _("Pause"),
        icon="pause",
        permission="integrations.pause_channelaccount",
        possible=_running,
        form=Reason,
        done=_("The channel is paused."),
    )
    def pause(self, request: HttpRequest, form: Dialog, account: ChannelAccount) -> None:
        accounts.pause_account(
            account.pk, seen=form.seen_version, actor=actor_of(request), **form.values()
        )

    @button(
        _("Resume"),
        icon="play_arrow",
        permission="integrations.pause_channelaccount",
        possible=_paused,
        done=_("The channel is pulled again."),
    )
    def resume(self, request: HttpRequest, form: Dialog, account: ChannelAccount) -> None:
        accounts.resume_account(account.pk, seen=form.seen_version, actor=actor_of(request))


TOLD_TONES: dict[str, str] = {
    ToldState.PENDING: "orange",
    ToldState.TOLD: "green",
    ToldState.REFUSED: "red",
}


@admin.register(ToldChannel)
class ToldChannelAdmin(KeysetList, ShownOnly):
    list_display = ("order_number", "line", "shipment", "waybill", "state_badge", "at")
    list_select_related = ("line__order", "shipment")
    tabs = (
        Tab(
            "refused",
            _("Refused"),
            rows_in(ToldState.REFUSED),
            urgent=True,
        ),
        Tab("pending", _("Not told yet"), rows_in(ToldState.PENDING)),
        EVERYTHING,
    )

    fields = (*list_display, "shown_answer")
    readonly_fields = fields

    @display(description=_("answer"))
    def shown_answer(self, told: ToldChannel) -> SafeString:
        return looks.as_json(told.answer)

    @display(description=_("order number"))
    def order_number(self, told: ToldChannel) -> str:
        return told.line.order.number

    @display(description=_("state"))
    def state_badge(self, told: ToldChannel) -> SafeString:
        return looks.badge(told.get_state_display(), TOLD_TONES[told.state])
