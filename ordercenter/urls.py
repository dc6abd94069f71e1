"""All addresses (DESIGN 10)."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from ordercenter.engine import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("console/", include("ordercenter.console.urls")),
    path("api/", include("rma.api.urls")),
    path("api/", include("orders.fulfilment.api.urls")),
    path("api/", include("orders.sheets.api.urls")),
    path("api/", include("integrations.partners.api.urls")),
    path("api/", include("orders.api.urls")),
    path("scan/returns/", include("rma.urls")),
    path("scan/", include("orders.fulfilment.urls")),
    path("numbers/", include("orders.insight.urls")),
    path("", include("orders.care.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("", include("integrations.urls")),
]

handler500 = "ordercenter.core.api.problems.server_error"
