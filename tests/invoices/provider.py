"""
A scripted provider of prices: a real HTTP server that speaks as each source does, and fails on demand.

Kraken, Binance, CoinGecko, Coinbase and the European Central Bank are told apart by their paths. A
``fault`` is what a source does instead of answering: a status, a body, ``HANG`` or ``CLOSE``.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from invoices.rates import binance, coinbase, coingecko, ecb, kraken

PATHS: Final = {
    "/v2/exchange-rates": "coinbase",
    "/0/public/Ticker": "kraken",
    "/api/v3/ticker/24hr": "binance",
    "/api/v3/simple/price": "coingecko",
    "/stats/eurofxref/eurofxref-daily.xml": "ecb",
}
HANG: Final = "hang"
CLOSE: Final = "close"
XML: Final = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject>
<Cube><Cube time='{day}'>{rates}</Cube></Cube></gesmes:Envelope>"""
OLD_KRAKEN_NAMES: Final = {"XBTUSD": "XXBTZUSD", "XBTEUR": "XXBTZEUR", "ETHUSD": "XETHZUSD", "ETHEUR": "XETHZEUR"}


@dataclass
class Provider:
    """What the market is, what is broken in it, and what was asked."""

    day: str = "2026-01-14"
    per_euro: dict[str, str] = field(default_factory=lambda: {"USD": "1.2", "CHF": "0.9", "JPY": "180"})
    usd: dict[str, str] = field(default_factory=lambda: {"BTC": "60000", "ETH": "3000", "USDT": "1.0", "USDC": "1.0"})
    last_updated_at: int = 1768471170  # 2026-01-15 09:59:30 UTC
    unknown: set[str] = field(default_factory=set)  # assets that Kraken and Binance do not trade
    faults: dict[str, tuple[int, str] | str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, source: str, query: dict[str, str]) -> str:
        """Return what ``source`` says when it works."""
        return str(getattr(self, f"_{source}")(query))

    def refusal(self, source: str, query: dict[str, str]) -> tuple[int, str] | None:
        """Return how Binance refuses a question about an asset that it does not trade."""
        if source == "binance" and any(f"{base}USDT" in query["symbols"] for base in self.unknown):
            return 400, '{"code":-1121,"msg":"Invalid symbol."}'
        return None

    def _coinbase(self, query: dict[str, str]) -> str:
        base = query["currency"]
        return json.dumps({"data": {"currency": base, "rates": {"USD": self.usd[base], "BTC": "1"}}})

    def _kraken(self, query: dict[str, str]) -> str:
        result: dict[str, Any] = {}
        for pair in query["pair"].split(","):
            base = {"XBT": "BTC", "XDG": "DOGE"}.get(pair[:-3], pair[:-3])
            if pair.endswith("USD"):
                offers = {"a": [self.usd[base], "1", "1.000"], "b": [self.usd[base], "2", "2.000"]}
                result[OLD_KRAKEN_NAMES.get(pair, pair)] = {**offers, "c": [self.usd[base], "0.5"]}
            if base in self.unknown:
                return json.dumps({"error": ["EQuery:Unknown asset pair"]})
        return json.dumps({"error": [], "result": result})

    def _binance(self, query: dict[str, str]) -> str:
        prices = {"EURUSDT": self.per_euro["USD"]} | {f"{base}USDT": price for base, price in self.usd.items()}
        rows = [
            {"symbol": symbol, "lastPrice": prices[symbol], "closeTime": self.last_updated_at * 1000, "count": 76}
            for symbol in json.loads(query["symbols"])
        ]
        return json.dumps(rows)

    def _coingecko(self, query: dict[str, str]) -> str:
        names = {name: base for base, name in coingecko.IDS.items()}
        coins = [
            f'"{name}":{{"usd":{self.usd[names[name]]},"last_updated_at":{self.last_updated_at}}}'
            for name in query["ids"].split(",")
        ]
        return "{" + ",".join(coins) + "}"

    def _ecb(self, _query: dict[str, str]) -> str:
        rates = "".join(f"<Cube currency='{code}' rate='{rate}'/>" for code, rate in self.per_euro.items())
        return XML.format(day=self.day, rates=rates)


@contextmanager
def running(provider: Provider, monkeypatch: Any, settings: Any) -> Iterator[Provider]:
    """Run the provider and let every source be asked there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            source = PATHS[parts.path]
            provider.asked.append(source)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            fault = provider.faults.get(source) or provider.refusal(source, query)
            if fault == HANG:
                provider.released.wait(30)
            if fault in {HANG, CLOSE}:
                self.close_connection = True
                return
            status, body = fault if isinstance(fault, tuple) else (200, provider.answer(source, query))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    for module in (coinbase, kraken, binance, coingecko, ecb):
        monkeypatch.setattr(module, "ROOT", f"http://127.0.0.1:{server.server_port}")
    try:
        yield provider
    finally:
        provider.released.set()
        server.shutdown()
        server.server_close()
