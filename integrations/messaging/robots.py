"""Robots: which notices go to which group, at what pace, and what happens when it fails.

A robot has one message under way at a time. What comes up meanwhile is bundled into the next
one, so a flood of notices makes few messages. A message whose outcome is unknown is said again:
hearing something twice in a chat is better than not hearing it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from integrations.calling import as_note
from integrations.channels.base import Answer, Verdict
from integrations.messaging import wecom
from integrations.messaging.notices import ADMIN_ROLE, notify
from integrations.messaging.packing import cut, fit
from integrations.models import Notice, NoticeLevel, Robot, RobotMessage
from ordercenter.core import moments

log = structlog.get_logger(__name__)

# A group of notices may still grow until its minute is over.
WINDOW = timedelta(minutes=1)
TELLS_OF_LAST = timedelta(hours=24)
MOST_BUNDLED = 500
MOST_ATTEMPTS = 8
LEASE = timedelta(seconds=60)
PACE = timedelta(minutes=1)
TEXT_BYTES = 600
# A robot does not tell of its own trouble: that would never end.
TROUBLE = "robot.trouble"


def compose_messages() -> int:
    """Give every robot that has news and nothing under way its next message; how many."""
    robots = Robot.objects.filter(is_active=True).values_list("pk", flat=True)
    return sum(_compose(pk) for pk in list(robots))


@transaction.atomic
def _compose(robot_id: int) -> bool:
    robot = _locked(robot_id)
    if robot is None or robot.messages.filter(state=RobotMessage.State.PENDING).exists():
        return False
    notices = list(_news(robot)[:MOST_BUNDLED])
    if not notices:
        return False
    # Alarms first: what does not fit is the least pressing.
    notices.sort(key=lambda notice: (notice.level != NoticeLevel.ALARM, notice.pk))
    content = fit([_line(notice) for notice in notices], wecom.MARKDOWN_BYTES, _more)
    message = RobotMessage.objects.create(
        robot=robot, content=content, not_before=moments.now(), created_at=moments.now()
    )
    message.notices.set(notices)
    return True


def _locked(robot_id: int) -> Robot | None:
    """The active robot under lock; None while another worker has it."""
    rows = Robot.objects.select_for_update(skip_locked=True)
    return rows.filter(pk=robot_id, is_active=True).first()


def _news(robot: Robot) -> QuerySet[Notice]:
    """The notices this robot has to tell of and has not told yet, oldest first."""
    at = moments.now()
    told = RobotMessage.notices.through.objects.filter(
        notice=OuterRef("pk"), robotmessage__robot=robot
    )
    rows = Notice.objects.filter(
        Q(group_title="") | Q(window_at__lte=at - WINDOW),
        ~Exists(told),
        user__isnull=True,
        created_at__gte=max(robot.speaks_since, at - TELLS_OF_LAST),
    ).exclude(kind=TROUBLE)
    if robot.roles:
        rows = rows.filter(role__in=robot.roles)
    if robot.kinds:
        rows = rows.filter(kind__in=robot.kinds)
    if robot.is_quiet(at):
        rows = rows.filter(level=NoticeLevel.ALARM)
    return rows.order_by("pk")


def _line(notice: Notice) -> str:
    """A notice as a paragraph of WeCom's markdown."""
    words = _plain(notice.headline)
    if notice.level == NoticeLevel.ALARM:
        words = f'⚡ <font color="warning">{words}</font>'
    if notice.link:
        words += f" [{_('look')}]({settings.PUBLIC_BASE_URL.rstrip('/')}{notice.link})"
    if notice.text and notice.count == 1:
        words += f"\n> {cut(_plain(notice.text), TEXT_BYTES)}"
    return words


def _plain(text: str) -> str:
    """One line without marks: what a buyer or clerk typed must not format the message."""
    return " ".join(text.translate(str.maketrans("", "", "<>[]`*")).split())


def _more(count: int) -> str:
    return _("… and %(count)s more in the order center") % {"count": count}


def send_messages() -> int:
    """Send what is due, each robot at its pace; how many calls were made."""
    robots = Robot.objects.filter(is_active=True).values_list("pk", flat=True)
    return sum(_send_all_of(pk) for pk in list(robots))


def _send_all_of(robot_id: int) -> int:
    calls = 0
    while (message := _claim(robot_id)) is not None:
        calls += 1
        robot = message.robot
        verdict = wecom.send_markdown(robot.base_url, robot.credentials["key"], message.content)
        _settle(message, verdict)
    return calls


@transaction.atomic
def _claim(robot_id: int) -> RobotMessage | None:
    """The robot's next message under a lease, with a place in this minute; None when it waits.

    The attempt is counted before the call, so a worker that dies in it has used one up.
    """
    robot = _locked(robot_id)
    at = moments.now()
    if robot is None or (robot.wait_until and robot.wait_until > at):
        return None
    recent = [call for call in robot.recent_calls if call > at - PACE]
    message = _next_due(robot, at)
    if message is None or len(recent) >= wecom.CALLS_PER_MINUTE:
        return None
    robot.recent_calls = [*recent, at]
    robot.save(update_fields=["recent_calls"])
    message.attempts += 1
    message.not_before = at + LEASE
    message.save(update_fields=["attempts", "not_before"])
    return message


def _next_due(robot: Robot, at: datetime) -> RobotMessage | None:
    rows = RobotMessage.objects.filter(
        robot=robot, state=RobotMessage.State.PENDING, not_before__lte=at
    )
    return rows.select_related("robot").order_by("pk").first()


def _settle(message: RobotMessage, verdict: Verdict) -> None:
    """Write down how the call ended, and what follows from it."""
    at = moments.now()
    message.answer = as_note(verdict)
    is_worn_out = message.attempts >= MOST_ATTEMPTS and verdict.wait is None
    if verdict.answer == Answer.OK:
        message.state = RobotMessage.State.SENT
        message.finished_at = at
    elif verdict.answer in (Answer.REFUSED, Answer.AUTH) or is_worn_out:
        message.state = RobotMessage.State.FAILED
        message.finished_at = at
    else:
        seconds = verdict.wait or min(300.0, 5.0 * 2.0**message.attempts)
        message.not_before = at + timedelta(seconds=seconds)
    message.save(update_fields=["answer", "state", "finished_at", "not_before"])
    if verdict.wait is not None:
        Robot.objects.filter(pk=message.robot_id).update(wait_until=message.not_before)
    if message.state == RobotMessage.State.FAILED:
        _report(message, verdict)


def _report(message: RobotMessage, verdict: Verdict) -> None:
    """Tell the administrators; a robot whose key is no good keeps quiet until it is mended."""
    robot = message.robot
    is_key_bad = verdict.answer == Answer.AUTH
    if is_key_bad:
        reason = _("WeCom does not accept the key (%(code)s).") % {"code": verdict.code}
        Robot.objects.filter(pk=robot.pk).update(is_active=False, trouble=reason)
    log.error("robot_message_failed", robot=robot.pk, message=message.pk, code=verdict.code)
    words = {"robot": robot.name, "code": verdict.code}
    notify(
        role=ADMIN_ROLE,
        kind=TROUBLE,
        level=NoticeLevel.ALARM if is_key_bad else NoticeLevel.WARN,
        title=(
            _("Robot %(robot)s is switched off: WeCom does not accept its key (%(code)s)")
            if is_key_bad
            else _("Robot %(robot)s could not deliver a message (%(code)s)")
        )
        % words,
        link=f"/admin/integrations/robot/{robot.pk}/change/",
        group_key=f"robot:{robot.pk}",
        cause=f"robot_message:{message.pk}:{message.attempts}",
    )


def send_again(message_ids: Iterable[int]) -> int:
    """Give failed messages a new set of attempts, from now on; how many."""
    rows = RobotMessage.objects.filter(pk__in=list(message_ids), state=RobotMessage.State.FAILED)
    return rows.update(
        state=RobotMessage.State.PENDING, attempts=0, not_before=moments.now(), finished_at=None
    )


def switch_on(robot_id: int) -> None:
    """The robot speaks again, of what happens from now on."""
    Robot.objects.filter(pk=robot_id).update(
        is_active=True, trouble="", wait_until=None, speaks_since=moments.now()
    )


def has_something_to_say() -> bool:
    """Whether a robot has a message that is due, or news and nothing under way."""
    at = moments.now()
    for robot in Robot.objects.filter(is_active=True).defer("credentials"):
        if robot.wait_until and robot.wait_until > at:
            continue
        pending = robot.messages.filter(state=RobotMessage.State.PENDING)
        if pending.filter(not_before__lte=at).exists():
            return True
        if not pending.exists() and _news(robot).exists():
            return True
    return False
