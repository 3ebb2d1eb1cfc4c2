"""The URLs of the native API, below /api/v1/. Each area adds its own; none ends in a slash."""

from django.urls import URLPattern, URLResolver, re_path

from api.v1.errors import unknown_url

urlpatterns: list[URLPattern | URLResolver] = [
    # Last: whatever else is asked for below this prefix gets the envelope too.
    re_path(r"", unknown_url),
]
