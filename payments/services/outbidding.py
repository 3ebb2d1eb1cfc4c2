"""
Offer more for a payout that no block takes: the same payment signed again, with the same nonce and higher fees.

A chain takes one transaction of a nonce, so at most one of them is ever carried out, and it may be any.
All are kept. As with the first, the bytes are committed before anybody sees them.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from chains import registry
from chains.signing import FeeQuote, OutbiddingSigner, Signed, Signer
from events.outbox import emit
from merchants.services.vaults import signing_key
from payments.events import payout_event
from payments.models import Payout, PayoutStatus, PayoutTransaction, Waiting
from payments.models.payouts import UNDER_WAY
from payments.services.outlays import Wait, check_cap, check_means
from payments.services.payouts import lock, name_transaction, order_of
from payments.states import RefundStatus

log = structlog.get_logger(__name__)


def outbid(payout_id: UUID, signer: Signer, *, now: datetime) -> None:
    """
    Sign a payout again at what the network asks now, if its last transaction has waited long enough for a block.

    Networks without numbered transactions have no such thing. What was signed is sent by the caller.

    :raises Wait: when it should be done and cannot
    """
    payout = Payout.objects.get(pk=payout_id)
    transactions = list(payout.transactions.all())
    if not isinstance(signer, OutbiddingSigner) or not _is_stuck(payout, transactions, now):
        return
    quote = _offer(payout, transactions, signer, now)
    if quote is not None:
        _sign_again(payout, transactions[-1], signer, quote, now)


def _is_stuck(payout: Payout, transactions: list[PayoutTransaction], now: datetime) -> bool:
    patience = settings.VAULT_REPLACE_AFTER_SECONDS
    if not patience or not transactions or not payout.attempts:
        return False
    is_under_way = payout.status in {PayoutStatus.SENT, PayoutStatus.QUARANTINED} and payout.block_height is None
    return is_under_way and now - transactions[-1].created_at >= timedelta(seconds=patience)


def _offer(
    payout: Payout, transactions: list[PayoutTransaction], signer: OutbiddingSigner, now: datetime
) -> FeeQuote | None:
    """
    Return the fees to sign with; None when the network asks no more than it did. No lock is held.

    :raises Wait: when they are not allowed, not worth it or not there, or another transaction has the nonce
    """
    if signer.standing(payout.sender).nonce != payout.nonce:
        raise Wait(Waiting.NODE, "Nodes are not agreed on which transactions of this address are in blocks.")
    order = order_of(payout)
    quote = signer.quote(order)
    offer = signer.outbid([Signed(each.raw, each.txid) for each in transactions], quote)
    if offer is None:
        return None
    check_cap(payout, offer)
    check_means(payout, order, offer, signer, now)
    return offer


@transaction.atomic
def _sign_again(payout: Payout, last: PayoutTransaction, signer: Signer, quote: FeeQuote, now: datetime) -> None:
    """Sign and store the next transaction of a payout, unless it came into a block or somebody else was faster."""
    payout = lock(payout.pk)
    newest = payout.transactions.last()
    if newest != last or payout.nonce is None or not _may_go_on(payout):
        return
    family = registry.network(payout.network).family
    key = signing_key(payout.wallet, family=family, path=payout.sender_path, address=payout.sender)
    signed = signer.sign(order_of(payout), nonce=payout.nonce, quote=quote, private_key=key)
    PayoutTransaction.objects.create(
        payout=payout,
        position=last.position + 1,
        raw=signed.raw,
        txid=signed.txid,
        fee_cap_units=quote.most,
        created_at=now,
    )
    payout.raw, payout.txid, payout.fee_cap_units = signed.raw, signed.txid, quote.most
    payout.status = PayoutStatus.SIGNED
    payout.waits(None)
    payout.save()
    name_transaction(payout, payout.txid)
    emit(payout_event(payout, "payout.replaced"))
    log.warning("payout_replaced", payout=payout.public_id, replaced=last.txid, txid=payout.txid)


def _may_go_on(payout: Payout) -> bool:
    """
    Return whether more may be offered for a payout whose rows are locked: it is in no block that we know of.

    :raises Wait: while its merchant is suspended or its refund held: the first transaction is out, and that is all
    """
    if payout.status not in UNDER_WAY or payout.block_height is not None:
        return False
    if payout.merchant.is_suspended:
        raise Wait(Waiting.SUSPENDED, "The merchant is suspended.")
    refund = payout.refund
    if refund is None:
        return True
    if refund.is_held:
        raise Wait(Waiting.HELD, "The refund is held: the money it returns is not confirmed.")
    return refund.status == RefundStatus.REQUESTED and refund.ordinal is None
