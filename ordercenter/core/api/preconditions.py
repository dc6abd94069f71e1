"""Who writes says what they saw; who reads says what they have (RFC 9110, ETag = version)."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from ordercenter.core.errors import ChangedMeanwhile, DomainError

_STRONG = re.compile(r'"(\d{1,9})"', re.ASCII)
_ANY_TAG = re.compile(r'(?:W/)?"([^"]*)"')


class VersionMissing(DomainError):
    """A change without the version it was decided on."""

    code = "version_required"
    status = 428
    title = _("Say which version you looked at: send its ETag as If-Match.")


class VersionUnreadable(DomainError):
    """An If-Match that names no single version."""

    code = "version_unreadable"
    status = 400
    title = _('If-Match must be the ETag of one version, such as "7".')


def seen_version(request: Request) -> int:
    """The version that the caller decided on.

    Raises `VersionMissing` without If-Match, `VersionUnreadable` for `*`, a list or anything
    else that is no ETag of ours, `ChangedMeanwhile` for a weak one, which matches nothing.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise VersionMissing
    if match := _STRONG.fullmatch(header):
        return int(match[1])
    if header.startswith("W/") and _STRONG.fullmatch(header[2:]):
        raise ChangedMeanwhile(_("A weak ETag never matches. Send the ETag as you received it."))
    raise VersionUnreadable


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def is_known(request: Request, version: int) -> bool:
    """True when the caller's If-None-Match names this version: answer 304."""
    header = request.headers.get("If-None-Match", "").strip()
    return header == "*" or str(version) in _ANY_TAG.findall(header)
