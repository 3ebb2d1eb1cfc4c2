"""Every URL of the installation."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from core import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    path("api/v1/", include("api.v1.urls")),
    path("cryptic/", include("api.cryptic.urls")),
    path("selfhosted/", include("api.selfhosted.urls")),
    path("", include("api.urls")),
    path("invoice/", include("paypages.urls")),
    path("embed/", include("paypages.embed_urls")),
    path("", include("paypages.front")),
    path("dashboard/", include("dashboard.account_urls")),
    path("dashboard/", include("dashboard.urls")),
]

handler400 = "config.failures.refused"
handler404 = "config.failures.not_found"
handler500 = "config.failures.crashed"
