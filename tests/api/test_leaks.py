"""A key or a token in a URL is refused, and its owner hears of it."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core import mail
from django.utils import timezone

from api.errors import CredentialInURL
from api.v1.stream_access import StreamRequest, admit
from events.models import Event
from events.outbox import dispatch_all
from merchants import services
from merchants.models import APIKey, Member
from tests.api.conftest import Api

PLACES = [
    "/invoices?api_key={}",
    "/invoices/{}",
    "/merchants/me?x={}&y=1",
    "/public/invoice/inv_x?key={}",
    "/x/{}",
    f"/invoices?x={'y' * 30_000}&key={{}}",
]


@pytest.fixture
def token(anybody, account):
    return anybody.post("/auth/token", {"grant_type": "api_key", "api_key": account.api_key}).body["access_token"]


def exposures():
    return list(Event.objects.filter(type="api_key.exposed").order_by("sequence"))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("credential", ["", "good"])
def test_a_key_in_a_url_is_refused_and_reported(account, place, credential):
    answer = Api(account.api_key if credential else "").get(place.format(account.api_key))

    assert (answer.status, answer.body["error"]["code"]) == (400, "CREDENTIAL_IN_URL")
    (event,) = exposures()
    assert (event.merchant_id, event.object_id, event.livemode) == (
        account.merchant.pk,
        account.live_key.public_id,
        True,
    )
    assert account.api_key not in str(event.data)
    assert account.api_key not in str(answer.body)
    assert event.data["where"].startswith("/api/v1/")


@pytest.mark.parametrize("where", ["/api/{}", "/api/v9/x?k={}", "/selfhosted/api/v1/{}", "/cryptic/api/v1/x?{}"])
def test_where_there_is_nothing_it_is_refused_and_reported_too(account, client, where):
    answer = client.get(where.format(account.api_key))

    assert (answer.status_code, b"URL_NOT_FOUND" in answer.content) == (400, False)
    assert [event.object_id for event in exposures()] == [account.live_key.public_id]


def test_a_token_in_a_url_is_refused_and_its_key_reported(account, anybody, token):
    answer = anybody.get(f"/invoices?access_token={token}")

    assert (answer.status, answer.body["error"]["code"]) == (400, "CREDENTIAL_IN_URL")
    assert [event.object_id for event in exposures()] == [account.live_key.public_id]


def test_hidden_by_escapes_it_is_found_all_the_same(account, anybody):
    escaped = "".join(f"%{ord(character):02x}" for character in account.api_key)

    assert anybody.get(f"/invoices?key={escaped}").status == 400
    assert anybody.get(f"/invoices?key={quote(account.api_key[:8])}%5f").status == 401
    assert len(exposures()) == 1


def test_what_only_looks_like_a_key_is_refused_in_the_same_words(account, anybody):
    real, invented = (anybody.get(f"/invoices?key={key}") for key in (account.api_key, "sk_live_" + "a" * 32))

    assert real.status == invented.status
    assert real.body["error"] == invented.body["error"]
    assert len(exposures()) == 1


def test_a_key_that_opens_nothing_any_more_is_no_news(account, anybody):
    APIKey.objects.filter(pk=account.live_key.pk).update(revoked_at=timezone.now())

    assert anybody.get(f"/invoices?key={account.api_key}").status == 400
    assert exposures() == []


def test_it_is_told_once_a_day(account, anybody):
    for _ in range(3):
        anybody.get(f"/invoices?key={account.api_key}")
    assert len(exposures()) == 1

    key = account.live_key
    assert services.report_exposure(key=key, where="/x", now=timezone.now() + timedelta(days=1, seconds=1)) is True


def test_the_owner_gets_a_mail_without_the_key(account, anybody):
    dispatch_all()
    Member.objects.update(created_at=timezone.now() - timedelta(days=1))
    anybody.get(f"/invoices?key={account.api_key}")
    dispatch_all()

    services.send_mails(now=timezone.now())

    told = mail.outbox[-1]
    assert "stood in a URL" in told.body
    assert told.to == ["admin@acmevpn.com"]
    assert account.api_key not in told.body


def test_words_that_begin_like_one_are_searched_for(api):
    assert api.get("/invoices?search=sk_live_").status == 200
    assert api.get("/invoices?search=eyJ.x.y").status == 200


@pytest.mark.parametrize("path", ["/api/v1/events/stream", "/api/v1/public/invoice/inv_x/events"])
def test_event_streams_refuse_it_too(account, path):
    request = StreamRequest("GET", path, {"authorization": f"Bearer {account.api_key}"}, {"k": [account.api_key]}, "")

    with pytest.raises(CredentialInURL):
        admit(request)
    assert len(exposures()) == 1
