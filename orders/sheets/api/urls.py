"""Addresses of sheets under /api/."""

from django.urls import path

from orders.sheets.api import views

urlpatterns = [
    path("v1/sheets/orders/", views.OrderSheetView.as_view(), name="api-sheet-orders"),
    path("v1/sheets/runs/<int:pk>/", views.SheetRunView.as_view(), name="api-sheet-run"),
    path(
        "v1/sheets/runs/<int:pk>/result/",
        views.SheetResultView.as_view(),
        name="api-sheet-result",
    ),
]
