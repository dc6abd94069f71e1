"""Every refusal over HTTP as problem details (RFC 9457) with a stable `code`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from ordercenter.core.errors import DomainError

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"

# Refusals that DRF makes: its exception, our code, our words.
_OF_DRF: tuple[tuple[type[Exception], str, str | Promise], ...] = (
    (exceptions.ParseError, "malformed", _("The request can't be read.")),
    (exceptions.NotAuthenticated, "not_authenticated", _("Sign in, or send your API key.")),
    (exceptions.AuthenticationFailed, "not_authenticated", _("This API key is not valid.")),
    (exceptions.PermissionDenied, "forbidden", _("You are not allowed to do this.")),
    (exceptions.NotFound, "not_found", _("Not found.")),
    (
        exceptions.MethodNotAllowed,
        "method_not_allowed",
        _("This address does not take that method."),
    ),
    (exceptions.NotAcceptable, "not_acceptable", _("This API answers in JSON only.")),
    (exceptions.UnsupportedMediaType, "unsupported_media_type", _("Send the body as JSON.")),
    (exceptions.Throttled, "too_many_requests", _("Too many requests. Wait, then go on.")),
)


def answer_problem(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The problem details for a refusal; None for what is a fault of ours and must be seen."""
    if isinstance(error, DomainError):
        return _answer(error.status, error.code, error.title, str(error), error.details)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _answer_drf(error)
    if isinstance(error, DataError):
        log.warning("data_error_answered", error=str(error))
        return _answer(400, "malformed", _("The request can't be read."), "", {})
    if isinstance(error, OperationalError):
        # A deadlock, a lost connection: nothing was done, and the next attempt may succeed.
        log.warning("database_trouble_answered", error=str(error))
        response = _answer(503, "try_again", _("This did not work out. Try again."), "", {})
        response["Retry-After"] = "1"
        return response
    return None


def _answer_drf(error: exceptions.APIException) -> Response:
    code, title = _words_for(error)
    detail = str(error.detail) if isinstance(error.detail, str) else ""
    response = _answer(error.status_code, code, title, detail, {})
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response


def _words_for(error: exceptions.APIException) -> tuple[str, str | Promise]:
    for kind, code, title in _OF_DRF:
        if isinstance(error, kind):
            return code, title
    return "refused", str(error)


def _answer(
    status: int, code: str, title: str | Promise, detail: str, more: Mapping[str, Any]
) -> Response:
    body = {**more, **problem(status, code, title, detail)}
    return Response(body, status=status, content_type=CONTENT_TYPE)


def problem(status: int, code: str, title: str | Promise, detail: str = "") -> dict[str, Any]:
    """The members that every problem has."""
    return {
        "type": f"urn:ordercenter:problem:{code}",
        "title": str(title),
        "status": status,
        "code": code,
        "detail": detail or str(title),
    }


def server_error(request: HttpRequest) -> HttpResponse:
    """What a fault of ours looks like: problem details under /api/, Django's page elsewhere."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    body = problem(500, "fault", _("Something went wrong on our side. It has been logged."))
    return JsonResponse(body, status=500, content_type=CONTENT_TYPE)
