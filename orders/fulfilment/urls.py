"""Addresses of the scan page."""

from django.urls import path

from orders.fulfilment import views

app_name = "scan"
urlpatterns = [
    path("", views.home, name="home"),
    path("<str:number>/", views.card, name="card"),
    path("<str:number>/label.pdf", views.label, name="label"),
    path("<str:number>/<slug:verb>/", views.step, name="step"),
]
