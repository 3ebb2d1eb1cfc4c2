"""Merchants, API keys, tokens and wallets."""

from django.urls import URLPattern, path

from api.v1.views import api_keys, merchants, wallets

urlpatterns: list[URLPattern] = [
    path("merchants", merchants.MerchantList.as_view()),
    path("merchants/me", merchants.OwnMerchant.as_view()),
    path("merchants/me/rotate-webhook-secret", merchants.WebhookSecret.as_view()),
    path("auth/token", api_keys.Token.as_view()),
    path("api-keys", api_keys.APIKeyList.as_view()),
    path("api-keys/<str:key_id>", api_keys.APIKeyDetail.as_view()),
    path("api-keys/<str:key_id>/rotate", api_keys.APIKeyRotation.as_view()),
    path("wallets", wallets.WalletList.as_view()),
    path("wallets/preview", wallets.WalletPreview.as_view()),
    path("wallets/<str:wallet_id>", wallets.WalletDetail.as_view()),
    path("wallets/<str:wallet_id>/addresses", wallets.WalletAddresses.as_view()),
]
