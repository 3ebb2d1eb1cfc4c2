"""Each source's replies as its documentation shows them, errors among them, and what is made of them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from invoices.errors import RateUnavailable
from invoices.rates import asking, binance, book, coinbase, coingecko, kraken
from invoices.rates.asking import SourceDown, UnknownPair
from tests.invoices.provider import Provider, running


def ticker(*, bid: str = "30300.00000", ask: str = "30300.10000", last: str = "30303.20000") -> dict:
    """Return one pair of Kraken's "Get Ticker Information"."""
    return {
        "a": [ask, "1", "1.000"],
        "b": [bid, "1", "1.000"],
        "c": [last, "0.00067643"],
        "v": ["4083.67001100", "4412.73601799"],
        "p": ["30706.77771", "30689.13205"],
        "t": [34619, 38907],
        "l": ["29868.30000", "29868.30000"],
        "h": ["31631.00000", "31631.00000"],
        "o": "30502.80000",
    }


def kraken_says(*errors: str, **pairs: dict) -> str:
    return json.dumps({"error": list(errors)} | ({"result": pairs} if pairs else {}))


class TestKraken:
    @pytest.mark.parametrize(
        ("base", "dollars", "euros"),
        [
            ("BTC", "XXBTZUSD", "XXBTZEUR"),
            ("ETH", "XETHZUSD", "XETHZEUR"),
            ("LTC", "XLTCZUSD", "XLTCZEUR"),
            ("XRP", "XXRPZUSD", "XXRPZEUR"),
            ("DOGE", "XDGUSD", "XDGEUR"),
            ("USDT", "USDTZUSD", "USDTEUR"),
            ("USDC", "USDCUSD", "USDCEUR"),
            ("SOL", "SOLUSD", "SOLEUR"),
            ("POL", "POLUSD", "POLEUR"),
        ],
    )
    def test_it_names_pairs_in_four_ways(self, base, dollars, euros):
        pair = ticker(bid="1.0", ask="1.2", last="1.10000")
        body = kraken_says(**{dollars: pair, euros: pair, "XXMRZUSD": ticker()})

        assert kraken.read(body, base) == {"USD": Decimal("1.10000"), "EUR": Decimal("1.10000")}

    @pytest.mark.parametrize(
        ("last", "price"),
        [("100.5", "100.5"), ("100", "100"), ("101", "101"), ("99.9", "100"), ("250", "101")],
    )
    def test_a_last_trade_that_was_overtaken_is_no_price(self, last, price):
        body = kraken_says(SOLUSD=ticker(bid="100", ask="101", last=last))

        assert kraken.read(body, "SOL") == {"USD": Decimal(price)}

    @pytest.mark.parametrize("offers", [{"bid": "102", "ask": "101"}, {"bid": "0"}, {"ask": "0"}, {"last": "0"}])
    def test_a_book_that_cannot_be_is_no_price(self, offers):
        with pytest.raises(RateUnavailable):
            kraken.read(kraken_says(SOLUSD=ticker(**{"bid": "100", "ask": "101", "last": "100", **offers})), "SOL")

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            ("EGeneral:Too many requests", SourceDown),  # with status 200
            ("EAPI:Rate limit exceeded", SourceDown),
            ("EGeneral:Temporary lockout", SourceDown),
            ("EGeneral:Internal error", SourceDown),
            ("EService:Unavailable", SourceDown),
            ("EService:Busy", SourceDown),
            ("EService: Throttled: 1768471170", SourceDown),
            ("EQuery:Unknown asset pair", UnknownPair),
            ("EQuery:Unknown asset", UnknownPair),
            ("EGeneral:Invalid arguments", RateUnavailable),
        ],
    )
    def test_its_errors_are_told_apart(self, error, kind):
        with pytest.raises(RateUnavailable) as problem:
            kraken.read(kraken_says(error), "BTC")

        assert type(problem.value) is kind


def row(symbol: str, price: str, at: datetime) -> dict:
    """Return one symbol of Binance's "24hr ticker price change statistics" of the type MINI."""
    return {
        "symbol": symbol,
        "openPrice": "0.00000000",
        "highPrice": "0.00000000",
        "lowPrice": "0.00000000",
        "lastPrice": price,
        "volume": "8913.30000000",
        "quoteVolume": "15.30000000",
        "openTime": 1499783499040,
        "closeTime": int(at.timestamp() * 1000),
        "firstId": 28385,
        "lastId": 28460,
        "count": 76,
    }


class TestBinance:
    def test_prices_are_in_euros_not_in_tether(self, now):
        rows = [("BTCUSDT", "66000.0"), ("EURUSDT", "1.1"), ("ETHUSDT", "0.00000000")]
        found = binance.read(json.dumps([row(symbol, price, now) for symbol, price in rows]))

        assert binance.quoted("BTC", found).prices == {"EUR": 60000}
        assert binance.quoted("USDT", found).prices == {"EUR": Decimal("0.909090909091")}
        for base in ("ETH", "SOL"):  # without trades, and without a pair
            with pytest.raises(RateUnavailable):
                binance.quoted(base, found)

    @pytest.mark.parametrize(("base_age", "euro_age", "age"), [(1, 2, 2), (7200, 2, 7200), (1, 7200, 7200)])
    def test_a_price_is_as_old_as_the_older_of_the_two_it_is_made_from(self, now, base_age, euro_age, age):
        rows = [
            row("POLUSDT", "0.5", now - timedelta(seconds=base_age)),
            row("EURUSDT", "1.25", now - timedelta(seconds=euro_age)),
        ]

        assert binance.quoted("POL", binance.read(json.dumps(rows))).observed_at == now - timedelta(seconds=age)


COINBASE_ERROR = '{"errors":[{"id":"invalid_request","message":"Invalid currency (XYZ)"}],"code":3,"details":[]}'
COINGECKO_ERROR = json.dumps(
    {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit. Please visit our pricing."}}
)


class TestErrorBodies:
    def test_coinbase(self):
        with pytest.raises(RateUnavailable):
            coinbase.read(COINBASE_ERROR, "POL")

    def test_coingecko(self, monkeypatch, settings, now):
        market = Provider(faults={"coingecko": (200, COINGECKO_ERROR)})
        with running(market, monkeypatch, settings):
            assert list(coingecko.fetch(["BTC"], asking.Desk("coingecko", now=now))) == []

    @pytest.mark.parametrize(
        ("status", "kind"), [(400, UnknownPair), (418, SourceDown), (429, SourceDown), (451, RateUnavailable)]
    )
    def test_a_status_says_whether_to_ask_on(self, monkeypatch, settings, now, status, kind):
        market = Provider(faults={"coinbase": (status, COINBASE_ERROR)})
        with running(market, monkeypatch, settings), pytest.raises(RateUnavailable) as problem:
            asking.Desk("coinbase", now=now).text(f"{coinbase.ROOT}/v2/exchange-rates?currency=POL")

        assert type(problem.value) is kind


def test_a_pause_takes_no_longer_than_there_is_time(now):
    begun = datetime.now(UTC)

    asking.Desk("kraken", now=now, seconds=0).pause(60)

    assert datetime.now(UTC) - begun < timedelta(seconds=1)


@pytest.mark.django_db
def test_a_halted_pair_does_not_count(monkeypatch, settings, now):
    settings.RATE_SOURCES = ["binance", "ecb"]
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    market = Provider(last_updated_at=int((now - timedelta(hours=2)).timestamp()))
    with running(market, monkeypatch, settings):
        book.fetch_all(now=now)
        with pytest.raises(RateUnavailable):
            book.price_of("ETH", currencies={"EUR"}, livemode=True, now=now)

        market.last_updated_at = int(now.timestamp())
        book.fetch_all(now=now)
        assert book.price_of("ETH", currencies={"EUR"}, livemode=True, now=now).rate("EUR") == 2500
