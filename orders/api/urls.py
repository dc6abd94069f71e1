"""Addresses under /api/. Rooms above add theirs in ordercenter/urls.py, before these."""

from django.urls import path, re_path

from ordercenter.core.api.verbs import verb_routes
from ordercenter.core.api.views import UnknownAddress
from orders.api import views
from orders.api.reading import NUMBER
from orders.api.schema import DocsView, SchemaView
from orders.api.stock import ShopStockView
from orders.api.verbs import VERBS

_ORDER = rf"^v1/orders/(?P<number>{NUMBER})/"

urlpatterns = [
    path("v1/orders/", views.OrdersView.as_view(), name="api-orders"),
    re_path(rf"{_ORDER}$", views.OrderView.as_view(), name="api-order"),
    re_path(rf"{_ORDER}timeline/$", views.TimelineView.as_view(), name="api-order-timeline"),
    *verb_routes(
        _ORDER, views.OrderVerbView, VERBS, noun="orders", answer="Order", name="api-order"
    ),
    path("v1/stock/", ShopStockView.as_view(), name="api-stock"),
    path("v1/schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
    re_path(r"", UnknownAddress.as_view()),
]
