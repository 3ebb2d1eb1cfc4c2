"""
Carry out payouts. What makes "never twice" true is one rule: the signed bytes are committed before anybody sees them.

From then on only these bytes are ever sent, or others with the same nonce (``outbidding``), as often as
needed, and a chain takes one of them once. Whoever is killed between two steps leaves a row that says
which step comes next, and every step may be repeated. No step talks to the network inside a transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from chains import registry, signing
from chains.base import ChainUnavailable
from chains.signing import BroadcastUnclear, FeeQuote, NotPayable, Order, Outcome, Signed, Signer, Standing
from events.outbox import emit
from merchants.services.vaults import VaultSealed, signing_key
from payments.events import payout_event
from payments.models import Payout, PayoutKind, PayoutStatus, PayoutTransaction, Waiting
from payments.models.payouts import OVER, UNDER_WAY
from payments.services.allowances import allow
from payments.services.forwarding import is_still_due, plan_forwards
from payments.services.gas import look_again, watch_gas
from payments.services.outbidding import outbid
from payments.services.outlays import Wait, check_cap, check_means, needs_coin, top_up
from payments.services.payout_books import follow_payout
from payments.services.payouts import fail, is_void, lapse, lock, name_transaction, order_of, withdraw
from payments.states import RefundStatus
from payments.watchlist import IssuedAddresses

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Ready:
    """What was read from the network before signing."""

    order: Order
    standing: Standing
    quote: FeeQuote


def look_after_payouts(*, now: datetime) -> int:
    """Take every payout one step further, if it can go; return how many moved. Does nothing without VAULT_KEYS."""
    if not settings.VAULT_KEYS:
        return 0
    plan_forwards(now=now)
    open_ones = Payout.objects.exclude(status__in=[PayoutStatus.CONFIRMED, *OVER]).order_by("created_at", "pk")
    moved = 0
    for payout_id, before in list(open_ones.values_list("pk", "status")):
        try:
            moved += advance(payout_id, now=now) != before
        except (ChainUnavailable, LookupError, ValueError, VaultSealed) as problem:
            log.warning("payout_stuck", payout=str(payout_id), reason=str(problem))
            _note(payout_id, _reason_of(problem), str(problem))
    look_again(now=now)
    return moved


def advance(payout_id: UUID, *, now: datetime) -> str:
    """
    Take one payout as far as it can go; return its status.

    :raises ChainUnavailable: when no node answers
    :raises VaultSealed: when the seed cannot be read
    :raises LookupError: when its network or asset is no longer configured
    """
    payout = Payout.objects.get(pk=payout_id)
    if payout.status == PayoutStatus.APPROVED:
        _try(payout, lambda: _sign(payout, signing.signer(payout.network), now))
    elif payout.status in {PayoutStatus.SENT, PayoutStatus.QUARANTINED} or payout.attempts:
        _follow(payout, signing.signer(payout.network), now)
        _try(payout, lambda: outbid(payout.pk, signing.signer(payout.network), now=now))
    payout.refresh_from_db()
    if payout.status == PayoutStatus.SIGNED:
        _try(payout, lambda: _send(payout, signing.signer(payout.network), now))
    return str(Payout.objects.values_list("status", flat=True).get(pk=payout_id))


def _try(payout: Payout, step: Callable[[], None]) -> None:
    try:
        step()
    except (Wait, NotPayable) as why:
        _note(payout.pk, _reason_of(why), str(why))


def _note(payout_id: UUID, reason: Waiting, text: str) -> None:
    open_one = Payout.objects.filter(pk=payout_id).exclude(status__in=OVER)
    open_one.update(waiting_reason=reason, waiting_for=text[:300])


def _reason_of(problem: Exception) -> Waiting:
    if isinstance(problem, Wait):
        return problem.reason
    return Waiting.NODE if isinstance(problem, ChainUnavailable) else Waiting.PROBLEM


def _sign(payout: Payout, signer: Signer, now: datetime) -> None:
    with transaction.atomic():  # what has been overtaken must not wait for money that is gone
        if not _is_still_wanted(lock(payout.pk), now):
            return
    ready = _prepare(payout, signer, now)
    with transaction.atomic():
        with connection.cursor() as cursor:  # one at a time gives out nonces of an address
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"vault:{payout.network}:{payout.sender}"])
        payout = lock(payout.pk)
        if not _is_still_wanted(payout, now):
            return
        nonce = ready.standing.nonce
        _check_nonce(payout, nonce)
        family = registry.network(payout.network).family
        key = signing_key(payout.wallet, family=family, path=payout.sender_path, address=payout.sender)
        signed = signer.sign(ready.order, nonce=nonce, quote=ready.quote, private_key=key, anchor=ready.standing.anchor)
        payout.status = PayoutStatus.SIGNED
        payout.nonce, payout.raw, payout.txid = nonce, signed.raw, signed.txid
        payout.fee_cap_units = ready.quote.most
        payout.signed_at = now
        payout.waits(None)
        PayoutTransaction.objects.create(
            payout=payout,
            position=0,
            raw=signed.raw,
            txid=signed.txid,
            fee_cap_units=ready.quote.most,
            created_at=now,
        )
        payout.save()
        name_transaction(payout, payout.txid)
        emit(payout_event(payout, "payout.signed"))


def _prepare(payout: Payout, signer: Signer, now: datetime) -> _Ready:
    """
    Read what is needed to sign, without any lock.

    :raises Wait: when it would not work out, or not at a fair price
    """
    order = order_of(payout)
    standing = signer.standing(payout.sender)
    if standing.is_busy:
        raise Wait(Waiting.TURN, "Another transaction of this address is waiting for a block.")
    held = signer.balance(payout.sender, order.asset)
    watch_gas(payout, held, now=now)
    if held < payout.units:
        if payout.kind == PayoutKind.GAS:
            raise top_up(payout)
        raise Wait(Waiting.FUNDS, "The address holds less than that.")
    quote = signer.quote(order)
    check_cap(payout, quote)
    check_means(payout, order, quote, signer, now)
    return _Ready(order, standing, quote)


def _is_still_wanted(payout: Payout, now: datetime) -> bool:
    """
    Return whether the payout is still to be signed; the locks are held.

    If what it is for has changed it is withdrawn; if it is more than goes without staff it waits for them.

    :raises Wait: while its refund is held, its merchant suspended, or too few have approved
    """
    if payout.status != PayoutStatus.APPROVED:
        return False  # somebody else was faster
    if payout.merchant.is_suspended:
        raise Wait(Waiting.SUSPENDED, "The merchant is suspended.")
    if payout.kind != PayoutKind.GAS and payout.approvals.count() < payout.approvals_needed:
        raise Wait(Waiting.STAFF, "Waits for staff.")
    refund = payout.refund
    if refund is not None:
        if refund.is_held:
            raise Wait(Waiting.HELD, "The refund is held: the money it returns is not confirmed.")
        stands = (refund.status, refund.address, refund.units, refund.txid) == (
            RefundStatus.REQUESTED,
            payout.recipient,
            payout.units,
            "",
        ) and not IssuedAddresses(refund.network).issued([refund.address])
    elif payout.pays_for is not None:
        stands = needs_coin(payout.pays_for)
    else:
        stands = is_still_due(payout)
    if not stands:
        withdraw(payout, "What it was for has changed.", now=now)
    return stands and allow(payout, now=now)


def _check_nonce(payout: Payout, nonce: int) -> None:
    """
    Make sure that ``nonce`` is the next one that nobody uses; the sender's lock is held.

    :raises Wait: while another payout of the address is not in a block, or the node is behind
    """
    ours = Payout.objects.filter(network=payout.network, sender=payout.sender, nonce__isnull=False)
    if ours.filter(status__in=UNDER_WAY, block_height=None).exists():
        raise Wait(Waiting.TURN, "Another payout from this address is under way.")
    last = ours.aggregate(last=Max("nonce"))["last"]
    if last is not None and nonce <= last:
        raise Wait(Waiting.NODE, "The node does not know of the last payout from this address yet.")


def _send(payout: Payout, signer: Signer, now: datetime) -> None:
    """Hand the stored transaction to the network, and note how that ended."""
    with transaction.atomic():
        payout = lock(payout.pk)
        if payout.status not in UNDER_WAY:
            return
        if payout.attempts == 0 and payout.refund is not None and payout.refund.is_held:
            raise Wait(Waiting.HELD, "The refund is held: the money it returns is not confirmed.")
        payout.attempts += 1
        payout.save(update_fields=["attempts"])
    problem = ""
    try:
        signer.broadcast(Signed(payout.raw, payout.txid))
    except BroadcastUnclear as unclear:
        problem = str(unclear)
    with transaction.atomic():
        payout = lock(payout.pk)
        if payout.status not in UNDER_WAY or payout.block_height is not None:
            return
        _set_status(payout, PayoutStatus.QUARANTINED if problem else PayoutStatus.SENT, problem, now)


def _follow(payout: Payout, signer: Signer, now: datetime) -> None:
    """Ask the chain what became of all that was signed; send the newest again while nobody knows of it, and it may."""
    order = order_of(payout)
    txids = list(payout.transactions.values_list("txid", flat=True))
    outcomes = {txid: signer.outcome(txid, order) for txid in txids}
    if not _record_outcome(payout.pk, outcomes, now):
        return
    if signer.lapses and is_void(payout, signer):
        lapse(payout_id=payout.pk, now=now)
    else:
        _send(payout, signer, now)


@transaction.atomic
def _record_outcome(payout_id: UUID, outcomes: Mapping[str, Outcome], now: datetime) -> bool:
    """Write down what the chain says; return whether nobody knows of the newest transaction, and no block has any."""
    payout = lock(payout_id)
    transactions = list(payout.transactions.all())
    if payout.status not in UNDER_WAY or {each.txid for each in transactions} != set(outcomes):
        return False  # the second: somebody has signed another one since
    decisive, outcome = _decisive(transactions, outcomes)
    _point_to(payout, decisive)
    if payout.block_height is not None and payout.block_hash != outcome.block_hash:
        log.warning("payout_left_its_block", payout=payout.public_id, txid=payout.txid)
    payout.block_height, payout.block_hash = outcome.height, outcome.block_hash
    payout.fee_units = outcome.fee_units
    if not outcome.is_known:
        payout.save()
        return True
    if outcome.height is not None and outcome.is_final and not outcome.succeeded:
        fail(payout, "The transaction was carried out and moved nothing.", now=now)
    elif outcome.height is not None and outcome.is_final:
        payout.ended_at = now
        _set_status(payout, PayoutStatus.CONFIRMED, "", now)
        follow_payout(payout, now=now)
    else:
        _set_status(payout, PayoutStatus.SENT, "", now)
    return False


def _decisive(
    transactions: Sequence[PayoutTransaction], outcomes: Mapping[str, Outcome]
) -> tuple[PayoutTransaction, Outcome]:
    """Return the transaction that a block has, or else the newest, and what became of it."""
    mined = [each for each in transactions if outcomes[each.txid].height is not None]
    decisive = (mined or transactions)[-1]
    outcome = outcomes[decisive.txid]
    # Two of them cannot be carried out: then nodes see different forks, or one lies, and nothing is final.
    return decisive, replace(outcome, is_final=outcome.is_final and len(mined) == 1)


def _point_to(payout: Payout, chosen: PayoutTransaction) -> None:
    """Have payout and refund name the transaction that counts; the locks are held, the caller saves the payout."""
    if payout.txid == chosen.txid:
        return
    payout.raw, payout.txid, payout.fee_cap_units = chosen.raw, chosen.txid, chosen.fee_cap_units
    name_transaction(payout, chosen.txid)


def _set_status(payout: Payout, status: PayoutStatus, problem: str, now: datetime) -> None:
    was = payout.status
    payout.status, payout.error = status, problem[:300]
    payout.waits(None)
    if status == PayoutStatus.SENT and payout.sent_at is None:
        payout.sent_at = now
    payout.save()
    if status != was:
        emit(payout_event(payout, f"payout.{status}"))
        if status == PayoutStatus.QUARANTINED:
            log.error("payout_quarantined", payout=payout.public_id, txid=payout.txid, reason=problem)
