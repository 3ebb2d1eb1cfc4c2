"""Rate sources: what they say is taken exactly, and nothing else is taken for a price."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core import http
from core.money import MINOR_DIGITS
from invoices.errors import RateUnavailable
from invoices.models import RateSheet
from invoices.rates import book, coinbase, fixed

# The shape of the public endpoint's answer, shortened.
ANSWER = '{"data":{"currency":"USDT","rates":{"USD":"1.00015","EUR":"0.9205","00":"13.5","BTC":"0.0000101","JPY":"0"}}}'


def test_prices_are_read_digit_by_digit():
    assert coinbase.read(ANSWER, "USDT") == {"USD": Decimal("1.00015"), "EUR": Decimal("0.9205")}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "null",
        '{"data":null}',
        '{"data":{"currency":"USDT","rates":[]}}',
        '{"data":{"currency":"BTC","rates":{"USD":"60000"}}}',
        '{"data":{"currency":"USDT","rates":{"USD":"NaN"}}}',
        '{"data":{"currency":"USDT","rates":{"USD":-1}}}',
        '{"data":{"currency":"USDT","rates":{"USD":"1e999999999"}}}',
    ],
)
def test_nonsense_is_no_price(body):
    with pytest.raises(RateUnavailable):
        coinbase.read(body, "USDT")


def test_fixed_prices_know_every_currency():
    for base in fixed.IN_USD:
        assert set(fixed.fetch(base)) == set(MINOR_DIGITS)
    assert fixed.fetch("NOPE") == {}


@pytest.mark.django_db
def test_a_failing_source_harms_no_other(settings, now, monkeypatch):
    settings.RATE_SOURCES = ["coinbase", "fixed"]
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}

    def unreachable(url, **_options):
        raise http.RequestFailed("no route")

    monkeypatch.setattr(http, "get", unreachable)

    assert book.fetch_all(now=now) == 3

    assert set(RateSheet.objects.values_list("base", "source")) == {
        ("ETH", "fixed"),
        ("USDC", "fixed"),
        ("USDT", "fixed"),
    }
    assert book.fetch_all(now=now + timedelta(days=8)) == 3
    assert RateSheet.objects.count() == 3  # the old ones are gone
