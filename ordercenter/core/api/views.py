"""The base of every API view."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ordercenter.core.actor import Actor

NEVER_SHARED = "private, no-cache"


def actor_of(request: Request) -> Actor:
    """Who asks; made once, when they were authenticated."""
    return cast(Actor, request.auth)


class ApiView(APIView):
    """A view for an actor who came with a key or a session. Its answers are for them alone."""

    # Who may read; changing is checked by the actions.
    reading_needs: ClassVar[str] = ""

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return actor_of(self.request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.reading_needs and request.method in ("GET", "HEAD"):
            self.actor.require(self.reading_needs)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", NEVER_SHARED)
        patch_vary_headers(answer, ("Authorization", "Cookie"))
        return answer


class UnknownAddress(APIView):
    """An address under /api/ that leads nowhere."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound

    def get(self, request: Request) -> Response:
        """Never reached: the address is refused before its method is looked at."""
        raise NotFound
