"""Which chains this installation reads, from the environment.

For each network of the catalogue, with its code in capitals before the underscore:

* ``ETHEREUM_RPC_URL``: one or more nodes, separated by commas; enables the network
* ``ETHEREUM_NETWORK``: mainnet (default) or testnet; some know others, such as shasta or regtest
* ``ETHEREUM_CHAIN_ID``: another chain, such as a development node; then only tokens named here exist
* ``ETHEREUM_USDT_CONTRACT``, ``ETHEREUM_USDT_DECIMALS``: another contract, or another token
* ``ETHEREUM_CONFIRMATIONS``: for invoices under 100, under 10,000 and above, in USD: ``3,12,finalized``
* ``ETHEREUM_EXPLORER_TX``: where people look at a transaction, such as ``https://explorer.example.com/tx/{txid}``
* ``ETHEREUM_WALLET_RPC_URL``: EVM; public nodes that a customer's wallet is told of when it does not know the chain
* ``ETHEREUM_BLOCK_RANGE``, ``ETHEREUM_BATCH_SIZE``: how many blocks or calls a node is asked for at once
* ``ETHEREUM_RPC_RATE``: how often a node is asked at most, each second
* ``ETHEREUM_SCAN_SECONDS``: how often the network is read while somebody waits for a payment
* ``TRON_API_KEY``, ``TRON_JSONRPC_URL``: TRON only; the second where JSON-RPC is not at ``<url>/jsonrpc``
* ``CARDANO_API_URL``, ``CARDANO_API_KEY``: Cardano only: another name of ``CARDANO_RPC_URL``, and the project id

The result is plain data for ``chains.registry``.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from chains.addresses import is_valid_contract, normalise_contract
from chains.catalogue import NETWORKS, Entry

_CODE_FORM: Final = "[A-Z][A-Z0-9]{1,15}"
_MOST_DECIMALS: Final = 36
_MOST_CONFIRMATIONS: Final = 1000
_FINALIZED: Final = "finalized"
_WITH_TOKENS: Final = frozenset({"evm", "tron", "solana"})
_WITH_KEY: Final = frozenset({"tron", "cardano"})
_OPTIONS: Final = {
    "BLOCK_RANGE": ("block_range", 2000),
    "BATCH_SIZE": ("batch_size", 100),
    "RPC_RATE": ("rate", 10_000),
    "SCAN_SECONDS": ("scan_seconds", 60),
}


def chains_from_env(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """
    Return what the environment says about each network it mentions.

    :raises ImproperlyConfigured: when a value cannot be used; the error names the variable
    """
    chains = {entry.code: _Variables(environ, entry).read() for entry in NETWORKS.values()}
    return {code: found for code, found in chains.items() if found}


class _Variables:
    """The variables of one network."""

    def __init__(self, environ: Mapping[str, str], entry: Entry) -> None:
        self.environ = environ
        self.entry = entry
        self.prefix = entry.code.upper() + "_"

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "rpc_urls": self._urls("RPC_URL"),
            "network": self._side(),
            "chain_id": self._chain_id(),
            "tokens": self._tokens(),
            "confirmations": self._confirmations(),
            "explorer_tx": self._explorer(),
            "wallet_rpc_urls": self._wallet_urls(),
            "options": self._options(),
        }
        if self.entry.family == "cardano":
            found["rpc_urls"] += self._urls("API_URL")
        return {name: value for name, value in found.items() if value}

    def _text(self, name: str) -> str:
        return self.environ.get(self.prefix + name, "").strip()

    def _refuse(self, name: str, must: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"{self.prefix}{name} {must}.")

    def _urls(self, name: str) -> list[str]:
        urls = [url.strip() for url in self._text(name).split(",") if url.strip()]
        if not all(_is_url(url) for url in urls):
            # Not shown: a node's address often holds a key.
            raise self._refuse(name, "must be URLs separated by commas, such as https://node.example.com:8545")
        return urls

    def _wallet_urls(self) -> list[str]:
        urls = self._urls("WALLET_RPC_URL")
        if urls and self.entry.family != "evm":
            raise self._refuse("WALLET_RPC_URL", "cannot be set: only wallets of EVM chains are told of a network")
        if not all(url.startswith("https://") and "@" not in url for url in urls):
            raise self._refuse("WALLET_RPC_URL", "must be public https URLs without a password: customers see them")
        return urls

    def _explorer(self) -> str:
        text = self._text("EXPLORER_TX")
        if text and not (_is_url(text) and text.count("{txid}") == 1 and text.count("{") == text.count("}") == 1):
            raise self._refuse("EXPLORER_TX", "must be a URL with {txid} in it, such as https://example.com/tx/{txid}")
        return text

    def _side(self) -> str:
        side = self._text("NETWORK")
        if side and side not in self.entry.sides:
            raise self._refuse("NETWORK", f"is {side!r}. It must be one of {', '.join(self.entry.sides)}")
        return side

    def _chain_id(self) -> int | None:
        if self._text("CHAIN_ID") and not any(side.chain_id for side in self.entry.sides.values()):
            raise self._refuse("CHAIN_ID", f"cannot be set: the chains of {self.entry.code} have no such number")
        return self._number("CHAIN_ID", 2**63 - 1)

    def _number(self, name: str, maximum: int) -> int | None:
        text = self._text(name)
        if not text:
            return None
        if not re.fullmatch("[0-9]{1,19}", text) or not 1 <= int(text) <= maximum:
            raise self._refuse(name, f"is {text!r}. It must be a whole number from 1 to {maximum}")
        return int(text)

    def _options(self) -> dict[str, str]:
        options = {}
        for name, (option, maximum) in _OPTIONS.items():
            number = self._number(name, maximum)
            if number is not None:
                options[option] = str(number)
        if self.entry.family in _WITH_KEY:
            options["api_key"] = self._text("API_KEY")
        if self.entry.family == "tron":
            options["jsonrpc_urls"] = ",".join(self._urls("JSONRPC_URL"))
        return {option: value for option, value in options.items() if value}

    def _confirmations(self) -> list[int | str] | None:
        text = self._text("CONFIRMATIONS")
        if not text:
            return None
        tiers = [word if word == _FINALIZED else _small_number(word) for word in text.replace(" ", "").split(",")]
        if len(tiers) != 3 or None in tiers or not _is_rising(tiers):
            raise self._refuse(
                "CONFIRMATIONS",
                f"is {text!r}. It must be three numbers that do not fall, the last ones perhaps "
                f"'{_FINALIZED}', such as 3,12,{_FINALIZED}",
            )
        return [tier for tier in tiers if tier is not None]

    def _tokens(self) -> dict[str, dict[str, Any]]:
        form = re.compile(f"{self.prefix}({_CODE_FORM})_(CONTRACT|DECIMALS)")
        matches = (form.fullmatch(name) for name, value in self.environ.items() if value.strip())
        codes = sorted({match[1] for match in matches if match})
        tokens = {code: self._token(code) for code in codes}
        side = self.entry.sides[self._side() or "mainnet"]
        known = (token for token in side.tokens if token.code not in tokens)
        owners = {normalise_contract(self.entry.family, token.contract): token.code for token in known}
        for code, token in tokens.items():
            if token["contract"] in owners:
                raise self._refuse(f"{code}_CONTRACT", f"is also the contract of {owners[token['contract']]}")
            owners[token["contract"]] = code
        return tokens

    def _token(self, code: str) -> dict[str, Any]:
        if code == self.entry.coin:
            raise self._refuse(f"{code}_CONTRACT", f"cannot be set: {code} is the network's own coin")
        if self.entry.family not in _WITH_TOKENS:
            raise self._refuse(f"{code}_CONTRACT", f"cannot be set: there are no tokens on {self.entry.code}")
        side = self.entry.sides[self._side() or "mainnet"]
        known = next((token for token in side.tokens if token.code == code), None)
        contract = self._text(f"{code}_CONTRACT") or (known.contract if known else "")
        if not contract:
            raise self._refuse(f"{code}_CONTRACT", f"is not set, but {self.prefix}{code}_DECIMALS is")
        if not is_valid_contract(self.entry.family, contract):
            raise self._refuse(f"{code}_CONTRACT", f"is {contract!r}. It must be an address on {side.name}")
        decimals = self._decimals(f"{code}_DECIMALS")
        if decimals is None and known is None:
            raise self._refuse(f"{code}_DECIMALS", "is not set. It must be the token's number of decimals")
        return {
            "contract": normalise_contract(self.entry.family, contract),
            "decimals": known.decimals if decimals is None and known else decimals,
        }

    def _decimals(self, name: str) -> int | None:
        text = self._text(name)
        if not text:
            return None
        if not re.fullmatch("[0-9]{1,2}", text) or int(text) > _MOST_DECIMALS:
            raise self._refuse(name, f"is {text!r}. It must be a whole number from 0 to {_MOST_DECIMALS}")
        return int(text)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _small_number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= _MOST_CONFIRMATIONS else None


def _is_rising(tiers: Sequence[int | str | None]) -> bool:
    depths = [_MOST_CONFIRMATIONS + 1 if tier == _FINALIZED else tier for tier in tiers]
    numbers = [depth for depth in depths if isinstance(depth, int)]
    return numbers == sorted(numbers)
