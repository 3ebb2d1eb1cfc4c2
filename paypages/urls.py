"""The customer's URLs, below ``/invoice/``."""

from django.urls import path

from paypages import views
from paypages.options import choose
from paypages.receipt import receipt_file, receipt_page
from paypages.refunds import refund_of_invoice
from paypages.reports import report_transaction

app_name = "paypages"
urlpatterns = [
    path("<str:public_id>", views.invoice_page, name="invoice"),
    path("<str:public_id>/live", views.invoice_live, name="live"),
    path("<str:public_id>/receipt", receipt_page, name="receipt"),
    path("<str:public_id>/receipt.pdf", receipt_file, name="receipt-file"),
    path("<str:public_id>/option", choose, name="option"),
    path("<str:public_id>/transaction", report_transaction, name="report"),
    path("<str:public_id>/refund/<str:refund_id>", refund_of_invoice, name="invoice-refund"),
    path("<str:public_id>/sandbox", views.pay_on_sandbox, name="sandbox"),
]
