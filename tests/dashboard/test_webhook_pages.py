"""Webhook endpoints and what was sent to them, at the desk."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from core.ids import uuid7
from dashboard import words
from dashboard.webhook_forms import GROUPS, events_about
from events.outbox import dispatch
from events.types import DELIVERABLE, WEBHOOK_TEST
from tests.factories import make_invoice
from tests.webhooks.receiver import Receiver, serve
from webhooks import services, signing
from webhooks.models import Attempt, Circuit, Delivery, WebhookEndpoint
from webhooks.services import EndpointChanges, EndpointOrder
from webhooks.states import DisabledReason

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("testing")]

SECRET = r"whsec_[0-9A-Za-z+/=]{44}"
FILLED = {"url": "https://8.8.8.8/hook", "which": "all", "max_retries": 5, "retry_backoff": "linear", "timeout": 30}


@pytest.fixture
def receiver(settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    receiver = Receiver()
    server = serve(receiver)
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def endpoint(merchant, receiver):
    order = EndpointOrder(receiver.url(), events=["*"])
    return services.create_endpoint(merchant=merchant, livemode=False, order=order, now=timezone.now())[0]


def path(endpoint, page=""):
    return f"/dashboard/webhooks/{endpoint.public_id}/{page}"


def text_of(response):
    return unescape(response.content.decode())


def sent(merchant):
    """Have an invoice created and its event delivered; return the delivery."""
    make_invoice(merchant, timezone.now())
    dispatch()
    delivery = Delivery.objects.latest("created_at")
    services.deliver(delivery_id=delivery.pk, now=timezone.now())
    delivery.refresh_from_db()
    return delivery


def test_every_event_can_be_chosen_and_every_reason_has_its_words():
    chosen = {event for group in GROUPS for event, _said in events_about(group)}

    assert chosen == DELIVERABLE - {WEBHOOK_TEST}
    assert set(words.ENDPOINT) == {"", *DisabledReason}


class TestEndpoints:
    def test_a_new_endpoint_shows_its_secret_once(self, owner):
        made = owner.post("/dashboard/webhooks/add/", FILLED)
        (secret,) = set(re.findall(SECRET, text_of(made)))

        endpoint = WebhookEndpoint.objects.get()
        assert (endpoint.secret, endpoint.events, endpoint.retry_backoff) == (secret, ["*"], "linear")
        assert made["Cache-Control"] == "no-store"
        page = text_of(owner.get(path(endpoint)))
        assert secret not in page
        assert signing.masked(secret) in page

    def test_it_may_be_told_in_another_formats_words_for_as_long_as_it_lives(self, owner):
        made = owner.post("/dashboard/webhooks/add/", {**FILLED, "format": "selfhosted"})

        endpoint = WebhookEndpoint.objects.get()
        assert endpoint.format == "selfhosted"
        assert "X-Crypto-Checkout-Signature" not in text_of(made)
        assert 'href="/docs/selfhosted"' in text_of(made)
        assert "The self-hosted checkout with ck_ keys" in text_of(owner.get(path(endpoint)))
        assert 'name="format"' not in text_of(owner.get(path(endpoint, "change/")))
        owner.post(path(endpoint, "change/"), {**FILLED, "format": "native", "timeout": 9})
        endpoint.refresh_from_db()
        assert (endpoint.format, endpoint.timeout) == ("selfhosted", 9)

    def test_a_format_that_nobody_speaks_is_refused(self, owner):
        owner.post("/dashboard/webhooks/add/", {**FILLED, "format": "morse"})

        assert not WebhookEndpoint.objects.exists()

    def test_what_is_chosen_is_what_it_is_told_of(self, owner):
        wanted = {"which": "chosen", "invoice": ["invoice.paid"], "refund": ["refund.created"]}
        owner.post("/dashboard/webhooks/add/", {**FILLED, **wanted, "allowed_ips": "8.8.8.8\n\n10.0.0.0/8"})

        endpoint = WebhookEndpoint.objects.get()
        assert endpoint.events == ["invoice.paid", "refund.created"]
        assert endpoint.allowed_ips == ["8.8.8.8", "10.0.0.0/8"]

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"url": "http://127.0.0.1/"}, "url"),
            ({"url": ""}, "url"),
            ({"which": "chosen"}, "which"),
            ({"which": "chosen", "invoice": ["invoice.nonsense"]}, "invoice"),
            ({"max_retries": 11}, "max_retries"),
            ({"timeout": 0}, "timeout"),
            ({"allowed_ips": "8.8.8.8\nnonsense"}, "allowed_ips"),
        ],
    )
    def test_what_is_wrong_is_told_beside_its_field(self, owner, wrong, field):
        answer = owner.post("/dashboard/webhooks/add/", {**FILLED, **wrong})

        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        assert not WebhookEndpoint.objects.exists()

    def test_two_wrong_fields_are_told_each_beside_its_own(self, owner):
        answer = owner.post("/dashboard/webhooks/add/", {**FILLED, "url": "ftp://x", "allowed_ips": "8.8.8.8\nx"})

        assert sorted(answer.context["form"].errors) == ["allowed_ips", "url"]
        assert "Line 2:" in text_of(answer)

    def test_live_mode_has_its_own(self, owner, endpoint):
        owner.post("/dashboard/mode/", {"mode": "live"})

        assert endpoint.url not in text_of(owner.get("/dashboard/webhooks/"))
        assert owner.get(path(endpoint)).status_code == 404

    def test_changing_keeps_what_was_not_changed(self, owner, endpoint):
        form = owner.get(path(endpoint, "change/")).context["form"]
        filled = {name: form[name].value() for name in form.fields if form[name].value()}

        owner.post(path(endpoint, "change/"), {**filled, "url": endpoint.url + "/new"})

        changed = WebhookEndpoint.objects.get()
        assert changed.url == endpoint.url + "/new"
        kept = ("events", "max_retries", "retry_backoff", "timeout", "allowed_ips", "secret", "disabled_reason")
        assert [getattr(changed, name) for name in kept] == [getattr(endpoint, name) for name in kept]

    def test_disabling_gives_up_what_waits_and_enabling_starts_afresh(self, owner, merchant, endpoint):
        make_invoice(merchant, timezone.now())
        dispatch()

        owner.post(path(endpoint, "switch/"))
        assert Delivery.objects.get().status == "failed"
        assert "Nothing is sent here" in text_of(owner.get(path(endpoint)))
        owner.post(path(endpoint, "switch/"), {"on": "on"})
        assert WebhookEndpoint.objects.get().enabled

    def test_deleting_asks_first_and_what_was_sent_can_still_be_seen(self, owner, merchant, endpoint):
        delivery = sent(merchant)

        owner.get(path(endpoint, "delete/"))
        assert WebhookEndpoint.objects.get().enabled
        owner.post(path(endpoint, "delete/"))
        assert owner.get(path(endpoint)).status_code == 404
        assert owner.get(f"/dashboard/webhooks/deliveries/{delivery.public_id}/").status_code == 200

    @pytest.mark.parametrize(("overlap", "signatures"), [("0", 1), ("24", 2)])
    def test_replacing_the_secret_shows_it_once_and_the_old_one_signs_as_long_as_asked(
        self, owner, merchant, endpoint, receiver, overlap, signatures
    ):
        answer = owner.post(path(endpoint, "secret/"), {"overlap": overlap})
        (secret,) = set(re.findall(SECRET, text_of(answer)))

        sent(merchant)
        headers = receiver.requests[-1].headers
        assert secret != endpoint.secret
        assert len(headers["webhook-signature"].split()) == signatures
        stamp, body = headers["webhook-timestamp"], receiver.requests[-1].body
        assert headers["X-Crypto-Checkout-Signature"] == f"sha256={signing.native_signature(secret, stamp, body)}"

    def test_the_printed_check_accepts_what_is_sent_and_nothing_else(self, owner, merchant, endpoint, receiver):
        answer = owner.post(path(endpoint, "secret/"), {"overlap": "0"})
        (secret,) = set(re.findall(SECRET, text_of(answer)))
        (sample,) = re.findall(r'<code data-language="python">(.*?)</code>', text_of(answer), re.DOTALL)
        printed = {}
        exec(sample, printed)

        sent(merchant)

        got = receiver.requests[-1]
        assert printed["is_genuine"](secret, got.headers, got.body) is True
        assert printed["is_genuine"](secret, got.headers, got.body + b" ") is False
        assert printed["is_genuine"](endpoint.secret, got.headers, got.body) is False


class TestTrying:
    @pytest.mark.parametrize(
        ("status", "said"), [(200, "It works: your server answered 200"), (500, "Your server answered 500")]
    )
    def test_a_test_shows_what_the_receiver_answered(self, owner, endpoint, receiver, status, said):
        receiver.status, receiver.text = status, "out of order & <b>"

        page = text_of(owner.post(path(endpoint, "test/"), follow=True))

        assert said in page
        assert "out of order & <b>" in page
        assert json.loads(receiver.requests[0].body)["event"] == "webhook.test"

    def test_where_nobody_answers_it_says_so(self, owner, endpoint):
        services.update_endpoint(
            merchant=endpoint.merchant,
            livemode=False,
            endpoint_id=endpoint.public_id,
            changes=EndpointChanges(url="http://127.0.0.1:1/"),
        )

        page = text_of(owner.post(path(endpoint, "test/"), follow=True))

        assert "There was no answer." in page

    def test_while_another_test_waits_the_page_says_so(self, owner, endpoint, receiver):
        owner.post(path(endpoint, "test/"))
        Delivery.objects.update(lease_token=uuid7(), leased_until=timezone.now() + timedelta(seconds=60))

        answer = owner.post(path(endpoint, "test/"), follow=True)

        assert "Another test of this account still waits for its answer." in text_of(answer)
        assert len(receiver.requests) == 1

    def test_nobody_is_flooded_with_tests(self, owner, endpoint, receiver):
        for _ in range(11):
            owner.post(path(endpoint, "test/"))

        assert len(receiver.requests) == 10


class TestDeliveries:
    def test_what_was_sent_and_answered_is_shown(self, owner, merchant, endpoint, receiver):
        receiver.status, receiver.text = 503, '{"state":"down"}'
        delivery = sent(merchant)

        page = text_of(owner.get(f"/dashboard/webhooks/deliveries/{delivery.public_id}/"))

        got = receiver.requests[0]
        for shown in (
            got.headers["X-Crypto-Checkout-Signature"],
            got.headers["webhook-signature"],
            delivery.message_id,
            '{\n  "state": "down"\n}',
            '"event": "invoice.created"',
            "The receiver answered 503.",
            endpoint.url,
        ):
            assert shown in page

    def test_viewers_see_neither_secret_nor_signature(self, seat, merchant, endpoint, receiver):
        delivery, viewer = sent(merchant), seat("viewer")

        pages = [path(endpoint), f"/dashboard/webhooks/deliveries/{delivery.public_id}/", "/dashboard/webhooks/"]
        seen = "".join(text_of(viewer.get(page)) for page in pages)

        got = receiver.requests[0].headers
        assert got["X-Crypto-Checkout-Timestamp"] in seen
        for hidden in (
            got["X-Crypto-Checkout-Signature"],
            got["webhook-signature"],
            endpoint.secret,
            signing.masked(endpoint.secret),
        ):
            assert hidden not in seen

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("", 2),
            ("?status=delivered", 1),
            ("?status=pending", 1),
            ("?event=invoice.created", 2),
            ("?event=invoice.paid", 0),
            ("?status=nonsense", 2),
            ("?place=x", 2),
        ],
    )
    def test_the_url_says_which_are_listed(self, owner, merchant, endpoint, query, count):
        sent(merchant)
        make_invoice(merchant, timezone.now())
        dispatch()

        page = owner.get(path(endpoint) + query)

        assert len(page.context["page"]) == count

    def test_one_is_sent_again_with_the_same_body(self, owner, merchant, endpoint, receiver):
        delivery = sent(merchant)

        owner.post(f"/dashboard/webhooks/deliveries/{delivery.public_id}/again/")

        services.deliver(delivery_id=delivery.pk, now=timezone.now())
        first, second = receiver.requests
        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"]

    def test_what_went_to_an_invoices_own_address_is_shown_and_sent_again(self, owner, merchant, receiver):
        make_invoice(merchant, timezone.now(), webhook_url=receiver.url("/own"))
        dispatch()
        delivery = Delivery.objects.get()
        page = text_of(owner.get(f"/dashboard/webhooks/deliveries/{delivery.public_id}/"))
        assert "the invoice's own address" in page

        services.deliver(delivery_id=delivery.pk, now=timezone.now())
        owner.post(f"/dashboard/webhooks/deliveries/{delivery.public_id}/again/")
        services.deliver(delivery_id=delivery.pk, now=timezone.now())
        assert receiver.paths() == ["/own", "/own"]

    def test_an_invoice_leads_to_what_was_sent_about_it(self, owner, merchant, endpoint):
        make_invoice(merchant, timezone.now())
        dispatch()
        delivery = Delivery.objects.get(endpoint=endpoint)

        page = text_of(owner.get(f"/dashboard/invoices/{invoice_of(delivery)}/"))

        assert f'href="/dashboard/webhooks/deliveries/{delivery.public_id}/"' in page

    def test_a_period_is_sent_again_with_what_was_missed(self, owner, merchant, endpoint, receiver):
        services.update_endpoint(
            merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, changes=EndpointChanges(enabled=False)
        )
        make_invoice(merchant, timezone.now())
        dispatch()
        assert not Delivery.objects.exists()
        owner.post(path(endpoint, "switch/"), {"on": "on"})

        answer = owner.post(path(endpoint, "replay/"), period(), follow=True)

        assert "1 event is being sent again." in text_of(answer)
        assert Delivery.objects.get().event_type == "invoice.created"

    def test_the_page_refreshes_itself_while_a_replay_goes_on_and_not_after(self, owner, merchant, endpoint, receiver):
        sent(merchant)
        under_way = text_of(owner.post(path(endpoint, "replay/"), period(), follow=True))
        services.deliver(delivery_id=Delivery.objects.get().pk, now=timezone.now())
        services.continue_replays(now=timezone.now())

        over = text_of(owner.get(path(endpoint)))

        assert 'value="0" aria-label="How far it is"' in under_way
        assert 'hx-trigger="every 4s"' in under_way
        assert 'value="100" aria-label="How far it is"' in over
        assert "every 4s" not in over

    def test_the_period_that_is_proposed_holds_what_happened_just_now(self, owner, merchant, endpoint):
        sent(merchant)
        proposed = owner.get(path(endpoint, "replay/")).context["form"]
        fields = {name: proposed[name].value().strftime("%Y-%m-%dT%H:%M") for name in ("start", "end")}

        answer = owner.post(path(endpoint, "replay/"), fields, follow=True)

        assert "1 event is being sent again." in text_of(answer)

    def test_only_chosen_events_are_sent_again(self, owner, merchant, endpoint):
        sent(merchant)

        answer = owner.post(path(endpoint, "replay/"), {**period(), "events": ["invoice.paid"]}, follow=True)

        assert "0 events are being sent again." in text_of(answer)

    def test_moments_of_a_period_are_of_the_viewers_zone(self, owner, merchant, endpoint):
        sent(merchant)
        owner.cookies["zone"] = "Asia/Tokyo"  # nine hours ahead: there, this period was over before the event

        answer = owner.post(path(endpoint, "replay/"), period(), follow=True)

        assert "0 events are being sent again." in text_of(answer)

    def test_a_period_the_wrong_way_round_is_told_beside_its_end(self, owner, endpoint):
        backwards = dict(zip(("end", "start"), period().values(), strict=True))

        answer = owner.post(path(endpoint, "replay/"), backwards)

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["end"]


def period():
    now = timezone.now()
    return {name: f"{now + timedelta(hours=by):%Y-%m-%dT%H:%M}" for name, by in (("start", -1), ("end", 1))}


def invoice_of(delivery):
    return json.loads(delivery.body)["data"]["invoice_id"]


class TestHealth:
    def test_it_says_what_waits_how_fast_it_answers_and_that_it_is_left_alone(self, owner, merchant, endpoint):
        make_invoice(merchant, timezone.now())
        dispatch()
        made = Delivery.objects.get()
        for number, (code, took, error) in enumerate([(200, 120, ""), (None, 900, "The connection was refused.")], 1):
            Attempt.objects.create(
                delivery=made,
                number=number,
                started_at=timezone.now(),
                elapsed_ms=took,
                response_code=code,
                error=error,
            )
        Circuit.objects.create(
            lane=endpoint.public_id, failures=5, openings=1, open_until=timezone.now() + timedelta(minutes=5)
        )

        page = text_of(owner.get(path(endpoint)))

        assert "1 of 2 succeeded" in page
        assert "120 ms; 95 of 100 within 120 ms" in page
        assert "The connection was refused." in page
        assert "is left alone" in page


class TestGivenUp:
    def test_what_never_arrived_is_listed_whoever_was_to_get_it_and_sent_again_together(
        self, owner, merchant, endpoint, receiver
    ):
        receiver.status = 500
        delivery = sent(merchant)
        Delivery.objects.update(status="failed", next_attempt_at=None, failure="The receiver answered 500.")
        receiver.status = 200

        page = text_of(owner.get("/dashboard/webhooks/given-up/"))
        assert delivery.public_id in page
        assert "The receiver answered 500." in page
        answer = owner.post("/dashboard/webhooks/given-up/again/", follow=True)

        assert "1 webhook is being sent again." in text_of(answer)
        assert "Nothing was given up" in text_of(answer)
        delivery.refresh_from_db()
        assert delivery.status == "pending"
