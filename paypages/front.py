"""The URLs beside the pay page: the installation's front page, payment links, and the page of a refund."""

from django.urls import path

from paypages import views
from paypages.links import link_page
from paypages.refunds import refund_page

urlpatterns = [
    path("", views.home, name="home"),
    path("l/<str:slug>", link_page, name="link"),
    path("refund/<str:token>", refund_page, name="refund"),
]
