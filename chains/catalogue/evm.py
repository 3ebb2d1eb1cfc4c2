"""Ethereum and the chains that work like it."""

from datetime import timedelta
from typing import Final

from chains.base import FINALIZED
from chains.catalogue.entry import Entry, Side, Token

ENTRIES: Final = (
    Entry(
        code="ethereum",
        family="evm",
        coin="ETH",
        coin_decimals=18,
        confirmations=(3, 12, FINALIZED),
        coin_dust=10**12,
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
        coin_dust=10**12,
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
        confirmations=(20, FINALIZED, FINALIZED),
        coin_dust=10**16,
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
        confirmations=(5, FINALIZED, FINALIZED),
        coin_dust=10**13,
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
        coin_dust=10**12,
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
    Entry(
        code="optimism",
        family="evm",
        coin="ETH",
        coin_decimals=18,
        confirmations=(5, 20, FINALIZED),
        coin_dust=10**12,
        block_time=timedelta(seconds=2),
        sides={
            "mainnet": Side(
                name="OP Mainnet",
                chain_id=10,
                explorer="https://optimistic.etherscan.io",
                tokens=(
                    # Bridged from Ethereum: what wallets and exchanges there mean by USDT.
                    Token("USDT", "0x94b008aA00579c1307B0EF2c499aD98a8ce58e58", 6),
                    Token("USDC", "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85", 6),
                ),
            ),
            "testnet": Side(
                name="OP Sepolia",
                chain_id=11155420,
                explorer="https://sepolia-optimism.etherscan.io",
                tokens=(Token("USDC", "0x5fd84259d66Cd46123540766Be93DFE6D43130D7", 6),),
            ),
        },
    ),
)
