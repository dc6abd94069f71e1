"""Addresses of returns under /api/."""

from django.urls import path, re_path

from ordercenter.core.api.verbs import verb_routes
from rma.api import views
from rma.api.verbs import VERBS

_RETURN = rf"^v1/returns/(?P<number>{views.NUMBER})/"

urlpatterns = [
    path("v1/returns/", views.ReturnsView.as_view(), name="api-returns"),
    re_path(rf"{_RETURN}$", views.ReturnView.as_view(), name="api-return"),
    *verb_routes(
        _RETURN, views.ReturnVerbView, VERBS, noun="returns", answer="Return", name="api-return"
    ),
]
