"""No other site makes a visitor's browser send one of our forms: every URL of the map, whatever it does."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve

from api.base import ApiView
from api.documentation import schema
from api.selfhosted.documentation import schema as selfhosted_schema
from tests.url_map import places

FOREIGN = {"origin": "https://evil.example", "referer": "https://evil.example/x"}
# Views without Django's check: programs have no cookies to be tricked with, and these read none.
OF_PROGRAMS = (schema, selfhosted_schema)


def is_of_programs(place):
    return place.view in OF_PROGRAMS or issubclass(getattr(place.view, "view_class", object), ApiView)


PAGES = [place for place in places() if not is_of_programs(place)]


def test_the_map_is_walked_to_its_end():
    routes = {place.route for place in places()}

    assert {"healthz", "dashboard/team/", "embed/invoice/<str:public_id>/option", "api/v1/invoices"} <= routes
    assert len(PAGES) > 150
    assert [place.route for place in places() if resolve(place.path).func is not place.view] == []


@pytest.mark.parametrize("headers", [FOREIGN, {}, {"origin": "null"}], ids=["another site", "unsaid", "hidden"])
def test_every_page_refuses_a_form_of_another_site(headers):
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)

    answers = {place.route: browser.post(place.path, {"x": "1"}, headers=headers).status_code for place in PAGES}

    assert {route: status for route, status in answers.items() if status != 403} == {}


def test_the_api_knows_no_cookie():
    """A browser that is signed in is nobody to the API: there is nothing that a forged request could use."""
    assert not {"sessions", "auth", "csrf"} & {name.split(".")[2] for name in settings.API_MIDDLEWARE}
    for place in places():
        view = getattr(place.view, "view_class", None)
        if view is not None and issubclass(view, ApiView):
            assert tuple(view.authentication_classes) == (), place.route
