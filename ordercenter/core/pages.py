"""What the hand-written pages share: who may come in, what was entered, printed pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from django.utils.translation import gettext as _

from ordercenter.core.errors import BadInput

View = Callable[..., Any]


def only_for(permission: str) -> Callable[[View], View]:
    """Views for people who hold the permission: others are refused, or sent to sign in first."""

    def guard(view: View) -> View:
        return login_required(permission_required(permission, raise_exception=True)(view))

    return guard


def posted_number(request: HttpRequest, name: str, default: str = "") -> int:
    """The whole number of 0 or more that was entered under this name. Raises `BadInput`."""
    text = request.POST.get(name, "").strip() or default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadInput(_("Enter a whole number."), fields={name: ["number"]})
    return int(text)


def inline_pdf(pdf: bytes, name: str) -> HttpResponse:
    """A printed page that the browser shows, and saves under `<name>.pdf`."""
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer


def unless_same(request: HttpRequest, mark: str, make: Callable[[], HttpResponse]) -> HttpResponse:
    """What `make` answers, or 304 to who has the content of this mark already. For them alone."""
    etag = f'"{mark}"'
    is_known = etag in parse_etags(request.headers.get("If-None-Match", ""))
    answer = HttpResponseNotModified() if is_known else make()
    answer["ETag"] = etag
    patch_cache_control(answer, private=True, no_cache=True)
    return answer
