"""Chains that are the only one of their kind."""

from datetime import timedelta
from typing import Final

from chains.base import FINALIZED, Landmark
from chains.catalogue.entry import Entry, Side, Token
from chains.tags import DESTINATION_TAG, REFERENCE

SOLANA_PATHS: Final = ("/tx/{txid}", "/account/{address}")
XRP_PATHS: Final = ("/transactions/{txid}", "/accounts/{address}")
CARDANO_PATHS: Final = ("/transaction/{txid}", "/address/{address}")

ENTRIES: Final = (
    Entry(
        code="solana",
        family="solana",
        coin="SOL",
        coin_decimals=9,
        confirmations=(FINALIZED, FINALIZED, FINALIZED),
        coin_dust=890_880,
        coin_least=890_880,
        block_time=timedelta(milliseconds=400),
        scan_every=timedelta(seconds=10),
        tag_kind=REFERENCE,
        sides={
            "mainnet": Side(
                name="Solana",
                explorer="https://solscan.io",
                explorer_paths=SOLANA_PATHS,
                tokens=(
                    Token("USDT", "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", 6),
                    Token("USDC", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", 6),
                ),
                landmark=Landmark(0, "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"),
            ),
            # For applications under development; what Solana calls its testnet is for validators.
            "testnet": Side(
                name="Solana Devnet",
                tokens=(Token("USDC", "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU", 6),),
                landmark=Landmark(0, "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"),
            ),
        },
    ),
    # A validated ledger is final; there are no others to be seen (XRP Ledger documentation, "Consensus").
    Entry(
        code="xrp",
        family="xrp",
        coin="XRP",
        coin_decimals=6,
        confirmations=(FINALIZED, FINALIZED, FINALIZED),
        coin_dust=10_000,
        block_time=timedelta(seconds=4),
        tag_kind=DESTINATION_TAG,
        sides={  # the chain id is the network id
            "mainnet": Side(
                name="XRP Ledger",
                explorer="https://livenet.xrpl.org",
                explorer_paths=XRP_PATHS,
                # The oldest ledger there is. A server says which network it is on only if it was told so itself.
                landmark=Landmark(32570, "4109C6F2045FC7EFF4CDE8F9905D19C28820D86304080FF886B299F0206E42B5"),
            ),
            "testnet": Side(
                name="XRP Ledger Testnet",
                chain_id=1,
                explorer="https://testnet.xrpl.org",
                explorer_paths=XRP_PATHS,
            ),
        },
    ),
    # Blocks of the last minutes may be replaced, the deeper the rarer; beyond 2160 never. Exchanges wait for 15
    # (Kraken, "Cryptocurrency deposit processing times") to 30.
    Entry(
        code="cardano",
        family="cardano",
        coin="ADA",
        coin_decimals=6,
        confirmations=(5, 15, 30),
        coin_dust=969_750,
        coin_least=969_750,
        block_time=timedelta(seconds=20),
        scan_every=timedelta(seconds=30),
        sides={  # the chain id is the network magic
            "mainnet": Side(
                name="Cardano",
                chain_id=764824073,
                explorer="https://cardanoscan.io",
                explorer_paths=CARDANO_PATHS,
            ),
            "testnet": Side(
                name="Cardano Preprod",
                chain_id=1,
                explorer="https://preprod.cardanoscan.io",
                explorer_paths=CARDANO_PATHS,
            ),
            "preview": Side(
                name="Cardano Preview",
                chain_id=2,
                explorer="https://preview.cardanoscan.io",
                explorer_paths=CARDANO_PATHS,
            ),
        },
    ),
)
