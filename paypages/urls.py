"""The customer's URLs, below ``/invoice/``."""

from django.urls import path

from paypages import views

app_name = "paypages"
urlpatterns = [
    path("<str:public_id>", views.invoice_page, name="invoice"),
    path("<str:public_id>/live", views.invoice_live, name="live"),
    path("<str:public_id>/sandbox", views.pay_on_sandbox, name="sandbox"),
]
