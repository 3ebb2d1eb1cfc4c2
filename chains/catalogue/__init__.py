"""The networks and tokens this product knows by heart: facts that no operator should have to look up.

Only tokens that their issuer calls its own on that network are listed, and only test tokens with one
published address. Others are added from the environment (see config/chains.py). Sources: Tether's
"Supported protocols", Circle's "USDC contract addresses", Binance's list of pegged tokens, TRON's
developer documentation. Left out on purpose: USDT on Base (bridged, not Tether's), USDC on TRON
(Circle ended it in February 2025), USDT on the test networks of EVM chains (no common address),
tokens on Cardano and what issuers owe on the XRP Ledger (only the coin is read there).
"""

from collections.abc import Mapping
from typing import Final

from chains.catalogue import bitcoin, evm, others, tron
from chains.catalogue.entry import Confirmations, Entry, Side, Token

__all__ = ["NETWORKS", "Confirmations", "Entry", "Side", "Token", "display_digits", "token_dust"]

# How many digits after the point people are shown and asked to send. Others: at most eight.
DISPLAY_DIGITS: Final[Mapping[str, int]] = {"USDT": 2, "USDC": 2, "TRX": 6, "POL": 6, "BNB": 8, "ETH": 8, "BTC": 8}
MOST_DISPLAY_DIGITS: Final = 8

# In the order in which people see them.
NETWORKS: Final[Mapping[str, Entry]] = {
    entry.code: entry for entry in (*tron.ENTRIES, *evm.ENTRIES, *bitcoin.ENTRIES, *others.ENTRIES)
}


def token_dust(code: str, decimals: int) -> int:
    """Return the dust of a token in base units: a cent of those that are shown in cents; of others nobody knows."""
    return 10 ** max(decimals - 2, 0) if DISPLAY_DIGITS.get(code) == 2 else 1


def display_digits(code: str, decimals: int) -> int:
    """Return how many digits after the point people are shown for an asset with ``decimals`` of them."""
    return min(DISPLAY_DIGITS.get(code, MOST_DISPLAY_DIGITS), decimals)
