"""Rate sources: what they say is taken exactly, nothing else is taken for a price, and each fails alone."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.money import MINOR_DIGITS
from core.tasks import prune
from invoices.errors import RateUnavailable
from invoices.models import RateSheet
from invoices.rates import asking, binance, book, coinbase, coingecko, ecb, fixed, kraken
from tests.invoices.provider import CLOSE, HANG, XML, Provider, running

LIVE = ["coinbase", "kraken", "binance", "coingecko", "ecb"]
PRICED = set(LIVE) - {"ecb"}

# The shape of the public endpoint's answer, shortened.
ANSWER = '{"data":{"currency":"USDT","rates":{"USD":"1.00015","EUR":"0.9205","00":"13.5","BTC":"0.0000101","JPY":"0"}}}'
NONSENSE = [
    "",
    "<html>Service unavailable</html>",
    "[]",
    "{}",
    "null",
    "7",
    "[[[[",
    "[" * 100_000,
    '{"data":null}',
    '{"error":[],"result":[]}',
    '{"error":["EQuery:Unknown asset pair"]}',
    '[{"symbol":"EURUSDT"}]',
    '[{"symbol":"EURUSDT","lastPrice":"1.1"}]',
    '[{"symbol":"EURUSDT","lastPrice":"1.1","closeTime":"1768471170000"}]',
    '[{"symbol":"EURUSDT","lastPrice":"1.1","closeTime":99999999999999999999}]',
    '{"bitcoin":null}',
]
PRICES = ["NaN", "Infinity", "-1", "0", "1e999999999", "1e13", "1e-13", "abc", "", None, True, [], {}]


@pytest.fixture
def market(monkeypatch, settings):
    settings.RATE_SOURCES = LIVE
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    with running(Provider(), monkeypatch, settings) as provider:
        yield provider


def stored(base="ETH"):
    return {sheet.source: sheet.prices for sheet in RateSheet.objects.filter(base=base)}


class TestReading:
    def test_prices_are_read_digit_by_digit(self):
        assert coinbase.read(ANSWER, "USDT") == {"USD": Decimal("1.00015"), "EUR": Decimal("0.9205")}

    def test_coingecko_says_how_old_its_price_is(self, now):
        quoted = coingecko.read({"usd": Decimal("60000.123456789012345678"), "last_updated_at": 1768471170}, "BTC")

        assert quoted.prices == {"USD": Decimal("60000.123456789012345678")}
        assert quoted.observed_at == now - timedelta(seconds=30)

    @pytest.mark.parametrize("coin", [None, [], {"usd": 1}, {"last_updated_at": 1}, {"usd": 1, "last_updated_at": "x"}])
    def test_coingecko_without_price_or_time_is_no_price(self, coin):
        with pytest.raises(RateUnavailable):
            coingecko.read(coin, "BTC")

    def test_the_bank_s_rates_carry_a_price_over(self, now):
        per_euro = ecb.read(XML.format(day="2026-01-14", rates="<Cube currency='USD' rate='1.2'/>"), today=now.date())

        assert per_euro == {"USD": Decimal("1.2")}
        assert ecb.carry(Decimal(60000), source="USD", target="EUR", per_euro=per_euro) == 50000
        assert ecb.carry(Decimal(50000), source="EUR", target="USD", per_euro=per_euro) == 60000
        assert ecb.carry(Decimal(60000), source="USD", target="CHF", per_euro=per_euro) is None

    @pytest.mark.parametrize(
        "body",
        [
            *NONSENSE,
            XML.format(day="2026-01-07", rates="<Cube currency='USD' rate='1.2'/>"),
            XML.format(day="2026-01-17", rates="<Cube currency='USD' rate='1.2'/>"),
            XML.format(day="today", rates="<Cube currency='USD' rate='1.2'/>"),
            XML.format(day="2026-01-14", rates="<Cube currency='USD' rate='-1.2'/>"),
            XML.format(day="2026-01-14", rates="<Cube currency='CHF' rate='0.9'/>"),
            XML.format(day="2026-01-14", rates="<Cube currency='USD' rate='&a;'/>").replace(
                "<gesmes:Envelope", '<!DOCTYPE x [<!ENTITY a "1.2">]><gesmes:Envelope', 1
            ),
        ],
        ids=lambda body: body[-60:],
    )
    def test_anything_else_is_no_rate_of_the_bank(self, now, body):
        with pytest.raises(RateUnavailable):
            ecb.read(body, today=now.date())

    @pytest.mark.parametrize(
        "body", [*NONSENSE, '{"data":{"currency":"BTC","rates":{"USD":"60000"}}}'], ids=lambda body: body[:20]
    )
    def test_nonsense_is_no_price(self, body):
        for read in (lambda: coinbase.read(body, "USDT"), lambda: kraken.read(body, "BTC"), lambda: binance.read(body)):
            with pytest.raises(RateUnavailable):
                read()

    @pytest.mark.parametrize("price", PRICES)
    def test_what_cannot_be_a_price_is_none(self, price):
        assert asking.price_from(price) is None

    def test_fixed_prices_know_every_currency(self, now):
        desk = asking.Desk("fixed", now=now)

        quoted = list(fixed.fetch([*fixed.IN_USD, "NOPE"], desk))

        assert [one.base for one in quoted] == list(fixed.IN_USD)
        assert all(set(one.prices) == set(MINOR_DIGITS) for one in quoted)


@pytest.mark.django_db
class TestFetching:
    def test_each_source_s_own_words_are_stored(self, market, now):
        assert book.fetch_all(now=now) == 4 * 3 + 1

        assert stored() == {
            "coinbase": {"USD": "3000"},
            "kraken": {"USD": "3000"},
            "binance": {"EUR": "2500.000000000000"},
            "coingecko": {"USD": "3000"},
        }
        assert stored("EUR") == {"ecb": market.per_euro}
        assert RateSheet.objects.get(base="ETH", source="coingecko").observed_at == now - timedelta(seconds=30)

    @pytest.mark.parametrize("source", sorted(PRICED))
    @pytest.mark.parametrize(
        "fault",
        [
            CLOSE,
            (429, "{}"),
            (418, "{}"),
            (400, "{}"),
            (500, ""),
            (403, "<html>"),
            (302, ""),
            (200, "<html>"),
            (200, "[]"),
            (200, "[" * 70_000),
        ],
        ids=lambda fault: str(fault)[:20],
    )
    def test_a_failing_source_harms_no_other(self, market, now, source, fault):
        market.faults[source] = fault

        assert book.fetch_all(now=now) == 3 * 3 + 1

        assert set(stored()) == PRICED - {source}

    def test_hanging_sources_delay_neither_others_nor_each_other(self, market, now, monkeypatch):
        monkeypatch.setattr(asking, "REQUEST_SECONDS", 2)
        for source in ("coinbase", "kraken", "binance"):
            market.faults[source] = HANG
        started = time.monotonic()

        book.fetch_all(now=now)

        assert time.monotonic() - started < 2 * 3  # what they would take one after the other
        assert market.asked.count("kraken") == 1  # not for each asset
        assert set(stored()) == {"coingecko"}

    def test_a_source_that_says_too_many_requests_is_left_alone(self, market, now):
        market.faults["coinbase"] = (429, "")

        book.fetch_all(now=now)

        assert market.asked.count("coinbase") == 1

    def test_one_unknown_pair_takes_nothing_from_the_other_assets(self, market, now):
        market.usd["USDC"] = "-1"

        book.fetch_all(now=now)

        assert stored("USDC") == {}
        assert set(stored("ETH")) == PRICED

    def test_kraken_and_binance_are_asked_once_for_all(self, market, now):
        book.fetch_all(now=now)

        assert (market.asked.count("kraken"), market.asked.count("binance")) == (1, 1)

    def test_a_pair_that_is_not_traded_takes_nothing_from_the_other_assets(self, market, now, monkeypatch):
        monkeypatch.setattr(kraken, "PAUSE_SECONDS", 0)
        market.unknown = {"USDC"}

        book.fetch_all(now=now)

        assert set(stored("USDC")) == {"coinbase", "coingecko"}
        assert set(stored("ETH")) == set(stored("USDT")) == PRICED
        assert (market.asked.count("kraken"), market.asked.count("binance")) == (4, 4)

    def test_a_source_without_one_of_our_assets_is_not_asked(self, market, now):
        for source in (kraken, binance, coingecko):
            assert list(source.fetch(["NOPE"], asking.Desk(source.NAME, now=now))) == []

        assert market.asked == []

    def test_the_bank_is_asked_once_an_hour(self, market, now):
        for minutes in (0, 1, 59):
            book.fetch_all(now=now + timedelta(minutes=minutes))
        assert market.asked.count("ecb") == 1

        book.fetch_all(now=now + timedelta(minutes=61))
        assert market.asked.count("ecb") == 2

    def test_old_sheets_go_in_batches_with_the_rest_of_what_is_pruned(self, market, now, monkeypatch):
        monkeypatch.setattr(book, "PRUNED_AT_ONCE", 4)
        book.fetch_all(now=now)

        with CaptureQueriesContext(connection) as asked:
            gone = book.prune(now=now + timedelta(days=7))

        assert gone == 6  # those of CoinGecko and Binance were observed before
        assert len(asked) == 3  # four, two, none
        assert prune() == 7  # the clock on the wall is later still
        assert RateSheet.objects.count() == 0


def price(now, base="ETH", currency="USD", **options):
    return book.price_of(base, currencies={currency}, livemode=True, now=now).on(currency)


def sheets(at, **prices):
    for source, usd in prices.items():
        RateSheet.objects.create(base="ETH", source=source, prices={"USD": usd}, observed_at=at)


@pytest.mark.django_db
class TestAgreement:
    def test_the_median_of_all_with_the_evidence(self, market, now):
        book.fetch_all(now=now)
        RateSheet.objects.filter(source="kraken").update(prices={"USD": "4000"})

        agreed = price(now)

        assert (agreed.rate, agreed.source) == (3000, "binance+coinbase+coingecko")
        assert agreed.observed_at == now - timedelta(seconds=30)
        at, before = "2026-01-15T10:00:00Z", "2026-01-15T09:59:30Z"
        assert agreed.evidence() == [
            {"source": "binance", "price": 3000, "observed_at": before, "used": True, "carried_from": "EUR"},
            {"source": "coinbase", "price": 3000, "observed_at": at, "used": True},
            {"source": "coingecko", "price": 3000, "observed_at": before, "used": True},
            {"source": "kraken", "price": 4000, "observed_at": at, "used": False},
        ]

    def test_a_currency_no_source_has_is_carried_over(self, market, now):
        book.fetch_all(now=now)

        assert price(now, currency="CHF").rate == 2250
        with pytest.raises(RateUnavailable):
            price(now, currency="SEK")

    def test_without_the_bank_nothing_is_carried_over(self, market, now, settings):
        book.fetch_all(now=now)
        RateSheet.objects.filter(source="ecb").update(observed_at=now - timedelta(days=1, seconds=1))

        with pytest.raises(RateUnavailable):
            price(now, currency="CHF")
        assert price(now).source == "coinbase+coingecko+kraken"
        RateSheet.objects.filter(source="ecb").update(observed_at=now)
        settings.RATE_SOURCES = sorted(PRICED)
        with pytest.raises(RateUnavailable):
            price(now, currency="CHF")

    @pytest.mark.parametrize(
        ("_case", "usd", "rate"),
        [
            ("one source is believed", {"coinbase": "3000"}, 3000),
            ("two that agree", {"coinbase": "3000", "kraken": "3060"}, 3030),
            ("two that disagree: neither is believed", {"coinbase": "3000", "kraken": "3061"}, None),
            ("two of three outvote one", {"coinbase": "3000", "kraken": "3010", "binance": "9000"}, 3005),
            ("three that all disagree", {"coinbase": "3000", "kraken": "4000", "binance": "5000"}, None),
            (
                "two against two",
                {"coinbase": "3000", "kraken": "3000", "binance": "4000", "coingecko": "4000"},
                None,
            ),
            (
                "three against one",
                {"coinbase": "3000", "kraken": "3001", "binance": "3002", "coingecko": "4000"},
                3001,
            ),
        ],
    )
    def test_most_must_agree(self, market, now, _case, usd, rate):
        sheets(now, **usd)

        if rate is None:
            with pytest.raises(RateUnavailable):
                price(now)
        else:
            assert price(now).rate == rate

    def test_the_operator_may_want_more_sources(self, market, now, settings):
        sheets(now, coinbase="3000", kraken="3000", binance="9000")
        settings.RATE_MIN_SOURCES = 2
        assert price(now).rate == 3000

        settings.RATE_MIN_SOURCES = 3
        with pytest.raises(RateUnavailable):
            price(now)

    def test_stale_future_and_unwanted_sheets_do_not_count(self, market, now, settings):
        settings.RATE_SOURCES = ["coinbase", "kraken", "binance"]
        sheets(now - timedelta(seconds=301), coinbase="3000")
        sheets(now + timedelta(seconds=1), kraken="3000")
        sheets(now, coingecko="3000")
        with pytest.raises(RateUnavailable):
            price(now)

        sheets(now - timedelta(seconds=300), binance="2999")
        assert price(now).rate == 2999

    def test_it_takes_one_statement(self, market, now, django_assert_num_queries):
        book.fetch_all(now=now)

        with django_assert_num_queries(1):
            book.price_of("ETH", currencies={"USD", "CHF"}, livemode=True, now=now)
