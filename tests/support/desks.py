"""Windows in which somebody of a role has signed in by hand, for the roads through the admin."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from playwright.sync_api import Browser, ConsoleMessage, Request, expect

from ordercenter.core import outbox
from tests.factories import UserFactory
from tests.support.browsing import SIZES

PASSWORD = "a-long-pass-phrase"
DESKTOP, PHONE = ({"width": w, "height": h} for w, h in (SIZES["desktop"], SIZES["phone"]))


class Desk:
    """A browser window in which one role has signed in; remembers what went wrong in it."""

    def __init__(self, browser: Browser, address: str, role: str, size: dict[str, int]) -> None:
        self.address = address
        self.window = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]}, locale="zh-CN"
        )
        self.page = self.window.new_page()
        self.troubles: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", self._watch)
        user = UserFactory(roles=[role])
        user.set_password(PASSWORD)
        user.save()
        self.page.goto(self.address + reverse("admin:login"))
        self.page.fill("[name=username]", user.username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/admin/")

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(message.text)

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.troubles.append(f"asked outside: {request.url}")

    def open(self, page: str, *args: Any, query: str = "") -> None:
        """Go to a page of the admin."""
        self.page.goto(self.address + reverse(f"admin:{page}", args=args) + query)

    def has_button(self, verb: str) -> bool:
        """Whether the page offers this action."""
        return self.page.locator(f"#do-{verb}").count() == 1

    def press(self, verb: str, **fields: str) -> None:
        """Open the button's dialog, fill it in, send it, and wait for the page to come back."""
        self.page.click(f"#do-{verb}")
        dialog = self.page.locator("#dialog")
        expect(dialog).to_be_visible()
        # The dialog puts the focus into its first field; what is typed before goes astray.
        dialog.locator(":focus").wait_for()
        for name, value in fields.items():
            field = dialog.locator(f"[name={name}]")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        with self.page.expect_navigation():
            dialog.locator("button[type=submit]").click()


def let_the_relay_work() -> None:
    """Deliver all news that waits for a handler of ours."""
    while outbox.drain("local"):
        pass
