"""What tests and demo may do with the group robots, under ``/control/wecom/``."""

from typing import Any

from ..inputs import Input, Routes
from .robot import Robots


class WeComControl:
    """Adds robots and shows what they said."""

    def __init__(self, robots: Robots) -> None:
        self._robots = robots

    def routes(self) -> Routes:
        """The addresses below ``/control/``."""
        return {
            ("POST", "wecom/keys"): (self._robot_key, "key"),
            ("GET", "wecom/messages"): (self._messages, "key"),
        }

    def _robot_key(self, given: Input) -> dict[str, Any]:
        self._robots.keys.add(given.text("key"))
        return {"keys": sorted(self._robots.keys)}

    def _messages(self, given: Input) -> dict[str, Any]:
        key = given.text("key", "")
        messages = [m.describe() for m in self._robots.messages if key in ("", m.key)]
        return {"messages": messages}
