"""What a transaction of the XRP Ledger delivered to whom, from what the ledger recorded about it.

Five kinds bring XRP to an account that did not ask for it in the same transaction: a payment, the rest of a deleted
account, a finished escrow, a cashed check, a claim on a payment channel. Trades of an account are its own doing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chains.base import ChainUnavailable
from chains.codecs_xrp import parse_classic
from chains.replies import amount, fields_of, hex_hash, items_of, whole

SUCCESS: Final = "tesSUCCESS"

_MOST_DROPS: Final = 10**17  # all the XRP there is
_LAST_INDEX: Final = 2**32 - 1
_Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """XRP, in drops, that one transaction brought from one account to another."""

    txid: str
    height: int
    position: int
    sender: str
    recipient: str
    tag: str
    drops: int
    fee: int


@dataclass(frozen=True, slots=True)
class _Parties:
    """From whom to whom, and how much; None where it is no XRP or cannot be known."""

    sender: object
    recipient: object
    tag: object
    drops: int | None


def read_hash(value: object, what: str) -> str:
    """Return 32 bytes in upper-case hex, as the XRP Ledger writes them."""
    return hex_hash(value, what).upper()


def read_deliveries(item: object, *, first: int, last: int) -> Iterator[Delivery]:
    """
    Yield what an entry of ``account_tx`` delivered: one delivery, or none.

    :raises ChainUnavailable: when the entry is not validated, in another ledger, or not well-formed
    """
    entry = fields_of(item, "transaction")
    if entry.get("validated") is not True:
        raise ChainUnavailable("the server's transaction is not validated")
    # The second version of the interface moved hash and ledger index out of the transaction.
    transaction = fields_of(entry.get("tx", entry.get("tx_json")), "transaction")
    height = whole(entry.get("ledger_index", transaction.get("ledger_index")), "ledger index", most=_LAST_INDEX)
    if not first <= height <= last:
        raise ChainUnavailable(f"the server answered with ledger {height}, which was not asked for")
    meta = fields_of(entry.get("meta"), "transaction result")
    read = _KINDS.get(str(transaction.get("TransactionType")))
    if read is None or meta.get("TransactionResult") != SUCCESS:
        return
    parties = read(transaction, meta)
    if parties is None or not parties.drops:
        return
    yield Delivery(
        txid=read_hash(entry.get("hash", transaction.get("hash")), "transaction id"),
        height=height,
        position=whole(meta.get("TransactionIndex"), "transaction index", most=_LAST_INDEX),
        sender=_account(parties.sender),
        recipient=_account(parties.recipient),
        tag=_tag(parties.tag),
        drops=parties.drops,
        fee=amount(transaction.get("Fee"), "fee", most=_MOST_DROPS),
    )


def _payment(transaction: _Fields, meta: _Fields) -> _Parties:
    """Only what was delivered counts: ``Amount`` is a wish where partial payment is allowed, and never too little."""
    drops = _drops(meta.get("delivered_amount"))
    wish = _drops(transaction.get("Amount", transaction.get("DeliverMax")))
    if drops is not None and wish is not None and drops > wish:
        raise ChainUnavailable("the server's payment delivered more than it was for")
    return _Parties(
        sender=transaction.get("Account"),
        recipient=transaction.get("Destination"),
        tag=transaction.get("DestinationTag"),
        drops=drops,
    )


def _check(transaction: _Fields, meta: _Fields) -> _Parties | None:
    check = _entry(meta, "Check", deleted=True)
    if check is None:
        return None
    fields = check["FinalFields"]
    return _Parties(
        sender=fields.get("Account"),
        recipient=transaction.get("Account"),
        tag=fields.get("DestinationTag"),
        drops=_drops(meta.get("delivered_amount")),
    )


def _escrow(transaction: _Fields, meta: _Fields) -> _Parties | None:
    del transaction  # anybody may finish it
    escrow = _entry(meta, "Escrow", deleted=True)
    if escrow is None:
        return None
    fields = escrow["FinalFields"]
    return _Parties(
        sender=fields.get("Account"),
        recipient=fields.get("Destination"),
        tag=fields.get("DestinationTag"),
        drops=_drops(fields.get("Amount")),
    )


def _channel(transaction: _Fields, meta: _Fields) -> _Parties | None:
    del transaction
    channel = _entry(meta, "PayChannel", deleted=False)
    if channel is None:
        return None
    fields, before = channel["FinalFields"], fields_of(channel.get("PreviousFields") or {}, "previous fields")
    if "Balance" not in before:  # nothing was claimed: the channel was only renewed or closed
        return None
    paid = amount(fields.get("Balance"), "balance", most=_MOST_DROPS) - amount(before["Balance"], "balance")
    return _Parties(
        sender=fields.get("Account"),
        recipient=fields.get("Destination"),
        tag=fields.get("DestinationTag"),
        drops=max(paid, 0),
    )


_KINDS: Final[Mapping[str, Callable[[_Fields, _Fields], _Parties | None]]] = {
    "Payment": _payment,
    "AccountDelete": _payment,
    "CheckCash": _check,
    "EscrowFinish": _escrow,
    "PaymentChannelClaim": _channel,
}


def _entry(meta: _Fields, kind: str, *, deleted: bool) -> _Fields | None:
    """Return the one ledger entry of a kind that the transaction changed (or deleted), None without any."""
    found = []
    for item in items_of(meta.get("AffectedNodes"), "list of affected entries"):
        for change, entry in fields_of(item, "affected entry").items():
            if change != "DeletedNode" and (deleted or change != "ModifiedNode"):
                continue
            fields = fields_of(entry, "affected entry")
            if fields.get("LedgerEntryType") == kind:
                fields_of(fields.get("FinalFields"), "final fields")
                found.append(fields)
    if len(found) > 1:
        raise ChainUnavailable(f"the server's transaction changed more than one {kind}")
    return found[0] if found else None


def _drops(value: object) -> int | None:
    """Return an amount of XRP; None for what issuers owe, and where the ledger does not know ("unavailable")."""
    if not isinstance(value, str) or not value.isascii() or not value.isdigit():
        return None
    return amount(value, "amount", most=_MOST_DROPS)


def _account(value: object) -> str:
    if not isinstance(value, str) or parse_classic(value) is None:
        raise ChainUnavailable("the server's transaction names something that is no account")
    return value


def _tag(value: object) -> str:
    return "" if value is None else str(whole(value, "destination tag", most=_LAST_INDEX))
