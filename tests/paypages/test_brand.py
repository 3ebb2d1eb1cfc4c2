"""Whose page it is: name, logo, colour and address for questions, wherever a customer gets to."""

import base64
import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.core import signing
from django.utils import timezone
from PIL import Image
from pypdfium2 import PdfDocument
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from invoices.services import LinkTerms, create_link, expire_due
from merchants.models import Logo
from merchants.services import MerchantChanges, update_merchant
from payments.services import RefundOrder, request_refund
from paypages.brand import sheet
from tests.factories import make_invoice, make_merchant
from tests.paypages.test_views import pay, text_of, url

pytestmark = pytest.mark.django_db

BRANDING = {"display_name": "Acme VPN", "accent_color": "#ffd400", "support_email": "help@acme.example"}


def picture(colour="red"):
    file = BytesIO()
    Image.new("RGB", (90, 30), colour).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


@pytest.fixture
def merchant(valkey):
    merchant = make_merchant(timezone.now())
    changes = MerchantChanges(settings={"logo": picture(), "branding": BRANDING})
    return update_merchant(merchant=merchant, changes=changes, now=timezone.now())


@pytest.fixture
def invoice(merchant):
    return make_invoice(merchant, timezone.now())


def is_branded(response, merchant):
    html, text = response.content.decode(), text_of(response)
    digest = Logo.objects.get(merchant=merchant).digest
    assert f'src="/brand/logo/{digest}" width="90" height="30"' in html
    assert '<link rel="stylesheet" href="/brand/ffd400.css">' in html
    assert "Acme VPN" in text
    assert "Acme VPN Services" not in text
    assert "Questions? Write to help@acme.example" in text
    assert 'href="mailto:help@acme.example?subject=' in html


class TestEveryPage:
    def test_waiting_and_receipt(self, client, merchant, invoice):
        is_branded(client.get(url(invoice)), merchant)
        pay(invoice, blocks=4)
        is_branded(client.get(url(invoice)), merchant)
        is_branded(client.get(url(invoice, "/receipt")), merchant)

    def test_expired(self, client, merchant):
        late = make_invoice(merchant, timezone.now() - timedelta(hours=3))
        expire_due(now=timezone.now())

        page = client.get(url(late))

        assert "This invoice has expired" in text_of(page)
        is_branded(page, merchant)

    def test_link(self, client, merchant):
        link = create_link(
            merchant=merchant, livemode=False, terms=LinkTerms("VPN", currency="USD"), now=timezone.now()
        )

        is_branded(client.get(f"/l/{link.slug}"), merchant)

    def test_refund(self, client, merchant, invoice):
        pay(invoice, blocks=4)
        names = {"merchant": merchant, "livemode": False, "public_id": invoice.public_id}
        refund = request_refund(**names, order=RefundOrder(), now=timezone.now())

        page = client.get(f"/invoice/{invoice.public_id}/refund/{refund.public_id}", follow=True)

        assert "Your refund" in text_of(page)
        is_branded(page, merchant)

    def test_a_problem_where_the_merchant_is_known(self, client, merchant, invoice):
        page = client.get(url(invoice, "/receipt"))

        assert page.status_code == 409
        is_branded(page, merchant)

    def test_a_problem_where_nobody_is_known_has_nobodys_looks(self, client, merchant):
        page = client.get("/invoice/inv_nope")

        assert page.status_code == 404
        assert "brand" not in page.content.decode()

    def test_the_receipt_as_pdf(self, client, merchant, invoice):
        pay(invoice, blocks=4)

        sheets = PdfDocument(client.get(url(invoice, "/receipt.pdf")).content)

        assert len(list(sheets[0].get_objects(filter=[FPDF_PAGEOBJ_IMAGE]))) == 1
        text = sheets[0].get_textpage().get_text_bounded()
        assert "Acme VPN\r\nReceipt" in text
        assert "Questions? Write to help@acme.example." in text


def test_a_merchant_without_branding_has_its_name_its_initial_and_our_colour(client, valkey):
    page = client.get(url(make_invoice(make_merchant(timezone.now()), timezone.now())))

    html = page.content.decode()
    assert "Acme VPN Services" in html
    assert '<span class="mark" aria-hidden="true">A</span>' in html
    assert "/brand/" not in html
    assert "Questions?" not in html


def test_one_merchants_looks_are_not_anothers(client, merchant, invoice):
    other = make_merchant(timezone.now(), email="other@example.com")

    page = client.get(url(make_invoice(other, timezone.now())))

    assert "/brand/" not in page.content.decode()


class TestLogoFile:
    def test_is_the_picture_and_may_do_nothing(self, client, merchant):
        logo = Logo.objects.get(merchant=merchant)

        answer = client.get(f"/brand/logo/{logo.digest}")

        assert answer["Content-Type"] == "image/png"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert Image.open(BytesIO(answer.content)).getpixel((9, 9)) == (255, 0, 0)
        assert not answer.cookies
        assert not answer.has_header("Vary")  # one for everybody, whoever asks

    def test_that_was_replaced_is_gone(self, client, merchant):
        old = Logo.objects.get(merchant=merchant).digest
        update_merchant(
            merchant=merchant, changes=MerchantChanges(settings={"logo": picture("blue")}), now=timezone.now()
        )

        assert client.get(f"/brand/logo/{old}").status_code == 404

    @pytest.mark.parametrize("digest", ["0" * 64, "x", "..%2f..%2fetc", "%00"])
    def test_that_nobody_has_is_not_found(self, client, digest):
        assert client.get(f"/brand/logo/{digest}").status_code == 404


class TestColours:
    def test_are_a_style_sheet_for_both_schemes(self, client):
        answer = client.get("/brand/0a7d5a.css")

        assert answer["Content-Type"] == "text/css; charset=utf-8"
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
        tokens = r"--accent:#\w{6};--accent-strong:#\w{6};--on-accent:#\w{6};--accent-wash:#\w{6}"
        assert re.fullmatch(
            rf":root{{{tokens}}}@media \(prefers-color-scheme: dark\){{:root{{{tokens}}}}}", answer.content.decode()
        )
        assert answer.content.decode() == sheet("#0a7d5a")

    @pytest.mark.parametrize("colour", ["fff", "0A7D5A", "red", "0a7d5a}", "0a7d5a;x", "0a7d5a%0a", "gggggg", "١٢٣٤٥٦"])
    def test_nothing_but_a_colour_is_answered(self, client, colour):
        assert client.get(f"/brand/{colour}.css").status_code == 404


@pytest.mark.parametrize("path", ["/l/%00", "/brand/%00.css", "/invoice/%00", "/refund/%00"])
def test_an_address_that_no_database_can_hold_leads_nowhere(client, valkey, path):
    assert client.get(path).status_code == 404


def test_a_claim_link_of_nobody_has_nobodys_looks(client, valkey):
    assert "/brand/" not in client.get(f"/refund/{signing.dumps('ref_x', salt='x')}").content.decode()
