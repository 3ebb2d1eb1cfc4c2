"""
Which refund a transfer is: the one it was named for, else the oldest that waits for such a transfer.

What somebody named by hand may be mistyped. A refund that was completed by hand therefore claims one transfer: the
one that was named, or while that has not been seen, another one just like it. Then it is marked, and people look;
no refund alike is completed by a transfer that may be somebody else's.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import structlog

from chains.base import Transfer
from events.outbox import emit
from payments.errors import RefundTransactionTaken
from payments.events import refund_event
from payments.models import Refund
from payments.services.payouts import signed_txids
from payments.states import RefundStatus

log = structlog.get_logger(__name__)

Key = tuple[str, str, str, int | None]


def key_of(thing: Refund | Transfer) -> Key:
    """Return what names the transfer, or that of a refund, for good."""
    if isinstance(thing, Refund):
        return thing.txid, thing.address, thing.asset_code, thing.ordinal
    return thing.txid, thing.recipient, thing.asset, thing.ordinal


def recognise(refunds: Sequence[Refund], transfers: Sequence[Transfer], *, ours: Collection[str]) -> None:
    """
    Note for each of ``refunds``, whose rows are locked, which of ``transfers`` it is.

    What arrives at ``ours``, addresses on which payments are taken, is a payment, and no refund.
    """
    signed = signed_txids(refunds) if transfers else {}
    named = {
        txid for refund in refunds for txid in (refund.txid, refund.named_txid, *signed.get(refund.pk, ())) if txid
    }
    for transfer in sorted(transfers, key=lambda transfer: transfer.txid not in named):
        if transfer.block is None:
            continue
        known = next((each for each in refunds if each.ordinal is not None and key_of(each) == key_of(transfer)), None)
        if known is not None:
            _place(known, transfer)
        elif transfer.recipient not in ours:
            _assign([refund for refund in refunds if _fits(refund, transfer)], transfer, signed)


def claim_transfer(refund: Refund, txid: str) -> None:
    """
    Have ``refund``, whose row is locked, claim the transaction that somebody names for it.

    :raises RefundTransactionTaken: when the chain has shown that it is that of another refund
    """
    if refund.ordinal is not None:  # the chain has shown which transfer it is, and where it went
        if txid != refund.txid:
            _mark(refund, txid)
        return
    alike = Refund.objects.select_for_update().filter(
        network=refund.network, txid=txid, address=refund.address, tag=refund.tag, asset_code=refund.asset_code
    )
    holder = alike.filter(units=refund.units, ordinal__isnull=False).exclude(pk=refund.pk).first()
    if holder is None:
        refund.txid = txid
    elif holder.named_txid:
        _hand_over(holder, refund)
    else:
        raise RefundTransactionTaken(field="tx_hash")


def give_back(refund: Refund) -> bool:
    """Have a refund that took another transfer than was named stand as it was named; return whether it had."""
    if not refund.named_txid:
        return False
    _stand_as_named(refund)
    return True


def _assign(fitting: Sequence[Refund], transfer: Transfer, signed: Mapping[UUID, set[str]]) -> None:
    free = [refund for refund in fitting if refund.ordinal is None]
    named = next((r for r in free if transfer.txid in {r.txid, *signed.get(r.pk, ())}), None)
    if named is not None:
        _place(named, transfer)
        return
    in_time = [refund for refund in free if transfer.block and transfer.block.timestamp >= refund.created_at]
    unseen = [refund for refund in in_time if refund.txid and refund.status == RefundStatus.COMPLETED]
    heir = next(iter([*unseen, *(refund for refund in in_time if not refund.txid)]), None)
    misled = next((refund for refund in fitting if refund.named_txid == transfer.txid), None)
    if misled is not None and heir is not None:  # what it took was another's
        _hand_over(misled, heir)
        _place(misled, transfer)
    elif heir is not None:
        claimed = heir.txid
        _place(heir, transfer)
        if claimed:
            _mark(heir, claimed)


def _fits(refund: Refund, transfer: Transfer) -> bool:
    wanted = (refund.address, refund.tag, refund.asset_code, int(refund.units))
    return wanted == (transfer.recipient, transfer.tag, transfer.asset, transfer.units)


def _place(refund: Refund, transfer: Transfer) -> None:
    if transfer.block is None:
        return
    refund.txid, refund.ordinal = transfer.txid, transfer.ordinal
    refund.block_height, refund.block_hash = transfer.block.height, transfer.block.hash
    if refund.status == RefundStatus.REQUESTED:
        refund.status = RefundStatus.SENT
    refund.save()


def _mark(refund: Refund, named_txid: str) -> None:
    """Keep what somebody named for a refund that the chain shows to have gone out otherwise, and tell of it."""
    refund.named_txid = named_txid
    refund.save()
    log.error("refund_named_otherwise", refund=refund.public_id, named=named_txid, txid=refund.txid)
    emit(refund_event(refund, "refund.mismatched"))


def _hand_over(holder: Refund, heir: Refund) -> None:
    """Give the transfer that ``holder`` took to ``heir``; ``holder`` stands as it was named."""
    place = (holder.txid, holder.ordinal, holder.block_height, holder.block_hash)
    claimed = heir.txid
    _stand_as_named(holder)
    heir.txid, heir.ordinal, heir.block_height, heir.block_hash = place
    if heir.status == RefundStatus.REQUESTED:
        heir.status = RefundStatus.SENT
    heir.save()
    if claimed and claimed != heir.txid:
        _mark(heir, claimed)


def _stand_as_named(refund: Refund) -> None:
    refund.txid, refund.named_txid = refund.named_txid, ""
    refund.ordinal, refund.block_height, refund.block_hash = None, None, ""
    refund.save()
    emit(refund_event(refund, "refund.matched"))
