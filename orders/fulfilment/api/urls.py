"""Addresses of shipments under /api/."""

from django.urls import path, re_path

from ordercenter.core.api.verbs import verb_routes
from orders.fulfilment.api import views
from orders.fulfilment.api.verbs import VERBS

_SHIPMENT = rf"^v1/shipments/(?P<number>{views.NUMBER})/"

urlpatterns = [
    path("v1/shipments/", views.ShipmentsView.as_view(), name="api-shipments"),
    re_path(rf"{_SHIPMENT}$", views.ShipmentView.as_view(), name="api-shipment"),
    re_path(rf"{_SHIPMENT}label/$", views.LabelView.as_view(), name="api-shipment-label"),
    *verb_routes(
        _SHIPMENT,
        views.ShipmentVerbView,
        VERBS,
        noun="shipments",
        answer="Shipment",
        name="api-shipment",
    ),
]
