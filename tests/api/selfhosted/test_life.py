"""A session from opening to payment: what its reader, its webhook receiver and the other formats see."""

import hashlib
import hmac
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core import exact_json
from events.models import Event
from events.outbox import dispatch
from invoices.models import Invoice, PaymentLink
from invoices.services import cancel_invoice, expire_due
from merchants.secrets import KeyFormat
from merchants.services import KeyOrder
from merchants.services.keys import issue_first_key
from payments.services import scan
from tests.api.selfhosted.conftest import BASE
from tests.factories import make_invoice
from tests.webhooks.receiver import Receiver, serve
from webhooks import services
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.services import EndpointOrder

pytestmark = pytest.mark.usefixtures("in_ether")
WANTED = {"amount": {"value": "50.00", "currency": "USD"}, "metadata": {"order": "7"}}


@pytest.fixture
def session(checkout):
    return checkout.post("/checkout_sessions", WANTED).body


@pytest.fixture
def pay(native, session):
    """Send a share of what is asked to the session, late or in time, confirmed by so many blocks."""

    def pay(*, share: str = "1", blocks: int = 20, late: bool = False) -> None:
        invoice = session["id"].replace("cs_", "inv_")
        amount = exact_json.loads(session["amount"]["value"]) * exact_json.loads(share)
        if late:
            Invoice.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
            expire_due(now=timezone.now())
        native.post("/sandbox/transfers", {"invoice": invoice, "amount": amount})
        if blocks:
            native.post("/sandbox/blocks", {"count": blocks})
        scan(network="sandbox", now=timezone.now())
        dispatch()

    return pay


def told(checkout):
    return [(event["type"], event["data"]["status"]) for event in reversed(checkout.get("/events").body["data"])]


@pytest.mark.parametrize(
    ("how", "status", "events"),
    [
        ({"blocks": 0}, "detected", ["detected"]),
        ({}, "paid", ["paid"]),
        ({"late": True}, "paid_late", ["expired", "paid_late"]),
        ({"share": "0.4"}, "underpaid", ["underpaid"]),
        ({"share": "1.5"}, "overpaid", ["paid", "overpaid"]),
    ],
)
def test_its_status_follows_the_money_and_each_event_says_what_was(checkout, session, pay, how, status, events):
    pay(**how)

    now = checkout.get(f"/checkout_sessions/{session['id']}").body
    assert now["status"] == status
    assert now["txHash"]
    assert (now["paidAt"] is not None) == status.startswith(("paid", "over"))
    assert told(checkout) == [("session.created", "pending"), *((f"session.{event}", event) for event in events)]


def test_it_expires_and_it_fails_when_the_merchant_cancels_it(checkout, merchant, session):
    other = checkout.post("/checkout_sessions", WANTED).body
    cancel_invoice(
        merchant=merchant,
        livemode=False,
        public_id=other["id"].replace("cs_", "inv_"),
        reason="",
        now=timezone.now(),
    )
    expire_due(now=timezone.now() + timedelta(seconds=301))
    dispatch()

    statuses = [each["status"] for each in checkout.get("/checkout_sessions").body["data"]]
    assert statuses == ["failed", "expired"]
    assert told(checkout)[2:] == [("session.failed", "failed"), ("session.expired", "expired")]


def test_an_event_names_a_transaction_only_once_it_was_there(checkout, session, pay):
    pay()

    named = {event["type"]: event["data"]["txHash"] for event in checkout.get("/events").body["data"]}

    assert named["session.created"] is None
    assert named["session.paid"] == checkout.get(f"/checkout_sessions/{session['id']}").body["txHash"] is not None


def test_what_was_made_in_one_moment_is_on_one_page_each_and_none_is_left_out(checkout):
    made = {checkout.post("/payment_links", {"title": "VPN", "fiatAmount": "1.00"}).body["id"] for _ in range(4)}
    PaymentLink.objects.update(created_at=timezone.now())

    found, cursor = [], ""
    while cursor is not None:
        page = checkout.get(f"/payment_links?limit=1{cursor}").body
        found += [link["id"] for link in page["data"]]
        cursor = f"&starting_after={page['nextCursor']}" if page["hasMore"] else None

    assert (len(found), set(found)) == (4, made)


def test_the_price_of_ether_is_in_dollars_whatever_the_session_is_in_and_nothing_for_another_asset(checkout, session):
    path = f"/checkout_sessions/{session['id']}"
    prices = {
        "currency": "EUR",
        "total": Decimal("100.00"),
        "total_usd": Decimal("110.00"),
        "rate": Decimal("2000.006"),
    }

    Invoice.objects.update(**prices)
    in_euros = checkout.get(path).body
    Invoice.objects.update(asset_code="USDT", amount_units=100_000_000)
    in_tether = checkout.get(path).body

    assert (in_euros["ethPriceUsd"], in_euros["fiat"]) == ("2200.01", {"amount": "100.00", "currency": "EUR"})
    assert (in_tether["ethPriceUsd"], in_tether["amount"]["wei"], in_tether["amount"]["eth"]) == (None, None, None)
    assert (in_tether["amount"]["units"], in_tether["amount"]["value"]) == ("100000000", "100.00")


def test_events_are_narrowed_by_type_and_time_and_turned_by_cursor(checkout, session, pay):
    pay(late=True)

    def types(query: str) -> list[str]:
        return [event["type"] for event in checkout.get(f"/events?{query}").body["data"]]

    first = checkout.get("/events?limit=2").body
    assert [event["type"] for event in first["data"]] == ["session.paid_late", "session.expired"]
    assert (first["hasMore"], first["nextCursor"]) == (True, first["data"][1]["id"])
    assert types(f"limit=2&starting_after={first['nextCursor']}") == ["session.created"]
    assert types("type=session.paid_late") == ["session.paid_late"]
    assert types("type=session.paid") == []
    assert types("type=session.pending") == ["session.created"]
    assert types("createdAfter=2999-01-01T00:00:00Z") == []
    event = first["data"][0]
    assert checkout.get(f"/events/{event['id']}").body == event
    untold = Event.objects.filter(type="payment.detected").first()
    assert checkout.get(f"/events/{untold.public_id}").status == 404


@pytest.fixture
def receiver(settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    receiver = Receiver()
    server = serve(receiver)
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def endpoint(checkout, merchant, receiver):
    """An endpoint of the format; its receiver is here, where no https is."""
    made = checkout.post("/webhook_endpoints", {"url": "https://shop.example/hook", "events": ["session.paid"]}).body
    WebhookEndpoint.objects.update(url=receiver.url("/hook"))
    order = EndpointOrder(url=receiver.url("/native"), events=["invoice.paid"])
    services.create_endpoint(merchant=merchant, livemode=False, order=order, now=timezone.now())
    return made


def is_genuine(secret, request, *, now):
    """Check a delivery as the format's page about signatures says."""
    parts = dict(part.split("=") for part in request.headers["X-Webhook-Signature"].split(","))
    signed = f"{parts['t']}.".encode() + request.body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return (
        abs(now - int(parts["t"])) <= 300
        and request.headers["X-Webhook-Timestamp"] == parts["t"]
        and hmac.compare_digest(digest, parts["v1"])
    )


def test_a_receiver_gets_the_envelope_signed_the_same_bytes_at_every_attempt(
    checkout, session, pay, endpoint, receiver
):
    receiver.status = 500
    pay()
    [delivery] = Delivery.objects.filter(endpoint__format="selfhosted")
    moment = timezone.now()

    for minutes in (0, 30):
        services.deliver(delivery_id=delivery.pk, now=moment + timedelta(minutes=minutes))

    first, second = [request for request in receiver.requests if request.path == "/hook"]
    assert first.body == second.body
    assert is_genuine(endpoint["secret"], first, now=moment.timestamp())
    assert is_genuine(endpoint["secret"], second, now=moment.timestamp() + 1800)
    assert not is_genuine(endpoint["secret"], first, now=moment.timestamp() + 1800)
    assert not is_genuine("whsec_another", first, now=moment.timestamp())
    envelope = exact_json.loads(first.body)
    [event] = checkout.get("/events?type=session.paid").body["data"]
    assert envelope == {name: value for name, value in event.items() if name != "object"}
    assert list(envelope) == ["id", "type", "livemode", "createdAt", "data"]
    assert envelope["data"]["id"] == session["id"]
    assert b'"50.00"' in first.body


def test_what_an_endpoint_did_not_ask_for_and_what_has_no_word_is_not_sent(checkout, session, pay, endpoint):
    pay(share="0.4")

    assert not Delivery.objects.filter(endpoint__format="selfhosted").exists()


def test_a_test_looks_like_a_payment_of_no_real_money(checkout, endpoint, receiver):
    answer = checkout.post(f"/webhook-endpoints/{endpoint['id']}/test")

    assert (answer.status, answer.body["object"], answer.body["status"]) == (200, "webhook_test", "delivered")
    [request] = receiver.requests
    sent = exact_json.loads(request.body)
    assert (sent["type"], sent["livemode"], sent["data"]["status"]) == ("session.paid", False, "paid")
    assert is_genuine(endpoint["secret"], request, now=timezone.now().timestamp())


def test_an_endpoint_that_is_told_in_other_words_is_not_listed_nor_touched(checkout, endpoint):
    native = WebhookEndpoint.objects.get(format="native")

    assert [each["id"] for each in checkout.get("/webhook_endpoints").body["data"]] == [endpoint["id"]]
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/test")):
        assert checkout.send(method, f"/webhook_endpoints/{native.public_id}{path}").status == 404
    native.refresh_from_db()
    assert native.enabled


def test_a_session_of_either_format_is_known_to_both_and_has_one_page(checkout, native, session, pay, client):
    made = native.post("/checkout-sessions", {"amount": "9.99", "currency": "USD", "crypto_currency": "USDT"}).body
    pay(late=True)

    here = {each["id"]: each for each in checkout.get("/checkout_sessions").body["data"]}
    there = {each["id"]: each for each in native.get("/checkout-sessions").body["checkout_sessions"]}
    assert here.keys() == there.keys() == {session["id"], made["id"]}
    assert (here[session["id"]]["status"], there[session["id"]]["status"], there[session["id"]]["exception"]) == (
        "paid_late",
        "paid",
        "late",
    )
    # Who knows only wei and ether must not take dollars for ether.
    dollars = here[made["id"]]["amount"]
    assert (dollars["wei"], dollars["eth"], dollars["asset"]) == (None, None, "USDT")
    assert here[made["id"]]["ethPriceUsd"] is None
    assert native.get(f"/invoices/{session['id'].replace('cs_', 'inv_')}").body["metadata"] == {"order": "7"}
    page = client.get(session["checkoutUrl"].removeprefix("http://testserver"), follow=True)
    assert page.status_code == 200
    assert page.redirect_chain == [(f"/invoice/{session['id'].replace('cs_', 'inv_')}", 302)]


def test_in_cryptics_list_it_has_cryptics_words_and_an_amount_of_an_asset_has_ours(
    checkout, merchant, client, session, pay
):
    priced = make_invoice(
        merchant, timezone.now(), items=(), tax=Decimal(0), crypto_currency="ETH", crypto_amount=Decimal("0.5")
    )
    order = KeyOrder(name="Shop", livemode=False, permissions=("*",), format=KeyFormat.CRYPTIC)
    key = issue_first_key(merchant=merchant, order=order, now=timezone.now())[1]
    pay()

    there = client.get("/cryptic/api/v1/invoices", headers={"Authorization": f"Bearer {key}"}).json()
    here = {each["id"]: each for each in checkout.get("/checkout_sessions").body["data"]}

    assert {each["id"]: each["status"] for each in there["data"]["invoices"]} == {
        session["id"].replace("cs_", "inv_"): "PAID",
        priced.public_id: "PENDING",
    }
    assert (here[priced.session_id]["amount"]["eth"], here[priced.session_id]["status"]) == ("0.50000000", "pending")


def test_its_document_and_the_page_that_shows_it(client):
    document = client.get(f"{BASE}/openapi.json")
    shown = client.get("/selfhosted/docs")
    elsewhere = client.get("/docs/reference").content.decode()

    assert document.status_code == 200
    assert exact_json.loads(document.content)["openapi"].startswith("3.1")
    assert f'data-schema="{BASE}/openapi.json"' in shown.content.decode()
    assert "<title>Self-hosted checkout API</title>" in shown.content.decode()
    assert "<title>Crypto Checkout API</title>" in elsewhere
    assert client.post(f"{BASE}/openapi.json").json()["error"]["type"] == "invalid_request"
