"""Every URL of the installation."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from core import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
]
if find_spec("api.v1.urls"):
    urlpatterns.append(path("api/v1/", include("api.v1.urls")))
if find_spec("api.urls"):
    urlpatterns.append(path("", include("api.urls")))
if find_spec("paypages.urls"):
    urlpatterns.append(path("invoice/", include("paypages.urls")))
    urlpatterns.append(path("", include("paypages.front")))
if find_spec("dashboard.urls"):
    urlpatterns.append(path("dashboard/", include("dashboard.urls")))

handler400 = "config.failures.refused"
handler404 = "config.failures.not_found"
handler500 = "config.failures.crashed"
