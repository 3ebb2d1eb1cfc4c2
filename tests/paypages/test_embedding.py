"""Pay pages within a merchant's own site: who may show them, and that they work there without a cookie."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from invoices.models import Invoice, PaymentLink
from invoices.services import LinkTerms, create_link
from merchants.services import MerchantChanges, update_merchant
from tests.factories import make_invoice, make_merchant
from tests.paypages.test_views import pay

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
TXID = "ab" * 32
OURS = {"origin": "http://testserver"}
SHOP, LOCAL = "https://shop.example", "http://localhost:3000"


@pytest.fixture
def merchant(valkey):
    merchant = make_merchant(timezone.now())
    changes = MerchantChanges(settings={"branding": {"allowed_origins": [SHOP, LOCAL]}})
    return update_merchant(merchant=merchant, changes=changes, now=timezone.now())


@pytest.fixture
def invoice(merchant):
    return make_invoice(merchant, timezone.now(), return_url="https://shop.example/thanks")


@pytest.fixture
def link(merchant):
    return create_link(merchant=merchant, livemode=False, terms=LinkTerms("VPN", currency="USD"), now=timezone.now())


def ancestors(response):
    return re.search("frame-ancestors ([^;]*)", response["Content-Security-Policy"])[1].split()


def shown_by(response):
    return ancestors(response), response.get("X-Frame-Options")


class TestWhoMayShowIt:
    def test_the_sites_that_the_merchant_names(self, client, invoice, link):
        for path in (f"/embed/invoice/{invoice.public_id}", f"/embed/l/{link.slug}"):
            assert shown_by(client.get(path)) == ([SHOP, LOCAL], None)

    def test_no_page_that_is_not_meant_for_it(self, client, merchant, invoice, link):
        for path in (
            f"/invoice/{invoice.public_id}",
            f"/l/{link.slug}",
            "/",
            "/embed/invoice/inv_nope",
            "/embed/l/nope",
        ):
            assert shown_by(client.get(path)) == (["'none'"], "DENY")

    def test_nobody_until_the_merchant_names_somebody(self, client, valkey):
        merchant = make_merchant(timezone.now())
        invoice = make_invoice(merchant, timezone.now())

        assert shown_by(client.get(f"/embed/invoice/{invoice.public_id}")) == (["'none'"], "DENY")

    def test_each_merchants_pages_only_its_own_sites(self, client, invoice):
        other = make_merchant(timezone.now(), email="other@example.com")
        looks = {"branding": {"allowed_origins": ["https://other.example"]}}
        update_merchant(merchant=other, changes=MerchantChanges(settings=looks), now=timezone.now())
        others = make_invoice(other, timezone.now())

        assert ancestors(client.get(f"/embed/invoice/{others.public_id}")) == ["https://other.example"]
        assert ancestors(client.get(f"/embed/invoice/{invoice.public_id}")) == [SHOP, LOCAL]

    def test_a_developers_machine_in_test_mode_only(self, client, link):
        PaymentLink.objects.filter(pk=link.pk).update(livemode=True)

        response = client.get(f"/embed/l/{link.slug}")

        assert ancestors(response) == [SHOP]
        assert f'<meta name="embedding" content="{SHOP}"' in response.content.decode()

    def test_a_problem_of_a_known_merchant_stays_in_its_frame(self, client, invoice):
        response = client.get(f"/embed/invoice/{invoice.public_id}/receipt")

        assert response.status_code == 409
        assert ancestors(response) == [SHOP, LOCAL]


class TestThePage:
    def test_tells_the_script_whom_it_may_talk_to(self, client, invoice):
        html = client.get(f"/embed/invoice/{invoice.public_id}").content.decode()

        assert (
            f'<meta name="embedding" content="{SHOP} {LOCAL}" data-invoice="{invoice.public_id}" data-close="Close">'
            in html
        )
        assert "paypages/embed.js" in html
        assert "embed.js" not in client.get(f"/invoice/{invoice.public_id}").content.decode()

    def test_leads_to_pages_of_its_kind(self, client, invoice):
        html = client.get(f"/embed/invoice/{invoice.public_id}").content.decode()

        assert f'data-path="/embed/invoice/{invoice.public_id}"' in html
        assert f'data-live="/embed/invoice/{invoice.public_id}/live' in html
        for action in re.findall('action="([^"]*)"', html):
            assert action.startswith("/embed/")

    def test_sends_nobody_away_by_itself_and_leads_out_of_the_frame(self, client, invoice):
        pay(invoice, blocks=4)

        html = client.get(f"/embed/invoice/{invoice.public_id}").content.decode()

        assert 'data-redirect-seconds="0"' in html
        assert 'http-equiv="refresh" content="5' not in html
        assert re.search('href="https://shop.example/thanks" rel="noreferrer" target="_top"', html)
        assert 'target="_top"' not in client.get(f"/invoice/{invoice.public_id}").content.decode()

    def test_needs_no_cookie_from_the_offer_to_the_payment(self, link):
        browser = Client(enforce_csrf_checks=True)

        made = browser.post(f"/embed/l/{link.slug}?lang=de", {"amount": "5"}, headers=OURS)

        invoice = Invoice.objects.get(payment_link=link)
        assert (made.status_code, made["Location"]) == (303, f"/embed/invoice/{invoice.public_id}?lang=de")
        paid = browser.post(f"/embed/invoice/{invoice.public_id}/sandbox", {"portion": "full"}, headers=OURS)
        assert (paid.status_code, paid["Location"]) == (303, f"/embed/invoice/{invoice.public_id}?sent=full")
        named = browser.post(f"/embed/invoice/{invoice.public_id}/transaction", {"transaction": TXID}, headers=OURS)
        assert named.status_code == 200
        assert ancestors(named) == [SHOP, LOCAL]
        assert "sessionid" not in browser.cookies
        assert "csrftoken" not in browser.cookies

    @pytest.mark.parametrize("headers", [{}, {"origin": SHOP}, {"origin": "null"}, {"referer": f"{SHOP}/x"}], ids=str)
    @pytest.mark.parametrize("prefix", ["", "/embed"])
    def test_takes_no_form_of_another_site_nor_of_the_one_around_it(self, link, headers, prefix):
        answer = Client(enforce_csrf_checks=True).post(f"{prefix}/l/{link.slug}", {"amount": "5"}, headers=headers)

        assert answer.status_code == 403
        assert not Invoice.objects.exists()

    @pytest.mark.parametrize(("referer", "status"), [("https://testserver/l/x", 303), (f"{SHOP}/x", 403), ("", 403)])
    def test_believes_a_referer_where_the_origin_is_missing_under_https(self, link, referer, status):
        browser = Client(enforce_csrf_checks=True)

        answer = browser.post(f"/l/{link.slug}", {"amount": "5"}, headers={"referer": referer}, secure=True)

        assert answer.status_code == status

    def test_outside_of_frames_redirects_stay_what_they_are(self, client, link):
        made = client.post(f"/l/{link.slug}", {"amount": "5"})

        assert made["Location"] == f"/invoice/{Invoice.objects.get(payment_link=link).public_id}"

    def test_a_refund_is_claimed_in_a_window_of_its_own(self, client, invoice):
        # Where money goes back to is never typed within another site.
        html = (ROOT / "templates" / "paypages" / "parts" / "receipts.html").read_text()
        assert re.search(r"invoice-refund'[^>]*is_embedded %} target=\"_blank\"", html)
        assert shown_by(client.get("/refund/x"))[1] == "DENY"


class TestScript:
    def test_is_there_for_every_shop_at_an_address_that_stays(self, client):
        answer = client.get("/checkout.js")

        assert answer["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer["Cache-Control"] == "public, max-age=3600"
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
        assert answer.content == (ROOT / "static" / "paypages" / "checkout.js").read_bytes()

    def test_is_small(self):
        assert (ROOT / "static" / "paypages" / "checkout.js").stat().st_size <= 6_000

    def test_speaks_to_nobody_it_does_not_know(self):
        for name in ("checkout.js", "embed.js"):
            assert '"*")' not in re.sub(r'type === "\*"\)', "", (ROOT / "static" / "paypages" / name).read_text())

    def test_has_types(self, client):
        assert "type CheckoutEvent" in client.get("/checkout.d.ts").content.decode()
