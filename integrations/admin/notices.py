"""Notices, group robots and what they said."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from integrations.admin.credentials import WithSecret
from integrations.messaging import robots
from integrations.messaging.notices import mark_read, visible_to
from integrations.models import Notice, NoticeLevel, Robot, RobotMessage
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.buttons import TransitionButtons, button, when, while_in
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.keyset import KeysetChangeList, KeysetList, Tab
from ordercenter.core.adminkit.readonly import ShownOnly
from ordercenter.core.roles import role_name
from ordercenter.core.visitors import user_of

LEVEL_TONES: dict[str, str] = {NoticeLevel.INFO: "blue"}
# What WeCom's markdown has beside the words: colours, and links with their addresses.
_MARKS = re.compile(r"</?font[^>]*>|\s*\[[^\]]*\]\([^)]*\)")
MESSAGE_TONES: dict[str, str] = {
    RobotMessage.State.PENDING: "orange",
    RobotMessage.State.SENT: "green",
    RobotMessage.State.FAILED: "red",
}


class NoticeList(KeysetChangeList):
    """A notice leads to what it tells of."""

    def url_for_result(self, result: Any) -> str:
        if result.link.startswith("/"):
            return str(result.link)
        return str(super().url_for_result(result))


@admin.register(Notice)
class NoticeAdmin(TransitionButtons, KeysetList, ShownOnly):
    """What concerns the person; administrators see what everybody was told."""

    list_display = ("heading", "text", "level_badge", "told", "created_at")
    tabs = (Tab("mine", _("For me"), lambda rows, request: rows, counted=False),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return visible_to(user_of(request)).select_related("user")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return NoticeList

    @display(description=_("notice"))
    def heading(self, notice: Notice) -> str:
        return notice.headline

    @display(description=_("level"))
    def level_badge(self, notice: Notice) -> SafeString:
        return looks.badge(notice.get_level_display(), LEVEL_TONES.get(notice.level, "red"))

    @display(description=_("for"))
    def told(self, notice: Notice) -> str:
        return role_name(notice.role) if notice.role else str(notice.user)

    @button(
        _("Mark all as read"),
        icon="done_all",
        permission="integrations.view_notice",
        on_list=True,
        done=_("Everything is marked as read."),
    )
    def read_all(self, request: HttpRequest, form: Dialog, _subject: None) -> None:
        mark_read(user_of(request))


class RobotForm(WithSecret):
    class Meta:
        model = Robot
        fields = (
            "name",
            "base_url",
            "credentials",
            "roles",
            "kinds",
            "quiet_from",
            "quiet_until",
            "is_active",
        )


@when
def _is_silent(robot: Robot) -> bool:
    return bool(robot.trouble) or not robot.is_active


@admin.register(Robot)
class RobotAdmin(TransitionButtons, ModelAdmin):
    form = RobotForm
    list_display = ("name", "base_url", "quiet_from", "quiet_until", "is_active", "trouble")
    readonly_fields = ("trouble",)

    @button(
        _("Switch on again"),
        icon="power_settings_new",
        permission="integrations.change_robot",
        possible=_is_silent,
        says=_("It tells of what happens from now on."),
        done=_("The robot speaks again."),
    )
    def switch_on(self, request: HttpRequest, form: Dialog, robot: Robot) -> None:
        robots.switch_on(robot.pk)


@admin.register(RobotMessage)
class RobotMessageAdmin(TransitionButtons, KeysetList, ShownOnly):
    list_display = ("told", "robot", "state_badge", "attempts", "created_at")
    list_select_related = ("robot",)
    fields = (
        "robot",
        "content",
        "state_badge",
        "attempts",
        "shown_answer",
        "created_at",
        "finished_at",
    )
    readonly_fields = fields

    def heading_of(self, row: Any) -> str:
        return self.told(row)

    @display(description=_("answer"))
    def shown_answer(self, message: RobotMessage) -> SafeString:
        return looks.as_json(message.answer)

    @display(description=_("message"))
    def told(self, message: RobotMessage) -> str:
        """What it says, without the marks and addresses of markdown."""
        return Truncator(_MARKS.sub("", message.content)).chars(80)

    @display(description=_("state"))
    def state_badge(self, message: RobotMessage) -> SafeString:
        return looks.badge(message.get_state_display(), MESSAGE_TONES[message.state])

    @button(
        _("Send again"),
        icon="send",
        tone="primary",
        permission="integrations.resend_robotmessage",
        possible=while_in(RobotMessage.State.FAILED),
        done=_("It is on its way again."),
    )
    def send_again(self, request: HttpRequest, form: Dialog, message: RobotMessage) -> None:
        robots.send_again([message.pk])
