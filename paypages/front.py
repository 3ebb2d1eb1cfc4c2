"""The URLs beside the pay page: the installation's front page, and the page of a refund."""

from django.urls import path

from paypages import views
from paypages.refunds import refund_page

urlpatterns = [
    path("", views.home, name="home"),
    path("refund/<str:token>", refund_page, name="refund"),
]
