"""A headless Chromium for tests: who sits in front of it, what a screen reader and a keyboard find.

Pictures go to the folder that OC_PICTURES names, for people to look at; none are taken without it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.factories import UserFactory

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
PICTURES = os.environ.get("OC_PICTURES", "")
SIZES = {"phone": (390, 844), "desktop": (1366, 800)}
# Milliseconds until a page that doesn't come is a failure.
PATIENCE = 8000
# WCAG 2.2 AA and all that it contains.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_WIDER = "() => document.documentElement.scrollWidth - innerWidth"
# Text that its own box cuts off without a word (an ellipsis says so).
_CLIPPED = """() => [...document.querySelectorAll(
  'h1, h2, p, a, b, li, dt, dd, td, th, label, button, summary, .state')]
  .filter(e => e.offsetParent && e.innerText.trim()
    && ['hidden', 'clip'].includes(getComputedStyle(e).overflowX)
    && getComputedStyle(e).textOverflow !== 'ellipsis'
    && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).position !== 'absolute')
  .map(e => e.outerHTML.slice(0, 200))"""
# What can be read; names of icons are drawn as icons.
_TEXT = """() => [...document.querySelectorAll('body *')].filter(e => e.offsetParent
    && !e.closest('.material-symbols-outlined, .no-translate, script, style'))
  .flatMap(e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data)).join('\\n')"""
# Latin words that are names or codes, whatever the language.
_NAMES = {"staff", "sku", "rma", "pdf", "vip", "excel", "erp", "cny", "api", "csv", "urgent"}
_SEEN = """e => { const s = getComputedStyle(e); return s.boxShadow !== 'none'
  || (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1) }"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; the queries of the test that uses it are its own, whatever loop runs."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright runs a loop in this thread
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            yield browser
            browser.close()
    finally:
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")
        if before is not None:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


def window(
    browser: Browser, address: str, size: str = "phone", role: str = "", scripts: bool = True
) -> Page:
    """A window of this size, in Chinese; with a role somebody of it has signed in."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        java_script_enabled=scripts,
        base_url=address,
    )
    context.set_default_timeout(PATIENCE)
    if role:
        client = Client()
        client.force_login(UserFactory(roles=[role]))
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}
        context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()


def look(page: Page, name: str) -> None:
    """Nothing is wider than the screen, nothing is cut off; with OC_PICTURES a picture is taken."""
    page.wait_for_load_state()  # a click returns before its page is there
    if PICTURES:
        for image in page.locator("img").all():
            image.scroll_into_view_if_needed()
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert page.evaluate(_WIDER) <= 0, name
    clipped, foreign = page.evaluate(_CLIPPED), english(page)
    assert not clipped, f"{name}: {clipped}"
    assert not foreign, f"{name}: {foreign}"


def english(page: Page) -> set[str]:
    """Words on a Chinese page that nobody has translated."""
    words = re.findall(r"(?<![\w/.@-])[A-Za-z][a-z]{2,}(?![\w/.@-])", page.evaluate(_TEXT))
    return {word for word in words if word.lower() not in _NAMES}


def barriers(page: Page) -> list[str]:
    """What keeps somebody with a screen reader or weak eyes out: one line for each finding."""
    options: dict[str, Any] = {"runOnly": WCAG, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{v['impact']} {v['id']}: {node['html'][:160]}" for v in found for node in v["nodes"]]


def tab_to(page: Page, target: Locator, most: int = 80) -> None:
    """Press Tab until `target` has the focus, and the focus can be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("e => e === document.activeElement"):
            assert target.evaluate(_SEEN), f"focus can't be seen on {target}"
            return
    raise AssertionError(f"Tab does not reach {target}")
