"""The URLs of the documentation."""

from django.urls import URLPattern, path

from api import documentation

urlpatterns: list[URLPattern] = [
    path("api/schema/", documentation.schema, name="schema"),
    path("docs/", documentation.reference, name="docs"),
    path("docs/errors", documentation.errors, name="docs-errors"),
]
