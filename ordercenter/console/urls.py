"""Addresses of the console beside the admin pages."""

from django.urls import path
from django.views.i18n import set_language

from integrations.messaging.views import mark_notices_read, notices

urlpatterns = [
    path("language/", set_language, name="set_language"),
    path("notices/", notices, name="notices"),
    path("notices/read/", mark_notices_read, name="mark_notices_read"),
]
