"""How the two ways to sign in are described; the addresses of the description and its page."""

from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

SCHEMA_CACHE_SECONDS = 300


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "orders.api.auth.ApiKeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "<key id>.<secret>"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "orders.api.auth.StaffSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


@method_decorator(cache_page(SCHEMA_CACHE_SECONDS), name="dispatch")
class SchemaView(SpectacularAPIView):
    """The OpenAPI description, for everybody."""

    throttle_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().get(request, *args, **kwargs)
        return answer


class DocsView(SpectacularSwaggerSplitView):
    """The description as a page. Its script is a file of its own, as our CSP demands."""

    throttle_classes = ()
