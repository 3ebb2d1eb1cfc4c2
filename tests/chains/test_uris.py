from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from chains import registry
from chains.uris import payment_uri
from config.chains import chains_from_env

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
BSC_USDT = "0x55d398326f99059fF775485246999027B3197955"

SEGWIT = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
CASH = "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"


@pytest.fixture(autouse=True)
def mainnet(settings):
    settings.CHAINS = {}


@pytest.mark.parametrize(
    ("network", "asset", "amount", "uri"),
    [
        ("ethereum", "ETH", Decimal("2.014"), f"ethereum:{ADDRESS}@1?value=2014000000000000000"),
        ("ethereum", "ETH", Decimal("0.000000000000000001"), f"ethereum:{ADDRESS}@1?value=1"),
        ("ethereum", "ETH", None, f"ethereum:{ADDRESS}@1"),
        ("base", "ETH", Decimal(1), f"ethereum:{ADDRESS}@8453?value=1000000000000000000"),
        ("ethereum", "USDC", Decimal("16.49"), f"ethereum:{USDC}@1/transfer?address={ADDRESS}&uint256=16490000"),
        ("ethereum", "USDC", None, f"ethereum:{USDC}@1/transfer?address={ADDRESS}"),
        (
            "bsc",
            "USDT",
            Decimal("16.49"),
            f"ethereum:{BSC_USDT}@56/transfer?address={ADDRESS}&uint256=16490000000000000000",
        ),
        ("tron", "USDT", Decimal("16.49"), ADDRESS),
        ("sandbox", "USDT", Decimal("16.49"), f"sandbox:{ADDRESS}?asset=USDT&amount=16.49"),
        ("sandbox", "BTC", Decimal("0.00000001"), f"sandbox:{ADDRESS}?asset=BTC&amount=0.00000001"),
        ("sandbox", "USDT", None, f"sandbox:{ADDRESS}?asset=USDT"),
    ],
)
def test_a_wallet_finds_address_chain_and_amount(network, asset, amount, uri):
    assert payment_uri(registry.asset(network, asset), ADDRESS, amount) == uri


@pytest.mark.parametrize(  # BIP-21; the scheme is the coin's, and part of a CashAddr
    ("network", "asset", "address", "amount", "uri"),
    [
        ("bitcoin", "BTC", SEGWIT, Decimal("0.00034600"), f"bitcoin:{SEGWIT}?amount=0.000346"),
        ("bitcoin", "BTC", SEGWIT, Decimal("0.00000001"), f"bitcoin:{SEGWIT}?amount=0.00000001"),
        ("bitcoin", "BTC", SEGWIT, Decimal(100), f"bitcoin:{SEGWIT}?amount=100"),
        ("bitcoin", "BTC", SEGWIT, None, f"bitcoin:{SEGWIT}"),
        ("litecoin", "LTC", SEGWIT, Decimal("0.5"), f"litecoin:{SEGWIT}?amount=0.5"),
        ("dogecoin", "DOGE", SEGWIT, Decimal("120.123456789"), f"dogecoin:{SEGWIT}?amount=120.12345679"),
        ("bitcoincash", "BCH", CASH, Decimal("1.2"), f"{CASH}?amount=1.2"),
    ],
)
def test_amounts_of_the_bitcoin_family_are_plain_decimals(network, asset, address, amount, uri):
    assert payment_uri(registry.asset(network, asset), address, amount) == uri


SOLANA_SHOP = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"
REFERENCE = "82ZJ7nbGpixjeDCmEhUcmwXYfvurzAgGdtSMuHnUgyny"
SOLANA_USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
XRP_SHOP = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"


@pytest.mark.parametrize(
    ("network", "asset", "address", "amount", "tag", "uri"),
    [
        (
            "solana",
            "USDC",
            SOLANA_SHOP,
            Decimal("16.490000"),
            REFERENCE,
            f"solana:{SOLANA_SHOP}?amount=16.49&spl-token={SOLANA_USDC}&reference={REFERENCE}",
        ),
        ("solana", "SOL", SOLANA_SHOP, Decimal("0.000000001"), "", f"solana:{SOLANA_SHOP}?amount=0.000000001"),
        ("solana", "SOL", SOLANA_SHOP, None, "", f"solana:{SOLANA_SHOP}"),
        ("xrp", "XRP", XRP_SHOP, Decimal(100), "2654435769", f"xrpl://{XRP_SHOP}?amount=100&dt=2654435769"),
        ("xrp", "XRP", XRP_SHOP, None, "7", f"xrpl://{XRP_SHOP}?dt=7"),
        ("xrp", "XRP", XRP_SHOP, Decimal("1.5"), "", f"xrpl://{XRP_SHOP}?amount=1.5"),
        ("cardano", "ADA", "addr1shop", Decimal("12.345670"), "", "web+cardano:addr1shop?amount=12.34567"),
        ("cardano", "ADA", "addr1shop", None, "", "web+cardano:addr1shop"),
    ],
)
def test_what_tells_the_invoice_is_in_the_link(network, asset, address, amount, tag, uri):
    assert payment_uri(registry.asset(network, asset), address, amount, tag=tag) == uri


def test_more_digits_than_the_asset_has_are_rounded_up():
    uri = payment_uri(registry.asset("ethereum", "USDC"), ADDRESS, Decimal("1.0000001"))

    assert parse_qs(urlsplit(uri).query)["uint256"] == ["1000001"]


def test_the_configured_chain_is_named(settings):
    settings.CHAINS = chains_from_env({"ETHEREUM_CHAIN_ID": "31337"})

    assert payment_uri(registry.asset("ethereum", "ETH"), ADDRESS, None) == f"ethereum:{ADDRESS}@31337"
