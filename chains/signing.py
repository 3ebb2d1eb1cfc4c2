"""What the gateway asks of a chain when it sends money itself: the second, optional protocol beside ``ChainReader``.

Plain Python like ``chains.base``. A signer builds every byte that it signs: a node is asked for numbers
(nonce, fees, balances), each of which is bounded by the caller, never for a transaction. The transaction's id
is computed here as well, so that it is known, and can be stored, before anybody has seen the transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from django.utils.module_loading import import_string

from chains import registry
from chains.base import Asset, ChainUnavailable, Network

# The families whose transactions can be signed here. Imported when first used: nobody else needs their libraries.
_SIGNERS: Final = {
    "evm": "chains.evm_signing.EvmSigner",
    "tron": "chains.tron_signing.TronSigner",
}
FAMILIES: Final = frozenset(_SIGNERS)


class NotPayable(ChainUnavailable):
    """The node says that this transfer would fail as things stand: too little there, or a contract refuses it."""


class BroadcastUnclear(ChainUnavailable):
    """The transaction may or may not have been accepted: only the chain can tell."""


@dataclass(frozen=True, slots=True)
class Order:
    """Send ``units`` base units of ``asset`` from ``sender`` to ``recipient``; addresses in their normal form."""

    asset: Asset
    sender: str
    recipient: str
    units: int


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """What a transaction may use and pay; in base units of the network's own coin."""

    gas: int
    price: int  # the most per unit of gas
    tip: int  # of which goes to the block's producer at most
    below: int = 0  # what is taken beside gas: by the chain below for keeping it, by TRON for bytes and new accounts
    spared: int = 0  # what the sender need not hold of all that: its own resources pay for it, while they last
    bringing: int = 0  # what bringing coin to the sender costs, if it has too little

    @property
    def most(self) -> int:
        """The most that the transaction can cost."""
        return self.gas * self.price + self.below

    @property
    def needed(self) -> int:
        """What the sender must hold for it."""
        return self.most - self.spared


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Where the numbering of an address's transactions stands.

    Every family has a number that rises with each transaction of an address, and of which a chain tells for
    good when no transaction with it can be carried out any more. On EVM chains ``nonce`` is the next one that
    no block has. On TRON it is the time, in milliseconds, at which a transaction that is signed now expires.
    """

    nonce: int
    is_busy: bool  # a transaction that is not in a block yet uses it already
    anchor: str = ""  # the block that the transaction has to name, where the family wants that


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction that can be sent any number of times: ``raw`` is what is sent, as hex digits, ``txid`` its id."""

    raw: str
    txid: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a transaction; ``height`` is None while no block holds it."""

    is_known: bool  # some node has seen it
    is_denied: bool = False  # every single node has answered, and none has seen it
    height: int | None = None
    block_hash: str = ""
    succeeded: bool = False
    fee_units: int | None = None
    is_final: bool = False  # every node says the same, and no reorg is expected to change it


class Signer(Protocol):
    """
    Sends money on one network.

    Whatever reads the network may raise ``ChainUnavailable``.
    """

    lapses: bool  # numbers run out with time, so a transaction that no block took is over without anybody's doing

    def standing(self, address: str) -> Standing:
        """Return where the numbering of ``address`` stands."""

    def used_for_good(self, address: str) -> int:
        """
        Return below which number nothing of ``address`` can be carried out any more, as every single node says.

        Only what is in blocks that are final by then can have been. So ask this first, and then for the outcome.
        """

    def balance(self, address: str, asset: Asset) -> int:
        """Return what an address holds, in base units."""

    def quote(self, order: Order) -> FeeQuote:
        """
        Return what sending ``order`` may cost now.

        :raises NotPayable: when the transfer would fail as things stand
        """

    def sign(self, order: Order, *, nonce: int, quote: FeeQuote, private_key: bytes, anchor: str = "") -> Signed:
        """Return the signed transaction; nothing is asked of the network."""

    def broadcast(self, signed: Signed) -> None:
        """
        Hand the transaction to the network. Doing so again is harmless.

        :raises BroadcastUnclear: for every answer but a plain acceptance
        """

    def outcome(self, txid: str, order: Order) -> Outcome:
        """Return what has become of the transaction that was signed for ``order``."""


@runtime_checkable
class OutbiddingSigner(Signer, Protocol):
    """
    A signer of a family that numbers the transactions of an address: of those with one number a chain takes one.

    So a transaction that no block takes can be replaced by one with its number and a higher fee.
    """

    def outbid(self, signed: Sequence[Signed], quote: FeeQuote) -> FeeQuote | None:
        """
        Return what has to be offered for nodes to take a transaction in place of all those ``signed``.

        Never less than ``quote``, what the network asks now; None while it asks no more than was offered.
        """


def can_sign(network: str) -> bool:
    """Return whether money can be sent on this network."""
    found = registry.find_network(network)
    return found is not None and found.family in FAMILIES


def signer(network: str) -> Signer:
    """
    Return the signer of a network.

    :raises LookupError: when nothing can be sent there, or no node is configured for it
    """
    chain = registry.network(network)
    if chain.family not in FAMILIES or not chain.is_enabled:
        raise LookupError(f"nothing can be sent on {network}")
    make: Callable[[Network], Signer] = import_string(_SIGNERS[chain.family])
    return make(chain)
