"""The URL of the installation's front page."""

from django.urls import path

from paypages import views

urlpatterns = [path("", views.home, name="home")]
