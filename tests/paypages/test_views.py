"""The pages over HTTP: what is in them, which headers go with them, and what is refused."""

import gzip
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from chains.sandbox import services as sandbox
from chains.sandbox.models import SandboxTransfer
from core import ratelimit
from events.models import Event
from invoices import services
from invoices.models import Invoice
from payments.services import RefundOrder, complete_refund, request_refund, scan
from paypages import views
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{api}; connect-src 'self'{api}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture
def moment():
    return timezone.now()


@pytest.fixture(autouse=True)
def _fresh_limits(valkey):
    """Every test has the whole rate limit to itself."""


@pytest.fixture
def merchant(moment):
    return make_merchant(moment)


@pytest.fixture
def invoice(merchant, moment):
    return make_invoice(merchant, moment, return_url="https://merchant.com/ok", cancel_url="https://merchant.com/no")


def url(invoice, rest=""):
    return f"/invoice/{invoice.public_id}{rest}"


def directives(response):
    return {part.strip() for part in response["Content-Security-Policy"].split(";")}


def expected(api=""):
    return {part.strip() for part in POLICY.format(api=api).split(";")}


def text_of(response):
    body = re.sub(r"<(svg|script|style).*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(body))


def pay(invoice, *, units=None, blocks=0, asset=None):
    sandbox.send(
        address=invoice.address,
        asset_code=asset or invoice.asset_code,
        units=units or invoice.amount_units,
        now=timezone.now(),
    )
    if blocks:
        sandbox.mine(count=blocks, now=timezone.now())
    scan(network="sandbox", now=timezone.now())
    invoice.refresh_from_db()


class TestThePage:
    def test_seed1_payment_web_app_has_everything_needed_to_pay_without_javascript(self, client, invoice):
        response = client.get(url(invoice))

        body, text = response.content.decode(), text_of(response)
        assert response.status_code == 200
        assert "Acme VPN Services" in text
        assert "VPN Service Order" in text
        assert "16.49 USDT" in text
        assert "Send only USDT on Sandbox" in text
        assert "VPN Premium Plan" in text
        assert "Waiting for your payment" in text
        assert f'data-copy="{invoice.address}"' in body
        assert (
            f"/api/v1/public/invoice/{invoice.public_id}/qr?size=512&amp;format=svg&amp;mark=true&amp;content=address"
            in body
        )
        assert re.sub(r"<[^>]+>", "", body.split('id="address"')[1].split(">", 1)[1].split("</p>")[0]).strip() == (
            invoice.address
        )
        assert f'<meta http-equiv="refresh" content="10;url={url(invoice)}">' in body

    def test_opening_it_marks_the_invoice_as_seen_by_the_customer(self, client, invoice):
        client.get(url(invoice))

        invoice.refresh_from_db()
        event = Event.objects.get(type="invoice.pending")
        assert invoice.status == "pending"
        assert event.actor == "customer"

    def test_asking_only_for_its_headers_marks_nothing(self, client, invoice):
        assert client.head(url(invoice)).status_code == 200

        invoice.refresh_from_db()
        assert invoice.status == "created"

    def test_travels_compressed(self, client, invoice):
        response = client.get(url(invoice), headers={"accept-encoding": "gzip"})

        assert response["Content-Encoding"] == "gzip"
        assert "Waiting for your payment" in gzip.decompress(response.content).decode()

    def test_need_not_refresh_when_the_customer_says_so(self, client, invoice):
        body = client.get(url(invoice), {"stay": "1"}).content.decode()

        assert "http-equiv" not in body
        assert "Refresh this page" in body

    def test_costs_four_reads_when_nothing_is_to_be_written(self, client, invoice, django_assert_num_queries):
        client.get(url(invoice))

        with django_assert_num_queries(4 + 2):  # and a savepoint, here inside the test's own transaction
            client.get(url(invoice))

    def test_the_live_part_is_a_part_of_the_page(self, client, invoice):
        whole, part = client.get(url(invoice)).content.decode(), client.get(url(invoice, "/live")).content.decode()

        strip = re.compile(r'value="[A-Za-z0-9]{64}"|data-seconds[a-z-]+="\d+"|\d+:\d\d\b')
        assert "<html" not in part
        assert strip.sub("", part).strip() in strip.sub("", whole)


class TestStates:
    def test_partly_paid_says_what_is_still_due(self, client, invoice):
        pay(invoice, units=10_000_000)

        text = text_of(client.get(url(invoice)))

        assert "Part of the payment arrived" in text
        assert "10.00 of 16.49 USDT received" in text
        assert "Still due 6.49 USDT" in text

    def test_seen_counts_confirmations_and_hides_the_address(self, client, merchant, moment):
        merchant.settings = {"confirmations": {"sandbox": 12}}
        merchant.save()
        invoice = make_invoice(merchant, moment)
        pay(invoice, blocks=6)

        response = client.get(url(invoice))

        assert invoice.status == "confirming"
        assert "5 of 12 confirmations" in text_of(response)
        assert invoice.address not in response.content.decode()
        assert '<progress class="progress" max="12" value="5"' in response.content.decode()

    def test_paid_leads_back_to_the_shop_after_five_seconds_and_can_be_stopped(self, client, invoice):
        pay(invoice, blocks=3)

        body = client.get(url(invoice)).content.decode()
        stopped = client.get(url(invoice), {"stay": "1"}).content.decode()

        assert invoice.status == "paid"
        assert '<meta http-equiv="refresh" content="5;url=https://merchant.com/ok">' in body
        assert 'data-redirect="https://merchant.com/ok"' in body
        assert 'href="https://merchant.com/ok"' in body
        assert f'href="{url(invoice)}?stay=1"' in body
        assert "http-equiv" not in stopped

    def test_an_old_receipt_leads_nowhere_by_itself(self, client, invoice, moment):
        pay(invoice, blocks=3)
        Invoice.objects.filter(pk=invoice.pk).update(paid_at=moment - timedelta(minutes=11))

        body = client.get(url(invoice)).content.decode()

        assert "url=https://merchant.com/ok" not in body
        assert 'data-redirect=""' in body
        assert 'href="https://merchant.com/ok"' in body

    def test_overpaid_names_the_surplus(self, client, invoice):
        pay(invoice, units=20_000_000, blocks=3)

        assert "You sent 3.51 USDT more than was asked for." in text_of(client.get(url(invoice)))

    def test_expired_hides_the_address(self, client, merchant, moment):
        invoice = make_invoice(merchant, moment - timedelta(hours=3))
        services.expire_due(now=moment)

        response = client.get(url(invoice))

        assert "This invoice has expired" in text_of(response)
        assert invoice.address not in response.content.decode()

    def test_late_money_that_was_accepted_is_paid_and_says_so(self, client, merchant, moment):
        invoice = make_invoice(merchant, moment - timedelta(hours=3))
        services.expire_due(now=moment)
        pay(invoice, blocks=3)

        text = text_of(client.get(url(invoice)))

        assert (invoice.status, invoice.exception) == ("paid", "late")
        assert "The payment was sent after the deadline. It was accepted all the same." in text

    def test_cancelled_links_back_to_the_shop(self, client, merchant, invoice, moment):
        services.cancel_invoice(merchant=merchant, livemode=False, public_id=invoice.public_id, reason="", now=moment)

        response = client.get(url(invoice))

        assert "This invoice was cancelled" in text_of(response)
        assert 'href="https://merchant.com/no"' in response.content.decode()
        assert invoice.address not in response.content.decode()

    def test_refunded_shows_what_went_back(self, client, merchant, invoice, moment):
        pay(invoice, blocks=3)
        names = {"merchant": merchant, "livemode": False}
        refund = request_refund(
            **names, public_id=invoice.public_id, order=RefundOrder(address=sandbox.new_address()), now=moment
        )
        complete_refund(**names, public_id=refund.public_id, txid="cd" * 32, now=moment)

        text = text_of(client.get(url(invoice)))

        assert "Acme VPN Services has returned your payment." in text
        assert "−16.49 USDT Returned cdcdcdcd…cdcdcdcd" in text

    def test_another_coin_says_that_nothing_is_lost(self, client, invoice):
        pay(invoice, asset="USDC", blocks=1)

        text = text_of(client.get(url(invoice)))

        assert "Nothing is lost: Acme VPN Services has been told" in text
        assert "16.49 USDC In review" in text


class TestHeaders:
    @pytest.mark.parametrize("rest", ["", "/live"])
    def test_the_policy_is_exactly_this(self, client, invoice, rest):
        response = client.get(url(invoice, rest))

        assert directives(response) == expected()
        assert response["Cache-Control"] == "no-store"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"
        assert response["Permissions-Policy"].startswith("camera=(), geolocation=()")

    def test_an_api_on_another_host_is_the_only_other_origin(self, client, invoice, settings):
        settings.API_BASE_URL, settings.PAY_BASE_URL = "https://api.example.com", "https://pay.example.com"

        response = client.get(url(invoice))

        assert directives(response) == expected(api=" https://api.example.com")
        assert f'data-events="https://api.example.com/api/v1/public/invoice/{invoice.public_id}/events"' in (
            response.content.decode()
        )

    def test_no_other_site_learns_where_the_customer_was(self, client, merchant, invoice, moment):
        # Forms need the page's own origin in their request, also on a page that gets them later.
        assert client.get(url(invoice))["Referrer-Policy"] == "same-origin"

        services.cancel_invoice(merchant=merchant, livemode=False, public_id=invoice.public_id, reason="", now=moment)
        assert client.get(url(invoice))["Referrer-Policy"] == "same-origin"

    @pytest.mark.parametrize("path", ["/", "/invoice/inv_nope", "/invoice/inv_nope/live"])
    def test_other_pages_have_the_same_policy(self, client, path):
        assert directives(client.get(path)) == expected()


class TestForeignText:
    NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7|add:7 }}"

    def test_is_shown_as_text(self, client, moment):
        merchant = make_merchant(moment)
        merchant.business_name = self.NASTY
        merchant.save()
        invoice = make_invoice(
            merchant,
            moment,
            title=self.NASTY,
            description=self.NASTY,
            metadata={"customer_id": self.NASTY},
            items=(
                services.Item(name=self.NASTY, quantity=Decimal(1), unit_price=Decimal(10), description=self.NASTY),
            ),
        )

        for path in (url(invoice), url(invoice, "/live")):
            body = client.get(path).content.decode()

            assert "<script>alert" not in body
            assert "<img src=x" not in body
            assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&gt;&lt;img src=x onerror=alert(2)&gt;" in body
            assert "{{ 7|add:7 }}" in unescape(body)

    @pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://x/y"])
    def test_is_never_a_link_that_runs_something(self, client, merchant, invoice, address):
        Invoice.objects.filter(pk=invoice.pk).update(return_url=address, cancel_url=address)
        before = client.get(url(invoice)).content.decode()
        pay(invoice, blocks=3)

        after = client.get(url(invoice)).content.decode()

        assert invoice.status == "paid"
        assert address not in before + after
        assert 'data-redirect=""' in after

    def test_cannot_break_out_of_the_refresh(self, client, invoice):
        Invoice.objects.filter(pk=invoice.pk).update(return_url='https://merchant.com/?a="><script>1</script>')
        pay(invoice, blocks=3)

        body = client.get(url(invoice)).content.decode()

        assert 'content="5;url=https://merchant.com/?a=&quot;&gt;&lt;script&gt;1&lt;/script&gt;"' in body


class TestUnknown:
    @pytest.mark.parametrize(
        "name",
        ["inv_nope", "inv_00000000000000000000000000", "pay_01m7yff4gge5kvvwk4rwzk42ct", "inv_" + "z" * 500, "%00"],
    )
    @pytest.mark.parametrize("rest", ["", "/live"])
    def test_ids_get_a_page_that_says_what_to_do(self, client, name, rest):
        response = client.get(f"/invoice/{name}{rest}")

        assert response.status_code == 404
        assert "There is no such invoice" in text_of(response)
        assert "text/html" in response["Content-Type"]

    def test_urls_get_a_page_too(self, client):
        response = client.get("/nothing/here")

        assert response.status_code == 404
        assert "There is nothing here" in text_of(response)
        assert "default-src 'none'" in unescape(response.content.decode())

    @pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
    def test_methods_are_refused(self, client, invoice, method):
        assert getattr(client, method)(url(invoice)).status_code == 405


class TestWithoutADatabase:
    @pytest.mark.parametrize("rest", ["", "/live"])
    def test_the_page_asks_for_a_minute_of_patience(self, client, invoice, monkeypatch, rest):
        def fail(_public_id):
            raise OperationalError("connection refused by 10.0.0.5")

        monkeypatch.setattr(views, "get_public_invoice", fail)

        response = client.get(url(invoice) + rest)

        assert response.status_code == 503
        assert response["Retry-After"] == "10"
        assert "load this page again in a minute" in text_of(response)
        assert "10.0.0.5" not in text_of(response)


class TestTheSandboxBox:
    def test_is_there_for_test_invoices_only(self, client, merchant, invoice):
        assert "Pay on the sandbox chain" in text_of(client.get(url(invoice)))

        page_of_a_live_one = client.get(url(_live(merchant)))

        assert page_of_a_live_one.status_code == 200
        assert "Pay on the sandbox chain" not in text_of(page_of_a_live_one)
        assert "csrfmiddlewaretoken" not in page_of_a_live_one.content.decode()

    @pytest.mark.parametrize(
        ("portion", "units", "status", "exception"),
        [
            ("full", 16_490_000, "paid", "none"),
            ("part", 8_240_000, "partial", "underpaid"),
            ("over", 19_140_000, "paid", "overpaid"),
        ],
    )
    def test_sends_what_its_button_says(self, client, invoice, portion, units, status, exception):
        response = client.post(url(invoice, "/sandbox"), {"portion": portion})

        assert (response.status_code, response["Location"]) == (303, f"{url(invoice)}?sent={portion}")
        assert list(SandboxTransfer.objects.values_list("address", "asset", "units")) == [
            (invoice.address, "USDT", units)
        ]
        assert "The test payment is on its way." in text_of(client.get(response["Location"]))
        sandbox.mine(count=3, now=timezone.now())
        scan(network="sandbox", now=timezone.now())
        invoice.refresh_from_db()
        assert (invoice.status, invoice.exception) == (status, exception)
        assert "The test payment is on its way." not in text_of(client.get(response["Location"]))

    @pytest.mark.parametrize("portion", ["", "everything", "FULL", "full\x00"])
    def test_sends_nothing_else(self, client, invoice, portion):
        assert client.post(url(invoice, "/sandbox"), {"portion": portion}).status_code == 409

        assert SandboxTransfer.objects.count() == 0

    def test_is_refused_for_real_money(self, client, merchant):
        live = _live(merchant)

        response = client.post(url(live, "/sandbox"), {"portion": "full"})

        assert response.status_code == 409
        assert SandboxTransfer.objects.count() == 0

    def test_is_refused_when_the_invoice_has_ended(self, client, invoice):
        pay(invoice, blocks=3)

        assert client.post(url(invoice, "/sandbox"), {"portion": "full"}).status_code == 409

        assert SandboxTransfer.objects.count() == 1

    def test_of_an_unknown_invoice_is_not_found(self, client):
        assert client.post("/invoice/inv_nope/sandbox", {"portion": "full"}).status_code == 404

    def test_takes_no_form_from_another_site(self, invoice):
        stranger = Client(enforce_csrf_checks=True)

        response = stranger.post(url(invoice, "/sandbox"), {"portion": "full"})

        assert response.status_code == 403
        assert "This was not allowed" in text_of(response)
        assert SandboxTransfer.objects.count() == 0

    def test_takes_its_own_form(self, invoice):
        customer = Client(enforce_csrf_checks=True)

        response = customer.post(url(invoice, "/sandbox"), {"portion": "full"}, headers={"origin": "http://testserver"})

        assert response.status_code == 303

    def test_cannot_be_asked_for_by_a_link(self, client, invoice):
        assert client.get(url(invoice, "/sandbox"), {"portion": "full"}).status_code == 405

        assert SandboxTransfer.objects.count() == 0


class TestLimits:
    def test_the_sixty_first_view_in_a_minute_waits_and_says_that_nothing_is_lost(self, client, invoice):
        for _ in range(60):
            ratelimit.hit("paypage", "127.0.0.1", ratelimit.Limit(60, 60))

        response = client.get(url(invoice))

        assert response.status_code == 429
        assert 1 <= int(response["Retry-After"]) <= 60
        assert "Nothing happens to your payment meanwhile" in text_of(response)
        assert client.get(url(invoice), REMOTE_ADDR="192.0.2.7").status_code == 200

    def test_an_asset_that_is_no_longer_configured_is_a_page_and_no_crash(self, client, invoice):
        Invoice.objects.filter(pk=invoice.pk).update(asset_code="GONE")

        assert client.get(url(invoice)).status_code == 503


def test_the_front_page_says_what_this_is(client):
    response = client.get("/")

    assert response.status_code == 200
    assert "payment gateway that its owner runs" in text_of(response)
    assert {'href="/docs/"', 'href="/admin/"', 'href="/dashboard/"', 'href="/api/schema/"'} <= set(
        re.findall(r'href="[^"]+"', response.content.decode())
    )


def _live(merchant):
    """Return an invoice for real money; only its page matters here, so a test invoice becomes one."""
    invoice = make_invoice(merchant, timezone.now())
    Invoice.objects.filter(pk=invoice.pk).update(
        livemode=True, network="tron", address="TQn9Y2khEsLMWn1aXKURNC62XLFPqpTUcN"
    )
    invoice.refresh_from_db()
    return invoice
