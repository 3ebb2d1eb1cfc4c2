"""Where invoices, payments and what belongs to them are found, below /api/v1/."""

from django.urls import URLPattern, path

from api.v1.views import invoices, market, payments, public, sandbox, selling, settlements

urlpatterns: list[URLPattern] = [
    path("invoices", invoices.InvoiceList.as_view()),
    path("invoices/<str:invoice_id>", invoices.InvoiceDetail.as_view()),
    path("invoices/<str:invoice_id>/cancel", invoices.InvoiceCancellation.as_view()),
    path("invoices/<str:invoice_id>/accept", invoices.InvoiceAcceptance.as_view()),
    path("invoices/<str:invoice_id>/refund", invoices.InvoiceRefunds.as_view()),
    path("payments", payments.PaymentList.as_view()),
    path("payments/<str:payment_id>", payments.PaymentDetail.as_view()),
    path("refunds", payments.RefundList.as_view()),
    path("refunds/<str:refund_id>", payments.RefundDetail.as_view()),
    path("refunds/<str:refund_id>/qr", payments.RefundQRCode.as_view()),
    path("refunds/<str:refund_id>/send", payments.RefundSending.as_view()),
    path("refunds/<str:refund_id>/complete", payments.RefundCompletion.as_view()),
    path("refunds/<str:refund_id>/cancel", payments.RefundCancellation.as_view()),
    path("deposits", payments.DepositList.as_view()),
    path("deposits/<str:deposit_id>/resolve", payments.DepositResolution.as_view()),
    path("settlements", settlements.SettlementList.as_view()),
    path("settlements/<str:settlement_id>", settlements.SettlementDetail.as_view()),
    path("balances", settlements.BalanceList.as_view()),
    path("payment-links", selling.PaymentLinkList.as_view()),
    path("payment-links/<str:link_id>", selling.PaymentLinkDetail.as_view()),
    path("checkout-sessions", selling.CheckoutSessionList.as_view()),
    path("checkout-sessions/<str:session_id>", selling.CheckoutSessionDetail.as_view()),
    path("customers", selling.CustomerList.as_view()),
    path("customers/<str:customer_id>", selling.CustomerDetail.as_view()),
    path("rates", market.RateList.as_view()),
    path("assets", market.AssetList.as_view()),
    path("sandbox/transfers", sandbox.SandboxTransfers.as_view()),
    path("sandbox/blocks", sandbox.SandboxBlocks.as_view()),
    path("sandbox/reorgs", sandbox.SandboxReorgs.as_view()),
    path("sandbox/expirations", sandbox.SandboxExpirations.as_view()),
    path("sandbox/failures", sandbox.SandboxFailures.as_view()),
    path("public/invoice/<str:invoice_id>", public.PublicInvoice.as_view()),
    path("public/invoice/<str:invoice_id>/option", public.PublicOption.as_view()),
    path("public/invoice/<str:invoice_id>/qr", public.PublicQRCode.as_view()),
]
