"""TRON and its test networks."""

from datetime import timedelta
from typing import Final

from chains.catalogue.entry import Entry, Side, Token

TRONSCAN_PATHS: Final = ("/#/transaction/{txid}", "/#/address/{address}")

ENTRIES: Final = (
    Entry(
        code="tron",
        family="tron",
        coin="TRX",
        coin_decimals=6,
        confirmations=(1, 12, 19),
        coin_dust=10_000,
        block_time=timedelta(seconds=3),
        sides={
            "mainnet": Side(
                name="TRON",
                chain_id=0x2B6653DC,
                explorer="https://tronscan.org",
                explorer_paths=TRONSCAN_PATHS,
                tokens=(Token("USDT", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", 6),),
            ),
            "testnet": Side(
                name="TRON Nile",
                chain_id=0xCD8690DC,
                explorer="https://nile.tronscan.org",
                explorer_paths=TRONSCAN_PATHS,
                tokens=(Token("USDT", "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf", 6),),
            ),
            "shasta": Side(
                name="TRON Shasta",
                chain_id=0x94A9059E,
                explorer="https://shasta.tronscan.org",
                explorer_paths=TRONSCAN_PATHS,
                tokens=(),
            ),
        },
    ),
)
