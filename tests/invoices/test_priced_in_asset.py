"""Invoices priced in the asset: just what was named is asked for, and all of it, in however many parts, is enough."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st

from chains.base import Asset
from core.errors import Invalid
from core.money import minor_digits
from invoices.errors import AmountsExhausted, InvalidAmount, PricedInAsset, UnknownAsset
from invoices.models import Invoice
from invoices.quotes import exactly, value_of
from invoices.services import InvoiceOrder, Item, OptionOrder, create_invoice, view_invoice
from invoices.services.pricing import LEAST_TOLERANCE, quote_in_asset, worth
from invoices.states import Facts, InvoiceException, InvoiceStatus, enough_for, exception_of, next_status
from merchants.services import add_wallet
from tests.factories import make_invoice
from tests.invoices.test_claims import SHARED

ASSETS = [Asset("USDT", "tron", 6, 2), Asset("BTC", "bitcoin", 8, 8), Asset("DAI", "ethereum", 18, 2)]


@pytest.fixture(autouse=True)
def _rates(settings):
    settings.FIXED_RATES = {"USDT/USD": Decimal("1.0001"), "BTC/USD": Decimal("60000"), "ETH/USD": Decimal("2500.37")}


def order(**details) -> InvoiceOrder:
    return InvoiceOrder(**{"title": "Order", "crypto_currency": "USDT", "crypto_amount": Decimal("125.00"), **details})


def made(merchant, now, **details) -> Invoice:
    with transaction.atomic():
        return create_invoice(merchant=merchant, livemode=False, order=order(**details), now=now)


@pytest.mark.django_db
class TestCreation:
    @pytest.mark.parametrize(
        ("code", "amount", "units", "total"),
        [
            ("USDT", "125.00", 125_000_000, "125.01"),
            ("USDT", "125.123457", 125_123_457, "125.13"),
            ("BTC", "0.00123457", 123_457, "74.07"),
            ("ETH", "0.123456789012345678", 123_456_789_012_345_678, "308.68"),
        ],
    )
    def test_just_the_amount_is_asked_for_and_its_worth_is_rounded_down(
        self, merchant, now, code, amount, units, total
    ):
        invoice = made(merchant, now, crypto_currency=code, crypto_amount=Decimal(amount))

        assert (invoice.amount_units, invoice.total, invoice.subtotal) == (units, Decimal(total), Decimal(total))
        assert (invoice.currency, invoice.items, invoice.payment_options) == ("USD", [], None)
        assert invoice.priced_in_asset is True
        assert invoice.asked_value >= invoice.total
        assert invoice.reporting_total == invoice.total

    def test_the_currency_says_what_the_worth_is_told_in(self, merchant, now):
        invoice = made(merchant, now, crypto_currency="BTC", crypto_amount=Decimal("0.01"), currency="EUR")

        assert (invoice.currency, invoice.total) == ("EUR", Decimal("552.00"))
        assert (invoice.total_usd, invoice.amount_units) == (Decimal("600.000"), 1_000_000)

    def test_it_is_never_quoted_again(self, merchant, now, settings):
        invoice = made(merchant, now, expires_in=600)
        settings.FIXED_RATES = {"USDT/USD": Decimal("0.90")}
        Invoice.objects.filter(pk=invoice.pk).update(quote_expires_at=now)

        seen = view_invoice(invoice_id=invoice.pk, now=now + timedelta(minutes=5))

        assert (seen.amount_units, seen.rate) == (125_000_000, Decimal("1.0001"))
        assert seen.replaced_quotes.count() == 0

    @pytest.mark.parametrize(
        ("wrong", "failure", "field"),
        [
            ({"items": (Item("x", Decimal(1), Decimal(1)),)}, PricedInAsset, "items"),
            ({"tax": Decimal(1)}, PricedInAsset, "tax"),
            ({"payment_options": (OptionOrder("BTC"),)}, PricedInAsset, "payment_options"),
            ({"price_lock_duration": 600}, PricedInAsset, "price_lock_duration"),
            ({"crypto_currency": None}, UnknownAsset, "crypto_currency"),
            ({"crypto_amount": Decimal("125.0000001")}, InvalidAmount, "crypto_amount"),
            ({"crypto_amount": Decimal(0)}, InvalidAmount, "crypto_amount"),
            ({"crypto_amount": Decimal("-1")}, InvalidAmount, "crypto_amount"),
            ({"crypto_amount": Decimal("0.49")}, InvalidAmount, "crypto_amount"),
            ({"crypto_amount": Decimal("10000.1")}, InvalidAmount, "crypto_amount"),
        ],
    )
    def test_what_makes_no_sense_is_refused_by_name(self, merchant, now, wrong, failure, field):
        with pytest.raises(failure) as refused:
            made(merchant, now, **wrong)

        assert isinstance(refused.value, Invalid)
        assert refused.value.field == field
        assert Invoice.objects.count() == 0

    def test_at_an_address_that_invoices_share_the_amount_is_its_own_or_refused(self, merchant, now, settings):
        settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
        settings.RATE_SOURCES = ["fixed"]
        add_wallet(merchant=merchant, network="ethereum", kind="single", addresses=(SHARED,), now=now)
        place = {"network": "ethereum", "livemode": True, "items": (), "tax": Decimal(0)}

        first = make_invoice(merchant, now, crypto_amount=Decimal(125), **place)
        with pytest.raises(AmountsExhausted):
            make_invoice(merchant, now, crypto_amount=Decimal(125), **place)

        assert (first.amount_units, first.matching) == (125_000_000, "amount")
        assert make_invoice(merchant, now, crypto_amount=Decimal("125.01"), **place).amount_units == 125_010_000


THIRD = Fraction(1000, 3)
units = st.integers(1, 10**24)
rates = st.decimals(min_value="0.000001", max_value="200000", places=18)


@given(asset=st.sampled_from(ASSETS), wanted=units, rate=rates, cuts=st.lists(st.integers(0, 1000), max_size=6))
# Worth just 100.01, of which two parts that are no whole cents lose a billionth.
@example(asset=ASSETS[2], wanted=100 * 10**18, rate=Decimal("1.0001"), cuts=[THIRD])
def test_all_of_it_in_any_parts_is_paid_and_not_overpaid(asset, wanted, rate, cuts):
    """Each part's worth is rounded down by itself, as payments are; the merchant's tolerance may be nothing."""
    asked = exactly(asset.to_amount(wanted), rate=rate, asset=asset)
    total = worth(asked, "USD")
    edges = sorted({0, wanted, *(wanted * cut // 1000 for cut in cuts)})
    parts = [later - earlier for earlier, later in pairwise(edges)]
    came = sum((value_of(part, rate=rate, asset=asset) for part in parts), Decimal(0))

    facts = Facts(
        enough=enough_for(total, LEAST_TOLERANCE),
        ceiling=max(total, asked.value),
        received=came,
        confirmed=came,
        is_viewed=True,
        is_overdue=False,
    )

    assert asked.units == wanted
    if Decimal("0.50") <= total <= 10**9:  # what plans allow lies within
        assert next_status(InvoiceStatus.PENDING, facts) is InvoiceStatus.PAID
        assert exception_of(facts) is InvoiceException.NONE


@given(asset=st.sampled_from(ASSETS), amount=st.decimals(min_value="0.000000000000000001", max_value=10**9, places=18))
def test_an_amount_is_taken_as_it_is_or_refused(asset, amount):
    try:
        asked = quote_in_asset(amount, rate=Decimal(1), asset=asset)
    except InvalidAmount:
        assert amount != round(amount, asset.decimals)
    else:
        assert asset.to_amount(asked.units) == amount


@given(wanted=st.integers(10**6, 10**15), rate=rates)
def test_the_worth_is_never_more_than_what_is_asked_for(wanted, rate):
    asked = exactly(ASSETS[0].to_amount(wanted), rate=rate, asset=ASSETS[0])

    for currency in ("USD", "JPY", "KWD"):
        assert worth(asked, currency) <= asked.value < worth(asked, currency) + Decimal(10) ** -minor_digits(currency)
