"""The networks and tokens this product knows by heart: facts that no operator should have to look up.

Only tokens that their issuer calls its own on that network are listed, and only test tokens with one
published address. Others are added from the environment (see config/chains.py). Sources: Tether's
"Supported protocols", Circle's "USDC contract addresses", Binance's list of pegged tokens, TRON's
developer documentation. Left out on purpose: USDT on Base (bridged, not Tether's), USDC on TRON
(Circle ended it in February 2025), USDT on the test networks of EVM chains (no common address),
tokens on Cardano and what issuers owe on the XRP Ledger (only the coin is read there).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from chains.base import FINALIZED, Finality, Landmark
from chains.tags import DESTINATION_TAG, REFERENCE

Confirmations = tuple[int | Finality, int | Finality, int | Finality]

# How many digits after the point people are shown and asked to send. Others: at most eight.
DISPLAY_DIGITS: Final[Mapping[str, int]] = {"USDT": 2, "USDC": 2, "TRX": 6, "POL": 6, "BNB": 8, "ETH": 8, "BTC": 8}
MOST_DISPLAY_DIGITS: Final = 8


ETHERSCAN_PATHS: Final = ("/tx/{txid}", "/address/{address}")
TRONSCAN_PATHS: Final = ("/#/transaction/{txid}", "/#/address/{address}")
SOLANA_PATHS: Final = ("/tx/{txid}", "/account/{address}")
XRP_PATHS: Final = ("/transactions/{txid}", "/accounts/{address}")
CARDANO_PATHS: Final = ("/transaction/{txid}", "/address/{address}")
BLOCKCHAIR_PATHS: Final = ("/transaction/{txid}", "/address/{address}")


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
    chain_id: int = 0  # of EVM chains and those that have a like number
    explorer: str = ""  # base URL; empty where there is none that lasts
    explorer_paths: tuple[str, str] = ETHERSCAN_PATHS
    tokens: tuple[Token, ...] = ()
    landmark: Landmark | None = None  # where no chain id tells one chain from another

    @property
    def explorer_templates(self) -> tuple[str, str]:
        """The URL templates of a transaction ({txid}) and an address ({address})."""
        transaction, address = self.explorer_paths if self.explorer else ("", "")
        return self.explorer + transaction, self.explorer + address


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A network with its coin, its confirmation tiers (invoices under 100, under 10,000, above, in USD) and sides.

    ``scan_every`` is how often it is read while somebody waits for a payment: often where a payment is done within
    seconds, less often where blocks come slowly, where reading costs much (Bitcoin's family tells its whole mempool
    each time) or where free nodes are counted by the day (Cardano).

    ``coin_least`` is what the chain or its nodes refuse to carry less of: outputs below the dust limit of Bitcoin Core
    and its kin (a P2PKH output at their default ``dustrelayfee``; Dogecoin Core's ``-dustlimit``), less than Solana's
    rent-exempt minimum of an account without data, less than Cardano's least output (Babbage: 4310 lovelace a byte).
    The XRP Ledger's reserve is asked of new accounts only, and nobody can tell from an address whether it is one.
    """

    code: str
    family: str
    coin: str
    coin_decimals: int
    confirmations: Confirmations
    block_time: timedelta
    sides: Mapping[str, Side]
    scan_every: timedelta = timedelta(seconds=5)
    coin_dust: int = 1  # see chains.base.Asset; base units of the coin
    coin_least: int = 1
    tag_kind: str = ""  # see chains.base.Network


NETWORKS: Final[Mapping[str, Entry]] = {
    entry.code: entry
    for entry in (
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
        Entry(
            code="bitcoin",
            family="bitcoin",
            coin="BTC",
            coin_decimals=8,
            confirmations=(1, 3, 6),
            coin_dust=546,
            coin_least=546,
            block_time=timedelta(minutes=10),
            scan_every=timedelta(seconds=15),
            sides={
                "mainnet": Side(
                    name="Bitcoin",
                    explorer="https://mempool.space",
                    # The first block with segregated witness; Bitcoin Cash, which began with the same one, lacks it.
                    landmark=Landmark(481824, "0000000000000000001c8018d9cb3b742ef25114f27563e3fc4a1902167f9893"),
                ),
                "testnet": Side(
                    name="Bitcoin Testnet 4",
                    explorer="https://mempool.space/testnet4",
                    landmark=Landmark(0, "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"),
                ),
                "testnet3": Side(
                    name="Bitcoin Testnet 3",
                    explorer="https://mempool.space/testnet",
                    landmark=Landmark(0, "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"),
                ),
                "signet": Side(
                    name="Bitcoin Signet",
                    explorer="https://mempool.space/signet",
                    landmark=Landmark(0, "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"),
                ),
                "regtest": Side(
                    name="Bitcoin Regtest",
                    landmark=Landmark(0, "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
                ),
            },
        ),
        Entry(
            code="litecoin",
            family="bitcoin",
            coin="LTC",
            coin_decimals=8,
            confirmations=(2, 6, 12),
            coin_dust=5460,
            coin_least=5460,
            block_time=timedelta(seconds=150),
            scan_every=timedelta(seconds=10),
            sides={
                "mainnet": Side(
                    name="Litecoin",
                    explorer="https://litecoinspace.org",
                    landmark=Landmark(0, "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2"),
                ),
                "testnet": Side(
                    name="Litecoin Testnet",
                    explorer="https://litecoinspace.org/testnet",
                    landmark=Landmark(0, "4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0"),
                ),
                "regtest": Side(
                    name="Litecoin Regtest",
                    landmark=Landmark(0, "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9"),
                ),
            },
        ),
        Entry(
            code="dogecoin",
            family="bitcoin",
            coin="DOGE",
            coin_decimals=8,
            confirmations=(6, 20, 60),
            coin_dust=1_000_000,
            coin_least=1_000_000,
            block_time=timedelta(minutes=1),
            scan_every=timedelta(seconds=10),
            sides={
                "mainnet": Side(
                    name="Dogecoin",
                    explorer="https://blockchair.com/dogecoin",
                    explorer_paths=BLOCKCHAIR_PATHS,
                    landmark=Landmark(0, "1a91e3dace36e2be3bf030a65679fe821aa1d6ef92e7c9902eb318182c355691"),
                ),
                "testnet": Side(
                    name="Dogecoin Testnet",
                    landmark=Landmark(0, "bb0a78264637406b6360aad926284d544d7049f45189db5664f3c4d07350559e"),
                ),
                "regtest": Side(
                    name="Dogecoin Regtest",
                    landmark=Landmark(0, "3d2160a3b5dc4a9d62e7e66a295f70313ac808440ef7400d6c0772171ce973a5"),
                ),
            },
        ),
        Entry(
            code="bitcoincash",
            family="bitcoin",
            coin="BCH",
            coin_decimals=8,
            confirmations=(2, 6, 15),
            coin_dust=546,
            coin_least=546,
            block_time=timedelta(minutes=10),
            scan_every=timedelta(seconds=15),
            sides={
                "mainnet": Side(
                    name="Bitcoin Cash",
                    explorer="https://blockchair.com/bitcoin-cash",
                    explorer_paths=BLOCKCHAIR_PATHS,
                    # The first block after the last split: neither Bitcoin nor the later branches have it.
                    landmark=Landmark(661648, "0000000000000000029e471c41818d24b8b74c911071c4ef0b4a0509f9b5a8ce"),
                ),
                "testnet": Side(
                    name="Bitcoin Cash Testnet 4",
                    landmark=Landmark(0, "000000001dd410c49a788668ce26751718cc797474d3152a5fc073dd44fd9f7b"),
                ),
                "regtest": Side(
                    name="Bitcoin Cash Regtest",
                    landmark=Landmark(0, "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
                ),
            },
        ),
        # A block that two thirds of the stake have voted for, some 13 seconds after it was made, is not undone
        # (Solana documentation, "Commitment"); nothing less is relied on.
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
}


def token_dust(code: str, decimals: int) -> int:
    """Return the dust of a token in base units: a cent of those that are shown in cents; of others nobody knows."""
    return 10 ** max(decimals - 2, 0) if DISPLAY_DIGITS.get(code) == 2 else 1


def display_digits(code: str, decimals: int) -> int:
    """Return how many digits after the point people are shown for an asset with ``decimals`` of them."""
    return min(DISPLAY_DIGITS.get(code, MOST_DISPLAY_DIGITS), decimals)
