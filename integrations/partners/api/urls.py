"""Addresses of webhooks under /api/."""

from django.urls import path, re_path

from integrations.partners.api import views
from integrations.partners.api.verbs import ROTATE, VERBS
from ordercenter.core.api.verbs import verb_routes

_WEBHOOK = rf"^v1/webhooks/(?P<number>{views.NUMBER})/"

urlpatterns = [
    path("v1/webhooks/", views.WebhooksView.as_view(), name="api-webhooks"),
    re_path(rf"{_WEBHOOK}$", views.WebhookView.as_view(), name="api-webhook"),
    re_path(rf"{_WEBHOOK}status/$", views.WebhookStatusView.as_view(), name="api-webhook-status"),
    re_path(
        rf"{_WEBHOOK}deliveries/$",
        views.WebhookDeliveriesView.as_view(),
        name="api-webhook-deliveries",
    ),
    *verb_routes(
        _WEBHOOK,
        views.WebhookVerbView,
        VERBS,
        noun="webhooks",
        answer="Webhook",
        name="api-webhook",
    ),
    *verb_routes(
        _WEBHOOK,
        views.RotateView,
        (ROTATE,),
        noun="webhooks",
        answer="WebhookWithSecret",
        name="api-webhook",
    ),
]
