"""Addresses under /api/. Rooms above add theirs in ordercenter/urls.py, before these."""

from django.urls import path, re_path

from ordercenter.core.api.verbs import verb_view
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
    *(
        re_path(
            rf"{_ORDER}{verb.name}/$",
            verb_view(views.OrderVerbView, verb, noun="orders", answer="Order"),
            name=f"api-order-{verb.name}",
        )
        for verb in VERBS
    ),
    path("v1/stock/", ShopStockView.as_view(), name="api-stock"),
    path("v1/schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
    re_path(r"", UnknownAddress.as_view()),
]
