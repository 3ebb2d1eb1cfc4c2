"""What the catalogue says of a network."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from chains.base import Finality, Landmark

Confirmations = tuple[int | Finality, int | Finality, int | Finality]

ETHERSCAN_PATHS: Final = ("/tx/{txid}", "/address/{address}")


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
