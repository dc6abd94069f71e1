"""Addresses of shipments under /api/."""

from django.urls import path, re_path

from ordercenter.core.api.verbs import verb_view
from orders.fulfilment.api import views
from orders.fulfilment.api.verbs import VERBS

_SHIPMENT = rf"^v1/shipments/(?P<number>{views.NUMBER})/"

urlpatterns = [
    path("v1/shipments/", views.ShipmentsView.as_view(), name="api-shipments"),
    re_path(rf"{_SHIPMENT}$", views.ShipmentView.as_view(), name="api-shipment"),
    re_path(rf"{_SHIPMENT}label/$", views.LabelView.as_view(), name="api-shipment-label"),
    *(
        re_path(
            rf"{_SHIPMENT}{verb.name}/$",
            verb_view(views.ShipmentVerbView, verb, noun="shipments", answer="Shipment"),
            name=f"api-shipment-{verb.name}",
        )
        for verb in VERBS
    ),
]
