"""Invoices, payment links and customers at the desk."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone

from chains.sandbox import services as sandbox
from dashboard import words
from events.outbox import dispatch
from invoices.models import Customer, Invoice, PaymentLink
from invoices.services import CustomerDetails, LinkTerms, create_customer, create_link
from invoices.states import InvoiceException, InvoiceStatus
from payments.models import Refund
from payments.services import scan
from payments.states import PaymentStatus, RefundStatus
from tests.factories import make_invoice
from webhooks.models import Delivery
from webhooks.services import EndpointOrder, create_endpoint
from webhooks.states import DeliveryStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("testing")]


@pytest.fixture
def now():
    return timezone.now()


def text_of(response):
    return unescape(response.content.decode())


def pay(invoice, units, now):
    sandbox.send(address=invoice.address, asset_code="USDT", units=units, now=now)
    sandbox.mine(count=3, now=now)
    scan(network="sandbox", now=now)


def test_every_status_has_its_words():
    assert set(words.INVOICE) == set(InvoiceStatus)
    assert set(words.EXCEPTION) == set(InvoiceException)
    assert set(words.PAYMENT) == set(PaymentStatus)
    assert set(words.REFUND) == set(RefundStatus)
    assert set(words.DELIVERY) == set(DeliveryStatus)


class TestList:
    @pytest.mark.parametrize(
        ("query", "titles"),
        [
            ("", ["Hat", "Shoes"]),
            ("?sort=oldest", ["Shoes", "Hat"]),
            ("?status=paid", ["Shoes"]),
            ("?status=waiting", ["Hat"]),
            ("?asset=USDT&network=sandbox", ["Hat", "Shoes"]),
            ("?asset=BTC", []),
            ("?network=tron", []),
            ("?search=hAt", ["Hat"]),
            ("?since={tomorrow}", []),
            ("?until={yesterday}", []),
            ("?since={today}&until={today}", ["Hat", "Shoes"]),
            ("?customer={customer}", ["Shoes"]),
            ("?search={id}", ["Shoes"]),
            ("?customer=cus_nonsense", []),
            ("?link=pl_nonsense", []),
            ("?status=nonsense", ["Hat", "Shoes"]),
            ("?until=9999-12-31", ["Hat", "Shoes"]),
            ("?place=x", ["Hat", "Shoes"]),
            ("?search=%00", ["Hat", "Shoes"]),
        ],
    )
    def test_the_url_says_what_is_listed(self, owner, merchant, now, query, titles):
        early = now.replace(hour=12) - timedelta(seconds=1)
        shoes = make_invoice(merchant, early, title="Shoes", customer=CustomerDetails("ada@example.com"))
        make_invoice(merchant, now.replace(hour=12), title="Hat")
        Invoice.objects.filter(pk=shoes.pk).update(status="paid", paid_at=now)
        days = {name: f"{now + timedelta(days=by):%Y-%m-%d}" for name, by in DAYS.items()}
        filled = query.format(**days, customer=shoes.customer.public_id, id=shoes.public_id)

        page = owner.get(f"/dashboard/invoices/{filled}")
        file = owner.get(f"/dashboard/invoices/{filled}{'&' if filled else '?'}as=csv")

        assert page.status_code == 200
        assert [each.title for each in page.context["page"]] == titles
        rows = list(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
        assert [row["title"] for row in rows] == titles

    def test_the_file_has_exact_amounts_and_no_formulas(self, owner, merchant, now):
        invoice = make_invoice(merchant, now, title="=HYPERLINK(1)")
        pay(invoice, invoice.amount_units, now)

        file = owner.get("/dashboard/invoices/?as=csv")

        (row,) = csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig")))
        assert row["title"] == "'=HYPERLINK(1)"
        assert (row["total"], row["crypto_amount"], row["received"]) == ("16.49", "16.49", "16.49")
        assert (row["status"], row["id"]) == ("paid", invoice.public_id)

    def test_the_other_mode_is_another_list(self, owner, merchant, now):
        make_invoice(merchant, now, title="Shoes")

        owner.post("/dashboard/mode/", {"mode": "live"})

        assert "Shoes" not in text_of(owner.get("/dashboard/invoices/"))


DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}


class TestOneInvoice:
    def test_each_rate_is_shown_with_what_it_rests_on(self, owner, merchant, now):
        invoice = make_invoice(merchant, now)
        evidence = [
            {"source": "kraken", "price": Decimal("1.000200000"), "observed_at": "2026-11-21T09:00:00Z", "used": True},
            {"source": "faraway", "price": Decimal("9.1"), "observed_at": "2026-11-21T09:00:01Z", "used": False},
        ]
        Invoice.objects.filter(pk=invoice.pk).update(rate_evidence=evidence)
        invoice.replaced_quotes.create(
            network=invoice.network,
            asset_code=invoice.asset_code,
            rate=Decimal("0.999"),
            rate_source="coinbase",
            amount_units=16_506_506,
            quoted_at=now,
            replaced_at=now,
        )

        page = text_of(owner.get(f"/dashboard/invoices/{invoice.public_id}/"))

        for said in ("1.0001 USD", "kraken", "1.0002", "faraway", "Not used", "0.999 USD", "16.506506 USDT in all"):
            assert said in page

    def test_who_develops_sends_its_webhooks_again(self, seat, merchant, now, settings):
        settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        create_endpoint(
            merchant=merchant, livemode=False, order=EndpointOrder("http://127.0.0.1:1/", events=["*"]), now=now
        )
        invoice = make_invoice(merchant, now)
        dispatch()
        Delivery.objects.update(status="failed", next_attempt_at=None)
        again = f'action="/dashboard/webhooks/deliveries/{Delivery.objects.get().public_id}/again/"'

        assert again in text_of(seat("developer").get(f"/dashboard/invoices/{invoice.public_id}/"))
        assert again not in text_of(seat("viewer", name="v").get(f"/dashboard/invoices/{invoice.public_id}/"))

    def test_all_that_happened_is_told(self, owner, merchant, now):
        invoice = make_invoice(merchant, now, metadata={"order_id": "ord_789"})
        pay(invoice, invoice.amount_units + 2_000_000, now)

        page = text_of(owner.get(f"/dashboard/invoices/{invoice.public_id}/"))

        for said in ("18.49 USDT", "Too much", "Payment confirmed", "ord_789", invoice.address, "Paid"):
            assert said in page

    def test_a_partly_paid_one_is_cancelled_and_what_arrived_is_to_go_back(self, owner, merchant, now):
        invoice = make_invoice(merchant, now)
        pay(invoice, 5_000_000, now)

        answer = owner.post(
            f"/dashboard/invoices/{invoice.public_id}/cancel/", {"reason": "Out of stock", "refund": "on"}
        )

        assert answer.status_code == 302
        invoice.refresh_from_db()
        assert (invoice.status, invoice.cancel_reason) == ("cancelled", "Out of stock")
        assert Refund.objects.get(invoice=invoice).units == 5_000_000

    def test_without_the_tick_nothing_goes_back(self, owner, merchant, now):
        invoice = make_invoice(merchant, now)
        pay(invoice, 5_000_000, now)

        owner.post(f"/dashboard/invoices/{invoice.public_id}/cancel/", {"reason": ""})

        assert not Refund.objects.exists()

    def test_a_paid_one_cannot_be_cancelled(self, owner, merchant, now):
        invoice = make_invoice(merchant, now)
        pay(invoice, invoice.amount_units, now)

        answer = owner.post(f"/dashboard/invoices/{invoice.public_id}/cancel/", {"reason": ""})

        assert answer.status_code == 422
        assert "can no longer be cancelled" in text_of(answer)
        assert Invoice.objects.get().status == "paid"

    def test_what_arrived_can_be_taken_for_enough(self, owner, merchant, now):
        invoice = make_invoice(merchant, now)
        pay(invoice, 5_000_000, now)

        owner.post(f"/dashboard/invoices/{invoice.public_id}/accept/")

        assert Invoice.objects.get().status == "paid"


class TestLinks:
    FILLED = {"title": "VPN", "currency": "USD", "amount": "9.99"}

    def test_a_link_is_made_changed_and_switched(self, owner, client):
        made = owner.post("/dashboard/payment-links/add/", {**self.FILLED, "asks_email": "on", "max_payments": "3"})
        link = PaymentLink.objects.get()
        assert made["Location"] == f"/dashboard/payment-links/{link.public_id}/"
        assert (link.amount, link.asks_email, link.max_payments, link.livemode) == (Decimal("9.99"), True, 3, False)

        owner.post(f"/dashboard/payment-links/{link.public_id}/change/", {"title": "VPN", "currency": "USD"})
        link.refresh_from_db()
        assert (link.amount, link.asks_email, link.max_payments) == (None, False, None)

        owner.post(f"/dashboard/payment-links/{link.public_id}/switch/", {"to": "off"})
        assert client.get(f"/l/{link.slug}").status_code == 409
        owner.post(f"/dashboard/payment-links/{link.public_id}/switch/", {"to": "on"})
        assert client.get(f"/l/{link.slug}").status_code == 200

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"title": ""}, "title"),
            ({"amount": "9.999"}, "amount"),
            ({"amount": "NaN"}, "amount"),
            ({"min_amount": "3"}, "amount"),
            ({"amount": "", "min_amount": "9", "max_amount": "5"}, "min_amount"),
            ({"asset_code": "DOGECASH"}, "asset_code"),
            ({"currency": "XXX"}, "currency"),
            ({"return_url": "javascript:alert(1)"}, "return_url"),
            ({"max_payments": "0"}, "max_payments"),
        ],
    )
    def test_what_makes_no_sense_is_told_beside_its_field(self, owner, wrong, field):
        answer = owner.post("/dashboard/payment-links/add/", {**self.FILLED, **wrong})

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert not PaymentLink.objects.exists()

    def test_its_address_is_that_of_the_pay_pages_wherever_the_dashboard_is(self, owner, merchant, now, settings):
        settings.PAY_BASE_URL = "https://pay.example.com"
        link = create_link(merchant=merchant, livemode=False, terms=LinkTerms("VPN", currency="USD"), now=now)
        invoice = make_invoice(merchant, now)

        of_link = owner.get(f"/dashboard/payment-links/{link.public_id}/").content.decode()
        of_invoice = owner.get(f"/dashboard/invoices/{invoice.public_id}/").content.decode()

        assert f"https://pay.example.com/l/{link.slug}" in of_link
        assert f"https://pay.example.com/invoice/{invoice.public_id}" in of_invoice
        assert "http://testserver/" not in of_link + of_invoice

    def test_the_list_says_how_often_each_was_paid(self, owner, merchant, now):
        link = create_link(
            merchant=merchant, livemode=False, terms=LinkTerms("VPN", currency="USD", amount=Decimal(5)), now=now
        )
        for _ in range(2):
            make_invoice(merchant, now, payment_link=link)
        pay(Invoice.objects.first(), 16_490_000, now)

        (listed,) = owner.get("/dashboard/payment-links/").context["page"]

        assert listed.paid == 1


class TestCustomers:
    def test_somebody_is_added_once(self, owner):
        first = owner.post("/dashboard/customers/add/", {"email": "Ada@example.com", "name": "Ada"})
        again = owner.post("/dashboard/customers/add/", {"email": "ada@example.com"})

        customer = Customer.objects.get()
        assert first["Location"] == f"/dashboard/customers/{customer.public_id}/"
        assert again.status_code == 422
        assert list(again.context["form"].errors) == ["email"]

    def test_a_name_changes(self, owner, merchant, now):
        customer = create_customer(
            merchant=merchant, livemode=False, details=CustomerDetails("ada@example.com"), now=now
        )

        owner.post(f"/dashboard/customers/{customer.public_id}/", {"name": "Ada Palmer"})

        customer.refresh_from_db()
        assert customer.name == "Ada Palmer"
        assert "Ada Palmer" in text_of(owner.get("/dashboard/customers/?search=palmer"))
        assert "Ada Palmer" not in text_of(owner.get("/dashboard/customers/?search=lovelace"))

    def test_one_who_asks_for_it_is_forgotten(self, owner, merchant, now):
        invoice = make_invoice(merchant, now, customer=CustomerDetails("ada@example.com", name="Ada"))
        path = f"/dashboard/customers/{invoice.customer.public_id}/"
        assert f'action="{path}erase/"' in owner.get(path).content.decode()

        answer = owner.post(f"{path}erase/", follow=True)

        assert "The customer's data was erased, also from 1 invoice." in text_of(answer)
        assert "ada@example.com" not in answer.content.decode()
        assert "Erased customer" in text_of(answer)
        assert "erased.invalid" not in answer.content.decode()
        assert f'action="{path}erase/"' not in answer.content.decode()
        assert "VPN Service Order" in text_of(answer)

    def test_the_credit_is_shown(self, owner, merchant, now):
        invoice = make_invoice(merchant, now, customer=CustomerDetails("ada@example.com"))
        pay(invoice, invoice.amount_units + 3_000_000, now)

        page = text_of(owner.get(f"/dashboard/customers/{invoice.customer.public_id}/"))

        assert "$3.00" in page
        assert invoice.title in page
