"""Robots speak to a WeCom over real sockets."""

import logging
from datetime import datetime, time, timedelta

import pytest

from integrations.channels.base import Answer
from integrations.messaging import robots, wecom
from integrations.messaging.notices import notify
from integrations.messaging.tasks import send_robot_messages
from integrations.models import Notice, NoticeLevel, Robot, RobotMessage
from ordercenter.core import moments
from ordercenter.core.moments import SHANGHAI
from tests.integrations.messaging.conftest import ROBOT_KEY


def tell(title: str, **changes: object) -> None:
    notify(**{"role": "cs", "kind": "order.new", "title": title, "group_key": title, **changes})


def states() -> list[str]:
    return list(RobotMessage.objects.order_by("pk").values_list("state", flat=True))


def later(minutes: float):
    return moments.pretend(moments.now() + timedelta(minutes=minutes))


def test_tells_what_is_new_once(robot, simulator):
    tell("新订单 OC1", link="/admin/orders/order/1/change/", text="王小明")

    assert send_robot_messages() == 1
    assert send_robot_messages() == 0

    (message,) = simulator.messages()
    assert message["msgtype"] == "markdown"
    assert "新订单 OC1" in message["text"]
    assert "/admin/orders/order/1/change/)" in message["text"]
    assert states() == ["sent"]


def test_several_notices_are_one_message_alarms_first(robot, simulator):
    tell("普通 1")
    tell("加急 2", level=NoticeLevel.ALARM)
    tell("普通 3")

    send_robot_messages()

    (message,) = simulator.messages()
    first, second, third = message["text"].split("\n")
    assert "⚡" in first and "加急 2" in first
    assert ("普通 1" in second, "普通 3" in third) == (True, True)


def test_a_group_is_told_with_its_number_when_its_minute_is_over(robot, simulator):
    group = {"group_key": "", "group_title": "新订单 %(count)s 个"}
    # Within one minute, whatever the clock says.
    with moments.pretend(moments.now().replace(second=1) + timedelta(minutes=1)):
        for number in range(137):
            tell("新订单", cause=f"event:{number}", **group)
        during = send_robot_messages()
    with later(2):
        send_robot_messages()

    assert during == 0
    (message,) = simulator.messages()
    assert "新订单 137 个" in message["text"]


@pytest.mark.parametrize(
    ("roles", "kinds", "heard"),
    [
        ([], [], {"甲", "乙", "丙"}),
        (["cs"], [], {"甲", "乙"}),
        ([], ["stock.low"], {"乙", "丙"}),
        (["cs"], ["stock.low"], {"乙"}),
    ],
)
def test_a_robot_tells_what_its_roles_and_kinds_name(robot, simulator, roles, kinds, heard):
    Robot.objects.update(roles=roles, kinds=kinds)
    tell("甲")
    tell("乙", kind="stock.low")
    tell("丙", kind="stock.low", role="supervisor")

    send_robot_messages()

    said = simulator.messages()[0]["text"]
    assert {word for word in "甲乙丙" if word in said} == heard


def test_personal_notices_stay_inside(robot, simulator, clerk):
    tell("你的订单", role="", user=clerk.pk)

    assert send_robot_messages() == 0


@pytest.mark.django_db
def test_a_new_robot_does_not_tell_old_stories(simulator):
    tell("昨天")
    Robot.objects.create(
        name="新群",
        base_url=simulator.base_url,
        credentials={"key": ROBOT_KEY},
        speaks_since=moments.now(),
    )

    assert send_robot_messages() == 0


@pytest.mark.parametrize(
    ("clock", "is_quiet"),
    [("21:59", False), ("22:00", True), ("03:00", True), ("07:59", True), ("08:00", False)],
)
def test_quiet_hours_go_past_midnight(clock, is_quiet):
    robot = Robot(quiet_from=time(22), quiet_until=time(8))
    hour, minute = map(int, clock.split(":"))

    assert robot.is_quiet(datetime(2026, 11, 22, hour, minute, tzinfo=SHANGHAI)) is is_quiet


def test_in_quiet_hours_only_alarms_are_told_the_rest_comes_afterwards(robot, simulator):
    Robot.objects.update(
        quiet_from=time(22), quiet_until=time(8), speaks_since=datetime(2026, 1, 1, tzinfo=SHANGHAI)
    )
    with moments.pretend(datetime(2026, 11, 22, 23, 0, tzinfo=SHANGHAI)):
        tell("普通")
        tell("加急", level=NoticeLevel.ALARM)
        send_robot_messages()
        at_night = [message["text"] for message in simulator.messages()]
    with moments.pretend(datetime(2026, 11, 23, 8, 1, tzinfo=SHANGHAI)):
        send_robot_messages()

    assert len(at_night) == 1 and "加急" in at_night[0] and "普通" not in at_night[0]
    morning = simulator.messages()[-1]["text"]
    assert "普通" in morning and "加急" not in morning


def test_never_more_than_twenty_calls_in_a_minute(robot, simulator):
    for number in range(25):
        RobotMessage.objects.create(robot=robot, content=f"第 {number} 条")

    assert send_robot_messages() == 20
    assert send_robot_messages() == 0
    assert simulator.counters()["refusals"].get("wecom", {}) == {}
    soon = moments.now().astimezone(SHANGHAI) + timedelta(seconds=61)
    simulator.post("clock", now=f"{soon:%Y-%m-%d %H:%M:%S}")
    with later(1.02):
        assert send_robot_messages() == 5
    assert simulator.counters()["refusals"].get("wecom", {}) == {}
    assert len(simulator.messages()) == 25


def test_too_often_is_waited_out_without_an_end(robot, simulator):
    simulator.fault("wecom", "error", errcode=45009, errmsg="api freq out of limit")
    tell("新订单")

    assert send_robot_messages() == 1
    assert send_robot_messages() == 0
    with later(0.9):
        assert send_robot_messages() == 0
    with later(1.1):
        assert send_robot_messages() == 1

    assert states() == ["sent"]
    assert len(simulator.messages()) == 1


def test_a_bad_key_switches_the_robot_off_and_alarms_the_administrators(robot, simulator):
    Robot.objects.update(credentials={"key": "ocoooooo-0000-4000-8000-00000000dead"})
    tell("新订单")

    assert send_robot_messages() == 1
    tell("又一个")
    assert send_robot_messages() == 0

    robot.refresh_from_db()
    alarm = Notice.objects.get(role="admin")
    assert (robot.is_active, "93000" in robot.trouble) == (False, True)
    assert (alarm.level, "93000" in alarm.headline) == ("alarm", True)
    assert states() == ["failed"]
    assert "dead" not in str(RobotMessage.objects.get().answer)


def test_a_mended_robot_speaks_again(robot, simulator):
    Robot.objects.update(is_active=False, trouble="x")
    tell("以前")
    robots.switch_on(robot.pk)
    tell("现在")

    send_robot_messages()

    (message,) = simulator.messages()
    assert "现在" in message["text"] and "以前" not in message["text"]


def test_a_robot_does_not_tell_of_its_own_trouble(robot, simulator):
    simulator.fault("wecom", "error", errcode=40058)
    tell("新订单")

    send_robot_messages()
    send_robot_messages()

    assert states() == ["failed"]
    assert Notice.objects.get(role="admin").level == "warn"
    assert simulator.messages() == []


def test_a_refused_message_can_be_sent_again(robot, simulator):
    simulator.fault("wecom", "error", errcode=40058)
    tell("新订单")
    send_robot_messages()

    assert robots.send_again([RobotMessage.objects.get().pk]) == 1
    send_robot_messages()

    assert (states(), len(simulator.messages())) == (["sent"], 1)


@pytest.mark.parametrize("kind", ["http_502", "truncated", "cut"])
def test_what_is_no_answer_is_tried_again(robot, simulator, kind):
    simulator.fault("wecom", kind)
    tell("新订单")

    send_robot_messages()
    waiting = RobotMessage.objects.get()
    with later(1):
        send_robot_messages()

    assert (waiting.state, waiting.attempts) == ("pending", 1)
    assert states() == ["sent"]


def test_gives_up_after_eight_attempts_and_says_so(robot, simulator):
    Robot.objects.update(base_url="http://127.0.0.1:9")
    tell("新订单")
    for attempt in range(9):
        with later(10 * attempt):
            send_robot_messages()

    message = RobotMessage.objects.get()
    assert (message.state, message.attempts) == ("failed", 8)
    assert Notice.objects.filter(role="admin").count() == 1


def test_a_worker_that_dies_in_a_call_has_used_up_an_attempt(robot, simulator, monkeypatch):
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    tell("新订单")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("integrations.messaging.robots.wecom.send_markdown", die)
        send_robot_messages()
    during = RobotMessage.objects.get()
    assert send_robot_messages() == 0
    with later(1.1):
        assert send_robot_messages() == 1

    assert (during.state, during.attempts) == ("pending", 1)
    assert len(simulator.messages()) == 1


def test_a_flood_fits_into_one_message_and_says_what_it_leaves_out(robot, simulator):
    for number in range(300):
        tell(f"第 {number} 条,标题很长很长很长", link=f"/admin/orders/order/{number}/change/")

    send_robot_messages()

    (message,) = simulator.messages()
    assert len(message["text"].encode()) <= wecom.MARKDOWN_BYTES
    shown = message["text"].count("/admin/orders/order/")
    assert 20 < shown < 300
    assert str(300 - shown) in message["text"].rsplit("\n", 1)[1]
    assert send_robot_messages() == 0


def test_what_a_buyer_typed_does_not_format_the_message(robot, simulator):
    tell('<font color="info">[点我](http://evil)</font>')

    send_robot_messages()

    assert "](http://evil" not in simulator.messages()[0]["text"]
    assert "<font" not in simulator.messages()[0]["text"]


def test_the_key_is_in_no_log_and_no_row(robot, simulator, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    simulator.fault("wecom", "cut")
    tell("新订单")
    send_robot_messages()
    with later(1):
        send_robot_messages()

    assert states() == ["sent"]
    assert ROBOT_KEY not in caplog.text
    stored = Robot.objects.extra(select={"raw": "credentials"}).values_list("raw", flat=True).get()
    assert ROBOT_KEY not in stored


def test_the_limit_is_wecoms_own(simulator):
    fits, too_long = "订" * (4096 // 3), "订" * (4096 // 3 + 1)

    assert wecom.send_markdown(simulator.base_url, ROBOT_KEY, fits).answer == Answer.OK
    with pytest.raises(ValueError, match="4096"):
        wecom.send_markdown(simulator.base_url, ROBOT_KEY, too_long)


def test_two_workers_at_once_say_everything_once(race, simulator):
    Robot.objects.create(name="群", base_url=simulator.base_url, credentials={"key": ROBOT_KEY})
    for number in range(5):
        tell(f"第 {number} 条")

    outcomes = race(*[send_robot_messages] * 4, meet_after="integrations.messaging.robots._locked")

    assert sorted(outcomes) == [0, 0, 0, 1]
    assert len(simulator.messages()) == 1
