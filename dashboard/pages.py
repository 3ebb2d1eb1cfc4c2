"""Answering with a page: one way for all views of the dashboard."""

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def show(request: HttpRequest, name: str, *, form: BaseForm | None = None, **shown: object) -> HttpResponse:
    """Answer with ``templates/dashboard/<name>.html``; 422 when the form was filled in wrongly."""
    status = 422 if form is not None and form.errors else 200
    return render(request, f"dashboard/{name}.html", {"form": form, **shown}, status=status)
