"""Tags: what tells the payments of many invoices apart at one address, where a chain has a place for it."""

import secrets
from typing import Final

from chains.base import Network
from chains.codecs import base58_encode

DESTINATION_TAG: Final = "destination_tag"  # XRP Ledger: a number of 32 bits
REFERENCE: Final = "reference"  # Solana Pay: 32 bytes that name an account nobody uses

_TAGS: Final = 2**32
# Odd, so that multiplying by it modulo 2^32 meets each tag once; the golden ratio, so that
# neighbours lie far apart: a digit typed wrongly does not pay for somebody else.
_STRIDE: Final = 2_654_435_769
_REFERENCE_BYTES: Final = 32


def new_tag(network: Network, sequence: int) -> str:
    """
    Return the tag of the invoice with number ``sequence`` at its address, counted from 0; "" without tags.

    :raises OverflowError: when an address has had all 2^32 - 1 destination tags
    """
    if network.tag_kind == DESTINATION_TAG:
        if not 0 <= sequence < _TAGS - 1:
            raise OverflowError("this address has no destination tag left")
        return str((sequence + 1) * _STRIDE % _TAGS)  # never 0, which many wallets take for none
    if network.tag_kind == REFERENCE:
        return base58_encode(secrets.token_bytes(_REFERENCE_BYTES))
    return ""


def is_destination_tag(network: Network, text: str) -> bool:
    """Return whether ``text`` is a destination tag on ``network``: a whole number of 32 bits, on the XRP Ledger."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_TAGS))
    return network.tag_kind == DESTINATION_TAG and is_number and int(text) < _TAGS
