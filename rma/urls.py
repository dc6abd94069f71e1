"""Addresses of the page where returned goods are received."""

from django.urls import path

from rma import views

app_name = "returns"
urlpatterns = [
    path("", views.home, name="home"),
    path("unknown/", views.unknown, name="unknown"),
    path("<str:number>/", views.card, name="card"),
    path("<str:number>/<slug:verb>/", views.step, name="step"),
]
