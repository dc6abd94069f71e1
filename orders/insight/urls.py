"""Addresses of the numbers."""

from django.urls import path

from orders.insight.views import export

app_name = "insight"
urlpatterns = [path("export/", export, name="export")]
