"""What callers of the control interface give, with its types checked."""

from collections.abc import Callable
from typing import Any

_MISSING: Any = object()


class Input:
    """The members of a control body or query, each taken once with its type checked."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = dict(values)

    def text(self, name: str, default: str = _MISSING) -> str:
        """A text."""
        value = self._take(name, default)
        if not isinstance(value, str):
            raise ValueError(f"{name} is a text")
        return value

    def number(self, name: str, default: float = _MISSING) -> float:
        """A number of nought or more, also as text (queries have only text)."""
        value = self._take(name, default)
        number = float(value) if isinstance(value, (int, float, str)) else -1.0
        if isinstance(value, bool) or not 0 <= number < float("inf"):
            raise ValueError(f"{name} is a number of 0 or more")
        return number

    def whole(self, name: str, default: int = _MISSING) -> int:
        """A whole number of nought or more; trade numbers may come as text."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, str)) or int(value) < 0:
            raise ValueError(f"{name} is a whole number")
        return int(value)

    def flag(self, name: str, default: bool = _MISSING) -> bool:
        """True or false."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise ValueError(f"{name} is true or false")
        return value

    def table(self, name: str) -> dict[str, Any]:
        """An object; empty when absent."""
        value = self._take(name, {})
        if not isinstance(value, dict):
            raise ValueError(f"{name} is an object")
        return value

    def row(self, name: str) -> list[Any]:
        """A list; empty when absent."""
        value = self._take(name, [])
        if not isinstance(value, list):
            raise ValueError(f"{name} is a list")
        return value

    def has(self, name: str) -> bool:
        """Whether it is there and not taken yet."""
        return name in self._values

    def rest_after(self, *names: str) -> list[str]:
        """The names of members that are there beside these."""
        return sorted(self._values.keys() - set(names))

    def rest(self) -> dict[str, Any]:
        """Everything not taken so far, taken now."""
        rest, self._values = self._values, {}
        return rest

    def _take(self, name: str, default: Any) -> Any:
        value = self._values.pop(name, default)
        if value is _MISSING:
            raise ValueError(f"{name} is missing")
        return value


# A route's work, and the names of the members it takes; "*" takes any.
Route = tuple[Callable[[Input], Any], str]
Routes = dict[tuple[str, str], Route]
