"""Which language a page speaks: Chinese, unless the person has chosen another."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation import check_for_language

API = "/api/"


class ChosenLanguage(LocaleMiddleware):
    """The choice is kept in a cookie; what a browser prefers decides for programs only.

    Staff sit at machines of many languages and read one and the same screen together.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(API):
            super().process_request(request)
            return
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        known = dict(settings.LANGUAGES)
        language = chosen if chosen in known and check_for_language(chosen) else ""
        translation.activate(language or settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()
