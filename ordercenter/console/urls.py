"""Addresses of the console beside the admin pages."""

from django.urls import path

from integrations.messaging.views import mark_notices_read, notices

urlpatterns = [
    path("notices/", notices, name="notices"),
    path("notices/read/", mark_notices_read, name="mark_notices_read"),
]
