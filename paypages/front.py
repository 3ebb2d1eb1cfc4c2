"""The URLs beside the pay page: the installation's front page, payment links, a refund's page, merchants' looks."""

from django.urls import path

from paypages import views
from paypages.brand import colours, logo_file
from paypages.embedding import script
from paypages.links import link_page
from paypages.refunds import refund_page
from paypages.sample import scheme_colours, scheme_sheet
from paypages.status import status_page

urlpatterns = [
    path("", views.home, name="home"),
    path("status", status_page, name="status"),
    path("brand/<str:colour>.css", colours, name="brand-colours"),
    path("brand/<str:scheme>/styles.css", scheme_sheet, name="brand-scheme"),
    path("brand/<str:scheme>/<str:colour>.css", scheme_colours, name="brand-colours-of"),
    path("brand/logo/<str:digest>", logo_file, name="brand-logo"),
    path("checkout.js", script, {"name": "checkout.js"}, name="checkout-script"),
    path("checkout.d.ts", script, {"name": "checkout.d.ts"}),
    path("l/<str:slug>", link_page, name="link"),
    path("checkout/<str:session_id>", views.checkout_page, name="checkout"),
    path("inv_<str:rest>", views.short_page, name="short"),
    path("refund/<str:token>", refund_page, name="refund"),
]
