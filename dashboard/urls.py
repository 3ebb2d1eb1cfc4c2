"""The merchant's URLs, below ``/dashboard/``; those of people's own accounts are in account_urls.py."""

from django.contrib.auth import views as auth
from django.urls import URLPattern, path

from dashboard.accounts.first_password import FirstPasswordView
from dashboard.views import (
    api_keys,
    businesses,
    customers,
    deposits,
    invoices,
    links,
    overview,
    payouts,
    requests,
    sessions,
    team,
    wallets,
)

app_name = "dashboard"

urlpatterns: list[URLPattern] = [
    path("", sessions.home, name="home"),
    path("merchant/", sessions.choose_merchant, name="merchant"),
    path("mode/", sessions.choose_mode, name="mode"),
    path("overview/", overview.overview, name="overview"),
    path("invoices/", invoices.invoice_list, name="invoices"),
    path("invoices/<str:invoice_id>/", invoices.invoice_detail, name="invoice"),
    path("invoices/<str:invoice_id>/cancel/", invoices.cancel_invoice, name="invoice_cancel"),
    path("invoices/<str:invoice_id>/accept/", invoices.accept_invoice, name="invoice_accept"),
    path("customers/", customers.customer_list, name="customers"),
    path("customers/add/", customers.add_customer, name="customer_add"),
    path("customers/<str:customer_id>/", customers.customer_detail, name="customer"),
    path("payment-links/", links.link_list, name="payment_links"),
    path("payment-links/add/", links.add_link, name="payment_link_add"),
    path("payment-links/<str:link_id>/", links.link_detail, name="payment_link"),
    path("payment-links/<str:link_id>/change/", links.change_link, name="payment_link_change"),
    path("payment-links/<str:link_id>/switch/", links.switch_link, name="payment_link_switch"),
    path("api-keys/", api_keys.key_list, name="api_keys"),
    path("api-keys/add/", api_keys.add_key, name="api_key_add"),
    path("api-keys/quick-start/", api_keys.quick_start, name="quick_start"),
    path("api-keys/<str:key_id>/rotate/", api_keys.rotate_key, name="api_key_rotate"),
    path("api-keys/<str:key_id>/revoke/", api_keys.revoke_key, name="api_key_revoke"),
    path("requests/", requests.request_list, name="requests"),
    path("wallets/", wallets.wallet_list, name="wallets"),
    path("wallets/add/", wallets.add_wallet, name="wallet_add"),
    path("wallets/<str:wallet_id>/remove/", wallets.remove_wallet, name="wallet_remove"),
    path("wallets/<str:wallet_id>/addresses/", wallets.add_addresses, name="wallet_addresses"),
    path("deposits/", deposits.deposit_list, name="deposits"),
    path("deposits/<str:deposit_id>/", deposits.deposit_detail, name="deposit"),
    path("payouts/", payouts.payout_list, name="payouts"),
    path("payouts/<str:payout_id>/", payouts.payout_detail, name="payout"),
    path("payouts/<str:payout_id>/withdraw/", payouts.withdraw_refund, name="payout_withdraw"),
    path("refunds/<str:refund_id>/send/", payouts.send_refund, name="payout_send"),
    path("team/", team.member_list, name="team"),
    path("team/invite/", team.invite, name="team_invite"),
    path("team/leave/", team.leave, name="team_leave"),
    path("team/invitations/<str:invitation_id>/again/", team.invite_again, name="team_invite_again"),
    path("team/invitations/<str:invitation_id>/withdraw/", team.withdraw, name="team_withdraw"),
    path("team/<str:member_id>/", team.change_role, name="team_role"),
    path("team/<str:member_id>/remove/", team.remove, name="team_remove"),
    path("business/new/", businesses.open_business, name="business_new"),
    path("invitation/<str:token>/", team.invitation, name="invitation"),
    path("password/<uidb64>/<token>/", FirstPasswordView.as_view(), name="password"),
    path(
        "password/done/",
        auth.PasswordResetCompleteView.as_view(template_name="registration/password_chosen.html"),
        name="password_chosen",
    ),
]
