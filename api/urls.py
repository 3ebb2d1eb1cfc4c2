"""The URLs of the documentation, and of the operator's metrics."""

from django.urls import URLPattern, path

from api import documentation
from api.metrics.view import metrics

urlpatterns: list[URLPattern] = [
    path("api/schema/", documentation.schema, name="schema"),
    path("docs/", documentation.reference, name="docs"),
    path("docs/errors", documentation.errors, name="docs-errors"),
    path("docs/audit", documentation.audit, name="docs-audit"),
    path("metrics", metrics, name="metrics"),
]
