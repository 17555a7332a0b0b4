"""Paths of the site."""

from django.urls import path
from pages import views

urlpatterns = [path("", views.front, name="front"), path("name", views.name, name="name")]
