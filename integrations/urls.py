"""Addresses that other systems call."""

from django.urls import path

from integrations.tracking.views import kuaidi100_push

urlpatterns = [path("hooks/kuaidi100/<str:token>/", kuaidi100_push, name="kuaidi100_push")]
