"""The URLs of the native API, below /api/v1/. Each area adds its own; none ends in a slash."""

from django.urls import URLPattern, URLResolver, path, re_path

from api.v1 import invoice_urls, merchant_urls, webhook_urls
from api.v1.base import NowhereView
from api.v1.views.analytics import Analytics

urlpatterns: list[URLPattern | URLResolver] = [
    *invoice_urls.urlpatterns,  # first, as they are asked for most
    *merchant_urls.urlpatterns,
    *webhook_urls.urlpatterns,
    path("analytics", Analytics.as_view()),
    # Last: whatever else is asked for below this prefix gets the envelope too.
    re_path(r"", NowhereView.as_view()),
]
