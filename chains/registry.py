"""The networks and assets of this installation: the catalogue, changed and enabled by ``settings.CHAINS``.

``settings.CHAINS`` is plain data (built in config/chains.py): network code → any of ``rpc_urls``,
``wallet_rpc_urls``, ``network`` (the side: mainnet, testnet), ``chain_id``, ``tokens`` (code → contract, decimals),
``confirmations`` and ``options`` of the reader. Networks without a node stay known, so that old
invoices keep their assets, but nothing reads them: see ``Network.is_enabled``.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string

from chains.addresses import normalise_contract
from chains.base import FINALIZED, Asset, ChainReader, Finality, Network
from chains.catalogue import NETWORKS, Confirmations, Entry, Side, Token, display_digits, token_dust
from chains.health import endpoint_name

SANDBOX: Final = "sandbox"
_SANDBOX_ASSETS: Final = {"USDT": 6, "USDC": 6, "BTC": 8, "ETH": 18, "TRX": 6, "BNB": 18, "POL": 18}

# Imported when first used: an installation that reads one chain need not load the code for all.
_READERS: Final = {
    "evm": "chains.evm.EvmReader",
    "tron": "chains.tron.TronReader",
    "bitcoin": "chains.bitcoin.BitcoinReader",
    "solana": "chains.solana.SolanaReader",
    "xrp": "chains.xrp.XrpReader",
    "cardano": "chains.cardano.CardanoReader",
}


class _Built:
    """The networks made from one value of the setting, and their readers, which keep connections open."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.source = source
        self.networks = {network.code: network for network in build(source)}
        self.readers: dict[tuple[str, tuple[str, ...], int], ChainReader] = {}
        self.lock = Lock()


_built: _Built | None = None


def network(code: str) -> Network:
    """
    Return the network called ``code``, enabled or not.

    :raises LookupError: when there is none
    """
    found = find_network(code)
    if found is None:
        raise LookupError(f"there is no network called {code!r}")
    return found


def find_network(code: str) -> Network | None:
    """Return the network called ``code``, enabled or not, or None."""
    return _current().networks.get(code)


def networks(livemode: bool | None = None, *, enabled_only: bool = False) -> list[Network]:
    """Return the networks in the catalogue's order, the sandbox last; only those of one mode when ``livemode`` says."""
    return [
        network
        for network in _current().networks.values()
        if livemode in {None, network.livemode} and (network.is_enabled or not enabled_only)
    ]


def asset(network: str, code: str) -> Asset | None:
    """Return the asset called ``code`` on the network called ``network``, or None."""
    found = find_network(network)
    return found.asset(code) if found else None


def reader(network_code: str, *, apart_from: str = "") -> ChainReader:
    """
    Return the reader of a network; each process keeps one, with its connections.

    ``apart_from`` names an endpoint (``ChainReader.source``) that is to be left out, so that
    something can be asked of another; where there is no other, it is asked all the same. Endpoints
    are told apart by scheme, host and port: two keys at one provider are one endpoint. Readers with
    and without it share no connection and no memory: one that is doubted here is not doubted there.

    :raises LookupError: when there is no such network or no node is configured for it
    """
    chain = network(network_code)
    if not chain.is_enabled:
        raise LookupError(f"no node is configured for {network_code}")
    built = _current()
    chain = without_endpoint(chain, apart_from)
    key = (network_code, chain.rpc_urls, os.getpid())  # a connection must not be shared across a fork
    with built.lock:
        if key not in built.readers:
            built.readers[key] = _make_reader(chain)
        return built.readers[key]


def without_endpoint(chain: Network, name: str) -> Network:
    """Return the network without the endpoints called ``name``; unchanged when none would be left."""
    places = [place for place, url in enumerate(chain.rpc_urls) if endpoint_name(url) != name]
    if not name or not places:
        return chain
    # TRON has a second list of URLs beside the first.
    beside = chain.options.get("jsonrpc_urls", "").split(",")
    options = dict(chain.options)
    if len(beside) == len(chain.rpc_urls) and beside[0]:
        options["jsonrpc_urls"] = ",".join(beside[place] for place in places)
    return replace(chain, rpc_urls=tuple(chain.rpc_urls[place] for place in places), options=options)


def build(source: Mapping[str, Any]) -> Iterable[Network]:
    """Yield every network as ``source`` (the value of ``settings.CHAINS``) has it."""
    for entry in NETWORKS.values():
        yield _network(entry, source.get(entry.code, {}))
    yield Network(
        code=SANDBOX,
        name="Sandbox",
        family=SANDBOX,
        livemode=False,
        assets=tuple(
            Asset(code, SANDBOX, decimals, display_digits(code, decimals)) for code, decimals in _SANDBOX_ASSETS.items()
        ),
        confirmations=(1, 2, 3),
        block_time=timedelta(seconds=3),
    )


def _current() -> _Built:
    global _built  # noqa: PLW0603 - rebuilt when a test or a reload puts another value in place
    built = _built
    if built is None or built.source is not settings.CHAINS:
        built = _built = _Built(settings.CHAINS)
    return built


def _network(entry: Entry, given: Mapping[str, Any]) -> Network:
    side_code = given.get("network") or "mainnet"
    side = entry.sides[side_code]
    chain_id = given.get("chain_id") or side.chain_id
    explorer_tx, explorer_address = side.explorer_templates
    is_known_chain = chain_id == side.chain_id
    options = dict(given.get("options") or {})
    coin = Asset(
        entry.coin,
        entry.code,
        entry.coin_decimals,
        display_digits(entry.coin, entry.coin_decimals),
        dust=entry.coin_dust,
        least=entry.coin_least,
    )
    return Network(
        code=entry.code,
        name=side.name,
        family=entry.family,
        livemode=True,
        assets=(coin, *_tokens(entry, side if is_known_chain else None, given.get("tokens") or {})),
        confirmations=_confirmations(given.get("confirmations")) or entry.confirmations,
        block_time=entry.block_time,
        scan_every=timedelta(seconds=int(options["scan_seconds"])) if "scan_seconds" in options else entry.scan_every,
        side=side_code,
        chain_id=chain_id,
        landmark=side.landmark,
        tag_kind=entry.tag_kind,
        rpc_urls=tuple(given.get("rpc_urls") or ()),
        wallet_rpc_urls=tuple(given.get("wallet_rpc_urls") or ()),
        explorer_tx=given.get("explorer_tx") or (explorer_tx if is_known_chain else ""),
        explorer_address=explorer_address if is_known_chain else "",
        options=options,
    )


def _tokens(entry: Entry, side: Side | None, given: Mapping[str, Mapping[str, Any]]) -> Iterable[Asset]:
    """On a chain that is not in the catalogue (``side`` is None) its contracts mean nothing: only given ones exist."""
    known = {token.code: token for token in side.tokens} if side else {}
    for code, fields in given.items():
        known[code] = Token(code, fields["contract"], fields["decimals"])
    for token in known.values():
        contract = normalise_contract(entry.family, token.contract)
        digits = display_digits(token.code, token.decimals)
        yield Asset(
            token.code, entry.code, token.decimals, digits, contract, dust=token_dust(token.code, token.decimals)
        )


def _confirmations(given: Iterable[int | str] | None) -> Confirmations | None:
    if given is None:
        return None
    low, middle, high = (_confirmation(value) for value in given)
    return low, middle, high


def _confirmation(value: int | str) -> int | Finality:
    return FINALIZED if value == FINALIZED.value else int(value)


def _make_reader(network: Network) -> ChainReader:
    if network.family == SANDBOX:
        from chains.sandbox.reader import SandboxReader

        return SandboxReader()
    make: Callable[[Network], ChainReader] = import_string(_READERS[network.family])
    return make(network)
