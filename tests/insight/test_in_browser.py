"""The board in a real Chromium, wide and as a telephone, in Chinese."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ordercenter.console.roles import grant_roles
from ordercenter.core import clocks, moments
from orders.insight import keeping
from tests.insight import world
from tests.support.browsing import PICTURES, SIZES, window

pytestmark = [pytest.mark.browser, pytest.mark.processes]
WIDE = "() => document.documentElement.scrollWidth - innerWidth"
# Text that does not fit its box.
CLIPPED = """() => [...document.querySelectorAll('.oc-numbers dt, .oc-numbers dd, .oc-numbers h3,'
  + '.oc-figure-value, .oc-numbers th, .oc-numbers td')]
  .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML)"""


@pytest.mark.parametrize("size", SIZES)
def test_a_supervisor_goes_from_a_number_to_its_orders(committed_db, live_server, browser, size):
    # The story is told again so that it ends today: the browser's server knows no other day.
    with world.ending(moments.now() - timedelta(hours=3)):
        orders = world.tell_story()
    clocks.sweep()
    world.tell_everybody()
    keeping.rebuild()
    grant_roles()
    page = window(browser, live_server.url, size, "supervisor")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))

    page.goto(f"{live_server.url}/admin/")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"numbers-{size}.png", full_page=True)
    assert page.evaluate(WIDE) <= 0
    assert page.evaluate(CLIPPED) == []
    assert [text for text in refused if "Security Policy" in text] == []

    page.get_by_role("link", name="一年").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/?span=365*")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"numbers-year-{size}.png", full_page=True)
    figure = page.locator(".oc-figure", has_text="准时出库率")
    figure.locator("div", has_text="超时出库").get_by_role("link").click()
    page.get_by_text("数字对应的明细").wait_for()
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"numbers-behind-{size}.png", full_page=True)

    assert page.evaluate(WIDE) <= 0
    assert orders["late"].number in page.content()
    assert orders["on time"].number not in page.content()
    page.get_by_role("link", name="显示全部").click()
    page.get_by_text(orders["on time"].number).first.wait_for()
