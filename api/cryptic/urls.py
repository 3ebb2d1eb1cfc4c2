"""The URLs of Cryptic's API, below /cryptic/."""

from django.urls import URLPattern, URLResolver, re_path

from api.cryptic.base import NowhereView

urlpatterns: list[URLPattern | URLResolver] = [
    # Last: whatever else is asked for below this prefix is told in this format's shape.
    re_path(r"", NowhereView.as_view()),
]
