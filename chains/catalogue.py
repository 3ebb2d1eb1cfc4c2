"""The networks and tokens this product knows by heart: facts that no operator should have to look up.

Only tokens that their issuer calls its own on that network are listed, and only test tokens with one
published address. Others are added from the environment (see config/chains.py). Sources: Tether's
"Supported protocols", Circle's "USDC contract addresses", Binance's list of pegged tokens, TRON's
developer documentation. Left out on purpose: USDT on Base (bridged, not Tether's), USDC on TRON
(Circle ended it in February 2025), USDT on the test networks of EVM chains (no common address).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from chains.base import FINALIZED, Finality

Confirmations = tuple[int | Finality, int | Finality, int | Finality]

# How many digits after the point people are shown and asked to send. Others: at most eight.
DISPLAY_DIGITS: Final[Mapping[str, int]] = {"USDT": 2, "USDC": 2, "TRX": 6, "POL": 6, "BNB": 8, "ETH": 8, "BTC": 8}
MOST_DISPLAY_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Token:
    """A token contract, as its chain writes the address."""

    code: str
    contract: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Side:
    """One chain of a network: the real one or a test chain."""

    name: str
    chain_id: int
    explorer: str  # base URL; transactions and addresses have fixed paths below it
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A network with its coin, its confirmation tiers (invoices under 100, under 10,000, above, in USD) and sides."""

    code: str
    family: str
    coin: str
    coin_decimals: int
    confirmations: Confirmations
    block_time: timedelta
    sides: Mapping[str, Side]


_ETHERSCAN_PATHS: Final = ("/tx/{txid}", "/address/{address}")
_TRONSCAN_PATHS: Final = ("/#/transaction/{txid}", "/#/address/{address}")


def explorer_templates(family: str, base: str) -> tuple[str, str]:
    """Return the URL templates of a transaction ({txid}) and an address ({address}) below ``base``."""
    transaction, address = _TRONSCAN_PATHS if family == "tron" else _ETHERSCAN_PATHS
    return base + transaction, base + address


NETWORKS: Final[Mapping[str, Entry]] = {
    entry.code: entry
    for entry in (
        Entry(
            code="tron",
            family="tron",
            coin="TRX",
            coin_decimals=6,
            confirmations=(1, 12, 19),
            block_time=timedelta(seconds=3),
            sides={
                "mainnet": Side(
                    name="TRON",
                    chain_id=0x2B6653DC,
                    explorer="https://tronscan.org",
                    tokens=(Token("USDT", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", 6),),
                ),
                "testnet": Side(
                    name="TRON Nile",
                    chain_id=0xCD8690DC,
                    explorer="https://nile.tronscan.org",
                    tokens=(Token("USDT", "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf", 6),),
                ),
                "shasta": Side(
                    name="TRON Shasta",
                    chain_id=0x94A9059E,
                    explorer="https://shasta.tronscan.org",
                    tokens=(),
                ),
            },
        ),
        Entry(
            code="ethereum",
            family="evm",
            coin="ETH",
            coin_decimals=18,
            confirmations=(3, 12, FINALIZED),
            block_time=timedelta(seconds=12),
            sides={
                "mainnet": Side(
                    name="Ethereum",
                    chain_id=1,
                    explorer="https://etherscan.io",
                    tokens=(
                        Token("USDT", "0xdAC17F958D2ee523a2206206994597C13D831ec7", 6),
                        Token("USDC", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", 6),
                    ),
                ),
                "testnet": Side(
                    name="Ethereum Sepolia",
                    chain_id=11155111,
                    explorer="https://sepolia.etherscan.io",
                    tokens=(Token("USDC", "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238", 6),),
                ),
            },
        ),
        Entry(
            code="base",
            family="evm",
            coin="ETH",
            coin_decimals=18,
            confirmations=(5, 20, FINALIZED),
            block_time=timedelta(seconds=2),
            sides={
                "mainnet": Side(
                    name="Base",
                    chain_id=8453,
                    explorer="https://basescan.org",
                    tokens=(Token("USDC", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", 6),),
                ),
                "testnet": Side(
                    name="Base Sepolia",
                    chain_id=84532,
                    explorer="https://sepolia.basescan.org",
                    tokens=(Token("USDC", "0x036CbD53842c5426634e7929541eC2318f3dCF7e", 6),),
                ),
            },
        ),
        Entry(
            code="polygon",
            family="evm",
            coin="POL",
            coin_decimals=18,
            confirmations=(20, 64, 128),
            block_time=timedelta(seconds=2),
            sides={
                "mainnet": Side(
                    name="Polygon",
                    chain_id=137,
                    explorer="https://polygonscan.com",
                    tokens=(
                        Token("USDT", "0xc2132D05D31c914a87C6611C10748AEb04B58e8F", 6),
                        Token("USDC", "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", 6),
                    ),
                ),
                "testnet": Side(
                    name="Polygon Amoy",
                    chain_id=80002,
                    explorer="https://amoy.polygonscan.com",
                    tokens=(Token("USDC", "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582", 6),),
                ),
            },
        ),
        Entry(
            code="bsc",
            family="evm",
            coin="BNB",
            coin_decimals=18,
            confirmations=(5, 15, 30),
            block_time=timedelta(milliseconds=450),
            sides={
                # Binance's pegged tokens keep 18 decimals, unlike their originals.
                "mainnet": Side(
                    name="BNB Smart Chain",
                    chain_id=56,
                    explorer="https://bscscan.com",
                    tokens=(
                        Token("USDT", "0x55d398326f99059fF775485246999027B3197955", 18),
                        Token("USDC", "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d", 18),
                    ),
                ),
                "testnet": Side(
                    name="BNB Smart Chain Testnet",
                    chain_id=97,
                    explorer="https://testnet.bscscan.com",
                    tokens=(
                        Token("USDT", "0x337610d27c682E347C9cD60BD4b3b107C9d34dDd", 18),
                        Token("USDC", "0x64544969ed7EBf5f083679233325356EbE738930", 18),
                    ),
                ),
            },
        ),
        Entry(
            code="arbitrum",
            family="evm",
            coin="ETH",
            coin_decimals=18,
            confirmations=(5, 20, FINALIZED),
            block_time=timedelta(milliseconds=250),
            sides={
                "mainnet": Side(
                    name="Arbitrum One",
                    chain_id=42161,
                    explorer="https://arbiscan.io",
                    tokens=(
                        Token("USDT", "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9", 6),
                        Token("USDC", "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", 6),
                    ),
                ),
                "testnet": Side(
                    name="Arbitrum Sepolia",
                    chain_id=421614,
                    explorer="https://sepolia.arbiscan.io",
                    tokens=(Token("USDC", "0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d", 6),),
                ),
            },
        ),
    )
}


def display_digits(code: str, decimals: int) -> int:
    """Return how many digits after the point people are shown for an asset with ``decimals`` of them."""
    return min(DISPLAY_DIGITS.get(code, MOST_DISPLAY_DIGITS), decimals)
