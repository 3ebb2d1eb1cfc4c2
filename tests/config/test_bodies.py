"""A body is taken as it was sent: whole, however its length is told, or not at all."""

from io import BytesIO

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.urls import reverse

from config.wsgi import application
from core import exact_json

pytestmark = pytest.mark.usefixtures("valkey")
TOKEN = "a" * 32  # any will do, if cookie and form agree
SIGN_UP = b'{"business_name": 7, "contact_email": 7}'


def ask(body, *, declared=None, path="/api/v1/merchants", content_type="application/json"):
    """Send ``body`` as a server hands it over; ``declared`` is its length, None of one that came in chunks."""
    environ = RequestFactory().post(path, content_type=content_type).environ
    environ["HTTP_COOKIE"] = f"{settings.CSRF_COOKIE_NAME}={TOKEN}"
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = "" if declared is None else str(declared)
    statuses = []
    answer = application(environ, lambda status, _headers: statuses.append(int(status.split()[0])))
    return statuses[0], b"".join(answer)


def code_of(answer):
    return answer[0], exact_json.loads(answer[1])["error"]["code"]


def test_a_body_in_chunks_is_read():
    assert code_of(ask(SIGN_UP)) == (422, "INVALID_TYPE")
    assert code_of(ask(SIGN_UP, declared=len(SIGN_UP))) == (422, "INVALID_TYPE")
    assert code_of(ask(b"")) == (422, "MISSING_FIELD")


@pytest.mark.parametrize("size", [1_000_001, 3_000_000])
def test_a_body_in_chunks_may_be_no_longer_than_any_other(size):
    assert code_of(ask(b" " * size)) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("sent", [b"", b"{}", SIGN_UP])
def test_a_body_that_ends_early_is_refused_whatever_is_there(sent):
    assert code_of(ask(sent, declared=len(sent) + 1)) == (400, "BAD_REQUEST")


@pytest.mark.django_db
@pytest.mark.parametrize("missing", [0, 3])
@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/x-www-form-urlencoded", f"csrfmiddlewaretoken={TOKEN}&login=a&password=1".encode()),
        (
            "multipart/form-data; boundary=x",
            f'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{TOKEN}\r\n--x--\r\n'.encode(),
        ),
    ],
)
def test_a_form_that_ends_early_is_not_acted_upon(content_type, form, missing):
    status, _ = ask(form, declared=len(form) + missing, path=reverse("account_login"), content_type=content_type)

    assert status == (403 if missing else 422)
