"""Every door for a URL of a merchant's, held against one table of hostile ones: nothing inside ever hears of it."""

import socket

import pytest
from django.utils import timezone

from core import http
from core.http import Forbidden, RequestFailed
from invoices.models import Invoice
from tests.api.conftest import Api
from tests.api.orders import ORDER
from tests.core.test_http import names, receiving
from tests.factories import make_invoice, make_merchant
from tests.hostile import ANSWERS, urls
from webhooks.models import Attempt, Delivery, WebhookEndpoint
from webhooks.services import EndpointOrder, create_endpoint, send_test

DOORS = {
    "get": lambda url: http.get(url, headers={}, timeout=5),
    "post": lambda url: http.post(url, body=b"{}", headers={}, timeout=5),
    # A merchant's own list of addresses opens nothing that is shut.
    "post to a listed address": lambda url: http.post(
        url, body=b"{}", headers={}, timeout=5, allowed_ips=["0.0.0.0/0", "::/0"]
    ),
}


@pytest.fixture
def inside():
    """A server on this machine, and what it heard."""
    with receiving() as (port, heard):
        yield int(port), heard


@pytest.fixture
def no_names(monkeypatch):
    """A name server that nobody may ask; the engines of the tests have addresses."""
    real = socket.getaddrinfo

    def never(host, *rest, **more):
        assert host == "127.0.0.1", host
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", never)


def refusal(door, url):
    """Return what became of a request: the kind of its failure, or what was answered."""
    try:
        return DOORS[door](url).body
    except RequestFailed as failure:
        return type(failure)


@pytest.mark.parametrize("door", DOORS)
def test_the_door_out_refuses_what_leads_inside(inside, door):
    port, heard = inside

    told = {kind: refusal(door, url) for kind, url in urls(port).items()}

    # Names below localhost are left to the resolver; where it knows them, to what it answers.
    assert {kind for kind, what in told.items() if what is not Forbidden} <= {"a name below the name"}
    assert {told["a name below the name"]} <= {Forbidden, RequestFailed}
    assert heard == []


@pytest.mark.parametrize("door", DOORS)
def test_a_name_that_leads_inside_is_refused(inside, monkeypatch, door):
    port, heard = inside

    for kind, answer in ANSWERS.items():
        names(monkeypatch, answer)
        assert refusal(door, f"http://{kind.replace(' ', '-').lower()}.example:{port}/") is Forbidden, kind

    assert heard == []


@pytest.mark.parametrize("door", DOORS)
def test_a_name_that_leads_elsewhere_the_second_time_leads_nowhere_inside(inside, monkeypatch, door):
    """The address that was checked is the one that is called: nobody asks the name server again in between."""
    port, heard = inside
    reached = []
    names(monkeypatch, ["192.0.0.9"], ["127.0.0.1"])
    monkeypatch.setattr("core.targets.is_public", lambda address: str(address) == "192.0.0.9")
    real = socket.socket.connect

    def connect(self, address):
        reached.append(address[0])
        if address[0] == "192.0.0.9":
            raise OSError("no way there")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)

    assert refusal(door, f"http://shop.example:{port}/") is RequestFailed
    assert heard == []
    assert "127.0.0.1" not in reached


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
class TestWhereTheyAreGiven:
    @pytest.fixture
    def api(self):
        from merchants.services import Grant, KeyOrder, create_api_key

        merchant = make_merchant(timezone.now())
        order, grant = KeyOrder("x", livemode=False, permissions=["*"]), Grant(livemode=True, permissions=["*"])
        return Api(create_api_key(merchant=merchant, order=order, grant=grant, now=timezone.now())[1])

    @pytest.mark.usefixtures("no_names")
    def test_no_endpoint_has_one(self, api):
        taken = {}
        for kind, url in urls().items():
            answer = api.post("/webhook-endpoints", {"url": url, "events": ["*"]})
            taken[kind] = (answer.status, answer.body["error"].get("field") if answer.status >= 400 else None)

        assert {kind: told for kind, told in taken.items() if told != (422, "url")} == {}
        assert not WebhookEndpoint.objects.exists()

    @pytest.mark.usefixtures("no_names")
    def test_no_endpoint_is_moved_to_one(self, api):
        made = api.post("/webhook-endpoints", {"url": "https://shop.example/", "events": ["*"]}).body["id"]

        answers = {kind: api.patch(f"/webhook-endpoints/{made}", {"url": url}).status for kind, url in urls().items()}

        assert set(answers.values()) == {422}
        assert WebhookEndpoint.objects.get().url == "https://shop.example/"

    @pytest.mark.usefixtures("no_names")
    def test_no_invoice_has_one(self, api):
        answers = {kind: api.post("/invoices", ORDER | {"webhook_url": url}).status for kind, url in urls().items()}

        assert set(answers.values()) == {422}
        assert not Invoice.objects.exists()

    def test_no_logo_is_fetched(self, api, inside):
        port, heard = inside

        for url in urls(port).values():
            assert api.patch("/merchants/me", {"settings": {"logo": url}}).status in {403, 422}

        assert heard == []

    def test_an_endpoint_that_leads_inside_only_now_is_not_called(self, inside, monkeypatch):
        """It was fine when it was made; meanwhile its name, or what is stored, leads to us."""
        port, heard = inside
        merchant = make_merchant(timezone.now())
        order = EndpointOrder(f"http://shop.example:{port}/", events=["*"])
        endpoint, _ = create_endpoint(merchant=merchant, livemode=False, order=order, now=timezone.now())
        names(monkeypatch, ["127.0.0.1"])

        for url in (endpoint.url, f"http://127.0.0.1:{port}/", f"http://2130706433:{port}/"):
            WebhookEndpoint.objects.update(url=url)
            told = send_test(merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, now=timezone.now())
            assert (told.delivered_at, told.response_code) == (None, None)

        assert heard == []
        assert Attempt.objects.exclude(response_code=None).count() == 0
        assert Delivery.objects.filter(status="delivered").count() == 0
        assert make_invoice(merchant, timezone.now()).webhook_url == ""
