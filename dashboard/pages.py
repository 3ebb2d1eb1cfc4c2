"""Answering with a page: one way for all views of the dashboard."""

from io import BytesIO

import qrcode
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from qrcode.image.svg import SvgPathImage


def show(request: HttpRequest, name: str, *, form: BaseForm | None = None, **shown: object) -> HttpResponse:
    """Answer with ``templates/dashboard/<name>.html``; 422 when the form was filled in wrongly."""
    status = 422 if form is not None and form.errors else 200
    return render(request, f"dashboard/{name}.html", {"form": form, **shown}, status=status)


def code_of(text: str) -> SafeString:
    """Draw a QR code to stand in the page: modules as one path, no text."""
    drawn: str = qrcode.make(text, image_factory=SvgPathImage, border=2).to_string(encoding="unicode")
    return SafeString(drawn[drawn.index("<svg") :])


def picture_of(text: str) -> bytes:
    """Draw a QR code as PNG, large enough to print."""
    drawn = BytesIO()
    qrcode.make(text, box_size=12, border=4).save(drawn, "PNG")
    return drawn.getvalue()
