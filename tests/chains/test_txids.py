"""People paste what they have; we find the transaction's name in it."""

import pytest

from chains import registry
from chains.txids import find_txid

HEX = "ab" * 32
SIGNATURE = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW"


@pytest.mark.parametrize(
    ("network", "text", "found"),
    [
        ("ethereum", f"0x{HEX}", f"0x{HEX}"),
        ("ethereum", f"0X{HEX.upper()}", f"0x{HEX}"),
        ("ethereum", f"  {HEX}\n", f"0x{HEX}"),
        ("ethereum", f"https://etherscan.io/tx/0x{HEX}?utm=1", f"0x{HEX}"),
        ("ethereum", f"0x{HEX}ff", ""),
        ("ethereum", f"0x{HEX[:-1]}", ""),
        ("tron", f"https://tronscan.org/#/transaction/{HEX}", HEX),
        ("bitcoin", HEX.upper(), HEX),
        ("xrp", HEX, HEX.upper()),
        ("cardano", HEX, HEX),
        ("sandbox", HEX, HEX),
        ("solana", f"https://solscan.io/tx/{SIGNATURE}", SIGNATURE),
        ("solana", HEX, ""),
        ("solana", SIGNATURE[:-4], ""),
        ("bitcoin", "", ""),
    ],
)
def test_a_transaction_id_is_found_as_our_readers_write_it(network, text, found):
    assert find_txid(registry.network(network), text) == found
