"""After payment there is a receipt: a page that prints well, and a PDF to keep."""

import pytest
from django.utils import timezone
from pypdfium2 import PdfDocument

from tests.factories import make_invoice, make_merchant
from tests.paypages.test_views import pay, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant(valkey):
    return make_merchant(timezone.now())


@pytest.fixture
def invoice(merchant):
    return make_invoice(merchant, timezone.now())


def pdf_text(response) -> str:
    return "\n".join(page.get_textpage().get_text_bounded() for page in PdfDocument(response.content))


class TestReceipt:
    def test_says_who_was_paid_for_what_how_much_and_with_which_transaction(self, client, invoice):
        pay(invoice, blocks=4)
        txid = invoice.payments.get().txid

        page = client.get(url(invoice, "/receipt"))
        file = client.get(url(invoice, "/receipt.pdf"))

        assert (page.status_code, file.status_code) == (200, 200)
        assert file["Content-Type"] == "application/pdf"
        assert file["Content-Disposition"] == f'attachment; filename="receipt-{invoice.public_id}.pdf"'
        for text in (text_of(page), pdf_text(file)):
            for fact in ("Acme VPN Services", "VPN Premium Plan", "$9.99", "$1.50", "$16.49", invoice.public_id, txid):
                assert fact in text
            assert "16.49 USDT" in text
            assert f"{invoice.paid_at:%Y-%m-%d %H:%M} UTC" in text
            assert "M UTC" not in text  # one way to write a time, which every reader of a receipt understands

    def test_the_paid_page_leads_to_it(self, client, invoice):
        pay(invoice, blocks=4)

        assert f'href="{url(invoice)}/receipt"' in client.get(url(invoice)).content.decode()

    @pytest.mark.parametrize("rest", ["/receipt", "/receipt.pdf"])
    def test_there_is_none_before_the_payment_is_confirmed(self, client, invoice, rest):
        assert client.get(url(invoice, rest)).status_code == 409

        pay(invoice, blocks=1)

        assert client.get(url(invoice, rest)).status_code == 409
        assert f'href="{url(invoice)}/receipt"' not in client.get(url(invoice)).content.decode()

    def test_names_in_other_scripts_are_written(self, client, merchant, invoice):
        merchant.business_name = "Магазин Ελλάδα Łódź 東京 北京 서울"
        merchant.save()
        pay(invoice, blocks=4)

        assert "Магазин Ελλάδα Łódź 東京 北京 서울" in pdf_text(client.get(url(invoice, "/receipt.pdf")))

    def test_what_no_font_can_write_is_marked_and_the_page_named(self, client, merchant, invoice):
        merchant.business_name = "חנות Shop"
        merchant.save()
        pay(invoice, blocks=4)

        text = pdf_text(client.get(url(invoice, "/receipt.pdf")))

        assert "\N{REPLACEMENT CHARACTER}" * 4 + " Shop" in text
        assert "the page below shows all of them" in text
        assert "חנות Shop" in text_of(client.get(url(invoice, "/receipt")))

    def test_arabic_is_written(self, client, merchant, invoice):
        merchant.business_name = "متجر"
        merchant.save()
        pay(invoice, blocks=4)

        text = pdf_text(client.get(url(invoice, "/receipt.pdf")))

        assert "\N{REPLACEMENT CHARACTER}" not in text
        assert "characters cannot be written" not in text

    @pytest.mark.parametrize(
        ("language", "title", "amount"),
        [
            ("ar", "", "16.49 USDT"),
            ("de", "Beleg", "16,49 USDT"),
            ("fr", "Reçu", "16,49 USDT"),
            ("ru", "Квитанция", "16,49 USDT"),
            ("tr", "Makbuz", "16,49 USDT"),
            ("zh-hans", "收据", "16.49 USDT"),
            ("ja", "領収書", "16.49 USDT"),
        ],
    )
    def test_is_written_in_the_customers_language(self, client, merchant, invoice, language, title, amount):
        merchant.business_name = {"ar": "متجر", "ja": "東京"}.get(language, "北京 Shop")
        merchant.save()
        invoice.title = {"ar": "طلب رقم 12 VPN"}.get(language, "ご注文 12")
        invoice.save()
        pay(invoice, blocks=4)

        text = pdf_text(client.get(url(invoice, f"/receipt.pdf?lang={language}")))

        assert amount in text
        assert text.count(invoice.public_id) == 2  # beside its name and in the address of the page
        assert title in text  # joined letters come back as they are drawn
        assert "\N{REPLACEMENT CHARACTER}" not in text
        assert "Receipt" not in text

    def test_in_arabic_is_turned_round(self, client, invoice):
        pay(invoice, blocks=4)

        page = PdfDocument(client.get(url(invoice, "/receipt.pdf?lang=ar")).content)[0]
        words = page.get_textpage()
        found = words.search("VPN Premium Plan").get_next()
        left, _, right, _ = words.get_charbox(found[0] + found[1] - 1)

        assert "\N{REPLACEMENT CHARACTER}" not in words.get_text_bounded()
        assert right == pytest.approx(page.get_width() - 20 / 25.4 * 72, abs=5)
        assert left > page.get_width() / 2

    def test_a_long_order_takes_several_pages(self, client, merchant, invoice):
        invoice.items = invoice.items * 40
        invoice.save()
        pay(invoice, blocks=4)

        file = client.get(url(invoice, "/receipt.pdf"))

        assert len(PdfDocument(file.content)) > 2
        assert pdf_text(file).count("VPN Premium Plan") == 40
