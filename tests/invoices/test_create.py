"""Creating an invoice: the price, the limits, the rate, the destination."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from events.models import Event
from invoices.errors import InvalidAmount, RateUnavailable, UnknownAsset, UnknownCurrency
from invoices.models import Invoice, RateSheet
from invoices.services import Item
from merchants.errors import NoWalletConfigured, PlanLimitReached
from merchants.models import Plan, Usage
from merchants.services import add_wallet
from tests.factories import make_invoice

pytestmark = pytest.mark.django_db

XPUB = "xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK3mdhaWHPFsBngh5GFZaM6si3yZdUsT8ddYM3PwnATt"


@pytest.fixture
def ethereum(merchant, now, settings):
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    add_wallet(merchant=merchant, network="ethereum", xpub=XPUB, now=now)
    return "ethereum"


def one_item(price: str, quantity: str = "1") -> dict:
    return {"items": (Item("Thing", Decimal(quantity), Decimal(price)),), "tax": Decimal(0)}


def sheet(source: str, usd: str, *, at, base: str = "USDT") -> None:
    RateSheet.objects.create(base=base, source=source, prices={"USD": usd}, observed_at=at)


class TestPrice:
    def test_the_example_of_the_api_document(self, merchant, now):
        invoice = make_invoice(merchant, now)

        assert (invoice.subtotal, invoice.total) == (Decimal("14.99"), Decimal("16.49"))
        assert (invoice.amount_units, invoice.rate) == (16_490_000, Decimal("1.0001"))
        assert invoice.expires_at == now + timedelta(minutes=30)
        assert invoice.quote_expires_at == invoice.expires_at

    def test_fractions_of_a_quantity_are_rounded_once(self, merchant, now):
        invoice = make_invoice(merchant, now, **one_item("0.99", "1.5"))

        assert invoice.total == Decimal("1.49")

    def test_the_merchant_s_reporting_currency_is_converted_at_the_invoice_s_own_rate(self, merchant, now):
        invoice = make_invoice(merchant, now, currency="EUR", **one_item("92.00"))

        assert (invoice.reporting_currency, invoice.reporting_total) == ("USD", Decimal("100.00"))
        assert invoice.total_usd == Decimal("100.000")

    @pytest.mark.parametrize("price", ["0.49", "10000.01"])
    def test_totals_outside_the_plan_are_refused_with_the_limits(self, merchant, now, price):
        with pytest.raises(InvalidAmount) as refused:
            make_invoice(merchant, now, **one_item(price))

        assert refused.value.detail == "Invoice amount must be between $0.50 and $10,000.00"
        assert refused.value.field == "items[0].unit_price"
        assert refused.value.constraints == {
            "min_amount": Decimal("0.50"),
            "max_amount": Decimal("10000.00"),
            "currency": "USD",
        }
        assert Invoice.objects.count() == 0

    @pytest.mark.parametrize("price", ["0.50", "10000.00"])
    def test_the_limits_themselves_are_allowed(self, merchant, now, price):
        assert make_invoice(merchant, now, **one_item(price)).total == Decimal(price)

    def test_limits_hold_in_other_currencies_too(self, merchant, now):
        with pytest.raises(InvalidAmount):
            make_invoice(merchant, now, currency="JPY", **one_item("74"))

        assert make_invoice(merchant, now, currency="JPY", **one_item("75")).total == 75

    def test_more_digits_than_the_currency_has_are_refused(self, merchant, now):
        with pytest.raises(InvalidAmount) as refused:
            make_invoice(merchant, now, **one_item("9.999"))

        assert refused.value.field == "items[0].unit_price"

    def test_unknown_currencies_and_assets_are_refused(self, merchant, now):
        with pytest.raises(UnknownCurrency):
            make_invoice(merchant, now, currency="XXX")
        with pytest.raises(UnknownAsset):
            make_invoice(merchant, now, crypto_currency="DOGECOIN")
        with pytest.raises(UnknownAsset):
            make_invoice(merchant, now, network="ethereum")


class TestLiveRates:
    def test_the_median_of_fresh_sources_counts_and_outliers_do_not(self, merchant, ethereum, now, settings):
        settings.RATE_SOURCES = ["coinbase", "kraken", "binance"]
        for source, price in (("coinbase", "1.0000"), ("kraken", "1.0002"), ("binance", "1.5")):
            sheet(source, price, at=now)

        invoice = make_invoice(merchant, now, livemode=True)

        assert invoice.rate == Decimal("1.0001")

    def test_only_the_newest_of_each_source_counts(self, merchant, ethereum, now, settings):
        settings.RATE_SOURCES = ["coinbase"]
        sheet("coinbase", "0.9", at=now - timedelta(minutes=2))
        sheet("coinbase", "1.01", at=now - timedelta(minutes=1))

        assert make_invoice(merchant, now, livemode=True).rate == Decimal("1.01")

    def test_a_stale_rate_is_no_rate(self, merchant, ethereum, now, settings):
        settings.RATE_SOURCES = ["coinbase"]
        sheet("coinbase", "1.0", at=now - timedelta(seconds=301))

        with pytest.raises(RateUnavailable):
            make_invoice(merchant, now, livemode=True)
        assert Usage.objects.filter(merchant=merchant).count() == 0

    def test_an_unknown_pair_is_no_rate(self, merchant, ethereum, now, settings):
        settings.RATE_SOURCES = ["coinbase"]
        sheet("coinbase", "1.0", at=now)

        with pytest.raises(RateUnavailable):
            make_invoice(merchant, now, livemode=True, currency="EUR")


class TestDestination:
    def test_without_a_wallet_there_is_no_invoice(self, merchant, now, settings):
        settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
        settings.RATE_SOURCES = ["fixed"]

        with pytest.raises(NoWalletConfigured):
            make_invoice(merchant, now, livemode=True)

    def test_without_a_node_there_is_no_invoice(self, merchant, now, settings):
        settings.CHAINS = {}

        with pytest.raises(NoWalletConfigured):
            make_invoice(merchant, now, livemode=True)

    def test_an_address_serves_one_invoice_ever(self, merchant, now):
        invoice = make_invoice(merchant, now)
        other = make_invoice(merchant, now)

        assert invoice.address != other.address
        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.filter(pk=other.pk).update(address=invoice.address)

    def test_a_refused_invoice_uses_no_address(self, merchant, ethereum, now, settings):
        settings.RATE_SOURCES = ["fixed"]
        with pytest.raises(InvalidAmount):
            make_invoice(merchant, now, livemode=True, **one_item("0.01"))

        assert merchant.wallets.get().next_index == 0


class TestPlan:
    def test_the_month_s_invoices_run_out(self, merchant, ethereum, now, settings):
        settings.RATE_SOURCES = ["fixed"]
        Plan.objects.filter(pk=merchant.plan_id).update(monthly_invoice_limit=2)
        merchant.refresh_from_db()
        make_invoice(merchant, now, livemode=True)
        make_invoice(merchant, now, livemode=True)

        with pytest.raises(PlanLimitReached):
            make_invoice(merchant, now, livemode=True)
        make_invoice(merchant, now + timedelta(days=31), livemode=True)


def test_the_event_carries_everything_and_is_written_with_the_invoice(merchant, now):
    invoice = make_invoice(merchant, now, webhook_url="https://merchant.example/hook")

    event = Event.objects.get(type="invoice.created")
    assert event.invoice_id == invoice.pk
    assert event.data["webhook_url"] == "https://merchant.example/hook"
    assert event.data["total_amount"] == Decimal("16.49")
    assert event.data["payment_progress"] == {
        "received": Decimal("0.00"),
        "required": Decimal("16.49"),
        "remaining": Decimal("16.49"),
        "percent": Decimal("0.00"),
    }
