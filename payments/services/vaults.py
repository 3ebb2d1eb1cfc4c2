"""
Carry out payouts. What makes "never twice" true is one rule: the signed bytes are committed before anybody sees them.

From then on only these bytes are ever sent, as often as needed, and a chain takes them once. Whoever is
killed between two steps leaves a row that says which step comes next, and every step may be repeated.
No step talks to the network inside a transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from chains import registry, signing
from chains.base import ChainUnavailable
from chains.signing import BroadcastUnclear, FeeQuote, NotPayable, Order, Outcome, Signed, Signer
from core.money import WIDE
from events.outbox import emit
from merchants.models import VaultSecret
from merchants.services.vaults import GAS_PATH, VaultSealed, signing_key
from payments.events import payout_event
from payments.models import Payout, PayoutKind, PayoutStatus
from payments.models.payouts import OVER, UNDER_WAY
from payments.services.forwarding import is_still_due, plan_forwards
from payments.services.payout_books import follow_payout
from payments.services.payouts import coin_of, fail, lock, order_of, plan, value_usd, withdraw
from payments.states import RefundStatus

log = structlog.get_logger(__name__)

GAS_TOP_UPS: Final = 3  # for one payout; more would mean that a node lies about the balance
_PLAIN_TRANSFER_GAS: Final = 21_000


class _Wait(Exception):
    """The payout cannot go on now; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """What was read from the network before signing."""

    order: Order
    nonce: int
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
            _note(payout_id, str(problem))
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
    payout.refresh_from_db()
    if payout.status == PayoutStatus.SIGNED:
        _try(payout, lambda: _send(payout, signing.signer(payout.network), now))
    return str(Payout.objects.values_list("status", flat=True).get(pk=payout_id))


def _try(payout: Payout, step: Callable[[], None]) -> None:
    try:
        step()
    except (_Wait, NotPayable) as reason:
        _note(payout.pk, str(reason))


def _note(payout_id: UUID, reason: str) -> None:
    Payout.objects.filter(pk=payout_id).exclude(status__in=OVER).update(waiting_for=reason[:300])


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
        _check_nonce(payout, ready.nonce)
        family = registry.network(payout.network).family
        key = signing_key(payout.wallet, family=family, path=payout.sender_path, address=payout.sender)
        signed = signer.sign(ready.order, nonce=ready.nonce, quote=ready.quote, private_key=key)
        payout.status = PayoutStatus.SIGNED
        payout.nonce, payout.raw, payout.txid = ready.nonce, signed.raw, signed.txid
        payout.fee_cap_units = ready.quote.most
        payout.signed_at, payout.waiting_for = now, ""
        payout.save()
        if payout.refund is not None:
            payout.refund.txid = payout.txid
            payout.refund.save(update_fields=["txid"])
        emit(payout_event(payout, "payout.signed"))


def _prepare(payout: Payout, signer: Signer, now: datetime) -> _Ready:
    """
    Read what is needed to sign, without any lock.

    :raises _Wait: when it would not work out, or not at a fair price
    """
    order = order_of(payout)
    standing = signer.standing(payout.sender)
    if standing.is_busy:
        raise _Wait("Another transaction of this address is waiting for a block.")
    if signer.balance(payout.sender, order.asset) < payout.units:
        raise _Wait(_top_up(payout) if payout.kind == PayoutKind.GAS else "The address holds less than that.")
    quote = signer.quote(order)
    coin = coin_of(payout.network)
    cap = coin.to_units(settings.VAULT_FEE_CAPS[payout.network])
    if quote.most > cap:
        raise _Wait(
            f"The network is too expensive: up to {coin.to_amount(quote.most):f} {coin.code}, "
            f"at most {coin.to_amount(cap):f} is allowed."
        )
    needed = quote.most + (0 if order.asset.contract else payout.units)
    missing = needed - signer.balance(payout.sender, coin)
    _check_worth(payout, quote.most + (_PLAIN_TRANSFER_GAS * quote.price if missing > 0 else 0), now)
    if missing > 0:
        if payout.kind == PayoutKind.GAS:
            raise _Wait(_top_up(payout))
        if missing > cap:
            raise _Wait("The address holds less than that and its fee.")
        _plan_gas(payout, min(missing + quote.most // 4, cap), now)
        raise _Wait("Waits for the coin to pay the fee with.")
    return _Ready(order, standing.nonce, quote)


def _check_worth(payout: Payout, fee: int, now: datetime) -> None:
    """
    Make sure that forwarding does not cost too great a share of what is forwarded.

    :raises _Wait: when it does, or nobody can tell
    """
    if payout.kind not in {PayoutKind.FORWARD, PayoutKind.FEE}:
        return
    cost = value_usd(coin_of(payout.network), fee, now=now)
    value = value_usd(payout.asset, payout.units, now=now)
    if cost is None or value is None:
        raise _Wait("Nobody can tell what this costs: there is no exchange rate.")
    if WIDE.multiply(cost, 100) > WIDE.multiply(value, settings.VAULT_FORWARD_COST_PERCENT):
        raise _Wait(f"Too little to forward: it may cost {cost:f} USD to send {value:f} USD.")


def _top_up(payout: Payout) -> str:
    return f"Put {payout.asset_code} on {payout.sender}: it pays the fees of this vault."


@transaction.atomic
def _plan_gas(payout: Payout, units: int, now: datetime) -> None:
    """
    Have the vault's gas address send coin to the address that lacks it, unless that is under way.

    :raises _Wait: when this was done too often
    """
    parent = lock(payout.pk)
    before = list(parent.gas_payouts.exclude(status__in=OVER))
    if parent.status != PayoutStatus.APPROVED or any(each.block_height is None for each in before):
        return
    if len(before) >= GAS_TOP_UPS:
        raise _Wait("Coin for the fee was sent several times and did not help; look into it.")
    plan(
        kind=PayoutKind.GAS,
        wallet=parent.wallet,
        invoice=parent.invoice,
        pays_for=parent,
        asset_code=coin_of(parent.network).code,
        units=units,
        sender=VaultSecret.objects.values_list("gas_address", flat=True).get(wallet=parent.wallet),
        sender_path=GAS_PATH,
        recipient=parent.sender,
        now=now,
    )


def _is_still_wanted(payout: Payout, now: datetime) -> bool:
    """
    Return whether the payout is still to be signed; the locks are held. If what it is for has changed it is withdrawn.

    :raises _Wait: while its refund is held, its merchant suspended, or too few have approved
    """
    if payout.status != PayoutStatus.APPROVED:
        return False  # somebody else was faster
    if payout.merchant.is_suspended:
        raise _Wait("The merchant is suspended.")
    if payout.kind != PayoutKind.GAS and payout.approvals.count() < payout.approvals_needed:
        raise _Wait("Waits for staff.")
    refund = payout.refund
    if refund is not None:
        if refund.is_held:
            raise _Wait("The refund is held: the money it returns is not confirmed.")
        stands = (refund.status, refund.address, refund.units, refund.txid) == (
            RefundStatus.REQUESTED,
            payout.recipient,
            payout.units,
            "",
        )
    elif payout.pays_for_id:
        stands = Payout.objects.filter(pk=payout.pays_for_id, status=PayoutStatus.APPROVED).exists()
    else:
        stands = is_still_due(payout)
    if not stands:
        withdraw(payout, "What it was for has changed.", now=now)
    return stands


def _check_nonce(payout: Payout, nonce: int) -> None:
    """
    Make sure that ``nonce`` is the next one that nobody uses; the sender's lock is held.

    :raises _Wait: while another payout of the address is not in a block, or the node is behind
    """
    ours = Payout.objects.filter(network=payout.network, sender=payout.sender, nonce__isnull=False)
    if ours.filter(status__in=UNDER_WAY, block_height=None).exists():
        raise _Wait("Another payout from this address is under way.")
    last = ours.aggregate(last=Max("nonce"))["last"]
    if last is not None and nonce <= last:
        raise _Wait("The node does not know of the last payout from this address yet.")


def _send(payout: Payout, signer: Signer, now: datetime) -> None:
    """Hand the stored transaction to the network, and note how that ended."""
    with transaction.atomic():
        payout = lock(payout.pk)
        if payout.status not in UNDER_WAY:
            return
        if payout.attempts == 0 and payout.refund is not None and payout.refund.is_held:
            raise _Wait("The refund is held: the money it returns is not confirmed.")
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
    """Ask the chain what became of the transaction, and send the same bytes again while nobody knows of it."""
    outcome = signer.outcome(payout.txid, order_of(payout))
    if _record_outcome(payout.pk, outcome, now):
        _send(payout, signer, now)


@transaction.atomic
def _record_outcome(payout_id: UUID, outcome: Outcome, now: datetime) -> bool:
    """Write down what the chain says; return whether nobody knows of the transaction."""
    payout = lock(payout_id)
    if payout.status not in UNDER_WAY:
        return False
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


def _set_status(payout: Payout, status: PayoutStatus, problem: str, now: datetime) -> None:
    was = payout.status
    payout.status, payout.error, payout.waiting_for = status, problem[:300], ""
    if status == PayoutStatus.SENT and payout.sent_at is None:
        payout.sent_at = now
    payout.save()
    if status != was:
        emit(payout_event(payout, f"payout.{status}"))
        if status == PayoutStatus.QUARANTINED:
            log.error("payout_quarantined", payout=payout.public_id, txid=payout.txid, reason=problem)
