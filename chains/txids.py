"""How transactions are named on each kind of chain, and how to find such a name in what people paste."""

import re
from typing import Final

from chains.base import Network
from chains.codecs_solana import is_signature

_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:0[xX])?([0-9A-Fa-f]{64})(?![0-9A-Za-z])")
_BASE58: Final = re.compile(r"(?<![0-9A-Za-z])[1-9A-HJ-NP-Za-km-z]{64,88}(?![0-9A-Za-z])")


def find_txid(network: Network, text: str) -> str:
    """
    Return the transaction id in ``text`` as our readers write it, or "" when there is none.

    People paste what they have: the bare id, with or without ``0x``, or the address of an explorer's page.
    """
    if network.family == "solana":
        return next((found for found in _BASE58.findall(text) if is_signature(found)), "")
    found = _HEX.search(text)
    if found is None:
        return ""
    digits = found[1].upper() if network.family == "xrp" else found[1].lower()
    return f"0x{digits}" if network.family == "evm" else digits
