"""A customer who has paid names the transaction, and the page says what became of it; and claims what is to go back."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from chains.sandbox import services as sandbox
from invoices import services
from payments.models import Payment, Refund
from payments.services import scan
from tests.factories import make_invoice, make_merchant
from tests.paypages.test_views import pay, text_of, url

pytestmark = pytest.mark.django_db

UNKNOWN = "ef" * 32


@pytest.fixture
def merchant(valkey):
    return make_merchant(timezone.now())


@pytest.fixture
def invoice(merchant):
    return make_invoice(merchant, timezone.now())


def report(client, invoice, transaction: str):
    return client.post(url(invoice, "/transaction"), {"transaction": transaction})


class TestReporting:
    def test_an_expired_invoice_shows_no_address_and_asks_for_the_transaction(self, client, merchant):
        invoice = make_invoice(merchant, timezone.now() - timedelta(hours=3))
        services.expire_due(now=timezone.now())

        page = client.get(url(invoice))

        assert invoice.address not in page.content.decode()
        assert "Have you paid already?" in text_of(page)

    @pytest.mark.parametrize("blocks", [1, 4])
    def test_a_paid_invoice_asks_nothing(self, client, invoice, blocks):
        pay(invoice, blocks=blocks)

        assert "Have you paid already?" not in text_of(client.get(url(invoice)))
        assert 'name="transaction"' not in client.get(url(invoice)).content.decode()

    def test_a_transaction_that_nobody_knows_is_not_there_yet(self, client, invoice):
        scan(network="sandbox", now=timezone.now())

        answer = report(client, invoice, UNKNOWN)

        assert answer.status_code == 200
        assert "It is not on Sandbox yet." in text_of(answer)
        assert "efefefef…efefefef" in text_of(answer)
        assert "http-equiv" not in answer.content.decode()  # the answer stays until it is read
        assert Payment.objects.count() == 0

    def test_without_a_transaction_id_the_field_is_marked(self, client, invoice):
        answer = report(client, invoice, '"><b>I did pay')

        assert answer.status_code == 422
        assert "This is no transaction ID." in text_of(answer)
        assert 'aria-invalid="true"' in answer.content.decode()
        assert 'value="&quot;&gt;&lt;b&gt;I did pay"' in answer.content.decode()

    def test_a_payment_that_was_missed_pays_the_invoice(self, client, invoice):
        txid = sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units, now=timezone.now())
        sandbox.mine(count=4, now=timezone.now())
        scan(network="sandbox", now=timezone.now())
        Payment.objects.all().delete()
        invoice.refresh_from_db()
        invoice.status, invoice.paid_at = "pending", None
        invoice.received_units = invoice.confirmed_units = invoice.received_value = invoice.confirmed_value = 0
        invoice.save()

        answer = report(client, invoice, txid)

        assert "It is here and counts." in text_of(answer)
        assert "has received your payment. Thank you." in text_of(answer)

    def test_the_sixth_time_in_a_minute_is_too_often(self, client, invoice):
        scan(network="sandbox", now=timezone.now())

        answers = [text_of(report(client, invoice, UNKNOWN)) for _ in range(6)]

        assert ["just looked several times" in answer for answer in answers] == [False] * 5 + [True]

    def test_reloading_the_answer_leads_to_the_invoice(self, client, invoice):
        answer = client.get(url(invoice, "/transaction"))

        assert (answer.status_code, answer["Location"]) == (302, url(invoice))

    def test_the_form_needs_no_cookie(self, invoice):
        customer = Client(enforce_csrf_checks=True, headers={"origin": "http://testserver"})

        answer = report(customer, invoice, UNKNOWN)

        assert answer.status_code == 200
        assert "Content-Security-Policy" in answer.headers

    def test_an_unknown_invoice_is_not_found(self, client):
        assert client.post("/invoice/inv_1/transaction", {"transaction": UNKNOWN}).status_code == 404


class TestClaiming:
    @pytest.fixture
    def overpaid(self, invoice):
        invoice.overpayment_action = "refund"
        invoice.save()
        pay(invoice, units=20_000_000, blocks=4)
        return invoice

    def test_a_surplus_that_goes_back_can_be_claimed_from_the_page(self, client, overpaid):
        refund = Refund.objects.get()

        page = client.get(url(overpaid))
        claim = client.get(url(overpaid, f"/refund/{refund.public_id}"), follow=True)

        assert "Claim 3.51 USDT" in text_of(page)
        assert f'href="{url(overpaid)}/refund/{refund.public_id}"' in page.content.decode()
        assert "Your address on Sandbox" in text_of(claim)

    def test_the_page_is_the_same_each_time_it_is_asked_for(self, client, overpaid):
        first, second = (client.get(url(overpaid, "/live")).content for _ in range(2))

        assert first == second

    def test_a_refund_of_another_invoice_is_not_found(self, client, merchant, overpaid):
        other = make_invoice(merchant, timezone.now())

        answer = client.get(url(other, f"/refund/{Refund.objects.get().public_id}"))

        assert answer.status_code == 404

    def test_a_withdrawn_refund_is_not_found(self, client, overpaid):
        Refund.objects.update(status="cancelled")

        answer = client.get(url(overpaid, f"/refund/{Refund.objects.get().public_id}"))

        assert answer.status_code == 404
