"""What every answer says to browsers: every URL of the map, whether it is found, refused, or leads elsewhere."""

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from config.wsgi import application
from core import exact_json
from tests.url_map import places

ALWAYS = {
    "X-Content-Type-Options": {"nosniff"},
    "X-Frame-Options": {"DENY"},
    "Referrer-Policy": {"same-origin"},
    "Cross-Origin-Opener-Policy": {"same-origin"},
}
# The reference's own library styles its elements directly; it shows nothing of anybody's.
STYLED_BY_SCRIPTS = ("docs/", "selfhosted/docs", "cryptic/docs")
EVIL = ("'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:", "data:")


@pytest.fixture
def answers(db, valkey):
    client = Client(raise_request_exception=False)
    return {place.route: client.get(place.path) for place in places()}


def test_every_answer_is_guarded(answers):
    for route, answer in answers.items():
        told = {name: answer.headers.get(name) for name in ALWAYS}
        assert {name: value for name, value in told.items() if value not in ALWAYS[name]} == {}, route
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            policy = answer.headers["Content-Security-Policy"]
            assert {"base-uri 'none'", "frame-ancestors 'none'"} <= set(policy.split("; ")), route
            if not route.startswith(STYLED_BY_SCRIPTS):
                assert [source for source in EVIL if source in policy.replace("img-src 'self' data:", "")] == [], route
        else:
            assert answer.status_code >= 300 or answer.headers["Content-Type"] != "", route


def test_cookies_are_out_of_the_reach_of_scripts_and_of_other_sites(answers):
    cookies = {
        (name, cookie["httponly"], cookie["samesite"]) for a in answers.values() for name, cookie in a.cookies.items()
    }

    assert cookies == {("csrftoken", True, "Lax")}
    assert (settings.SESSION_COOKIE_HTTPONLY, settings.SESSION_COOKIE_SAMESITE) == (True, "Lax")


def served(path, **environ):
    """Ask as a web server does: the API has a shorter chain of middleware there, which the test client passes by."""
    told = {}
    request = RequestFactory().get(path, **environ).environ
    body = b"".join(application(request, lambda status, headers: told.update(dict(headers), status=status[:3])))
    return told, body


@pytest.mark.parametrize(
    "path", ["/api/v1/assets", "/selfhosted/api/v1/events", "/cryptic/api/v1/invoices", "/nothing"]
)
def test_the_chain_that_serves_guards_its_answers_too(db, valkey, path):
    told, _ = served(path)

    assert {name: value for name, value in ALWAYS.items() if {told.get(name)} != value} == {}
    assert told["X-Request-ID"].startswith("req_")


def test_the_chain_that_serves_the_api_refuses_other_hosts(settings):
    settings.ALLOWED_HOSTS = ["pay.example.com"]

    told, body = served("/api/v1/assets", HTTP_HOST="evil.example.com")

    assert (told["status"], exact_json.loads(body)["error"]["code"]) == ("400", "BAD_REQUEST")
