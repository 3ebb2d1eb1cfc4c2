"""The URLs of Cryptic's API, below /cryptic/."""

from django.urls import URLPattern, URLResolver, path, re_path

from api.cryptic import views
from api.cryptic.base import NowhereView
from api.cryptic.openapi import SchemaDocument, reference

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/invoices", views.InvoiceList.as_view()),
    path("api/v1/invoices/<str:invoice_id>", views.InvoiceDetail.as_view()),
    path("api/v1/invoices/<str:invoice_id>/public", views.PublicInvoice.as_view()),
    path("api/schema/", SchemaDocument.as_view(), name="cryptic-schema"),
    path("docs", reference, name="cryptic-docs"),
    # Last: whatever else is asked for below this prefix is told in this format's shape.
    re_path(r"", NowhereView.as_view()),
]
