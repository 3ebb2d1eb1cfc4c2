"""The URLs of the documentation, and of the operator's metrics."""

from django.urls import URLPattern, path

from api import documentation
from api.metrics.view import metrics

urlpatterns: list[URLPattern] = [
    path("api/schema/", documentation.schema, name="schema"),
    path("docs/", documentation.page, name="docs"),
    path("docs/reference", documentation.reference, name="docs-reference"),
    path("docs/<path:address>", documentation.page, name="docs-page"),
    path("metrics", metrics, name="metrics"),
]
