"""What a person wanted when somebody else was faster; kept in the session until they decide."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

_KEY = "wishes"
_KEPT = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """The button that was pressed, and the form's body as it was sent."""

    button: str
    body: str


def keep(request: HttpRequest, button: str, data: QueryDict) -> str:
    """Remember the wish; the token that finds it again. The oldest of more than five is dropped."""
    data = data.copy()
    data.pop("csrfmiddlewaretoken", None)
    kept: dict[str, list[str]] = request.session.get(_KEY, {})
    token = secrets.token_urlsafe(8)
    kept[token] = [button, data.urlencode()]
    request.session[_KEY] = dict(list(kept.items())[-_KEPT:])
    return token


def find(request: HttpRequest, token: str) -> Wish | None:
    """The wish behind the token, None when it was decided or dropped."""
    found = request.session.get(_KEY, {}).get(token)
    return None if found is None else Wish(*found)


def forget(request: HttpRequest, token: str) -> None:
    """The person has decided."""
    kept = request.session.get(_KEY, {})
    if kept.pop(token, None) is not None:
        request.session[_KEY] = kept
