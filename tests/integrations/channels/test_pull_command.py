"""`manage.py pull`, as a person types it."""

import pytest
from django.core.management import CommandError, call_command

from orders.models import Order
from tests.integrations.channels.conftest import shop_time


def test_it_pulls_a_shop_and_says_what_came(intake, generate, capsys):
    generate(3)

    call_command("pull", "demo1")

    assert Order.objects.count() == 3
    assert "3 placed" in capsys.readouterr().out


def test_it_fills_back_a_range(intake, generate, capsys):
    generate(2, modified_from=shop_time(hours=-20), modified_to=shop_time(hours=-19))

    call_command("pull", "demo1", since=None, until=None)
    assert Order.objects.count() == 0
    call_command(
        "pull", "demo1", f"--since={shop_time(hours=-21)}", f"--until={shop_time(hours=-18)}"
    )

    assert Order.objects.count() == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "demo1, demo2"),
        (["demo1", "--until=2026-11-01"], "--since"),
        (["demo1", "--since=yesterday"], "yesterday"),
        (["demo1", "--since=2001-01-01"], "90"),
    ],
)
def test_it_says_what_is_wrong(intake, arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("pull", *arguments)


def test_trouble_of_the_channel_is_its_own_words(intake):
    intake.simulator.post("taobao/session", shop="demo1", works=False)

    with pytest.raises(CommandError, match="SessionKey"):
        call_command("pull", "demo1")
