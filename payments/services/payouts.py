"""What people decide about payouts, and what other decisions must know of them."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from chains import registry, signing
from chains.base import Asset, ChainUnavailable
from chains.signing import Order, Signer
from core.money import WIDE
from events.outbox import emit
from invoices.errors import RateUnavailable
from invoices.rates.book import price_of
from merchants.models import Wallet, WalletKind
from payments.errors import PayoutNotOpen, PayoutUnresolved, RefundNotFromVault, RefundNotOpen, RefundNotSendable
from payments.events import payout_event
from payments.models import Payout, PayoutApproval, PayoutKind, PayoutStatus, PayoutTransaction, Refund, Waiting
from payments.models.payouts import OVER, UNDER_WAY, UNSIGNED
from payments.services.payout_books import follow_payout
from payments.states import RefundStatus
from payments.watchlist import IssuedAddresses

EYES: Final = 2  # pairs of them, above the limit
MOST_FAILURES: Final = 3  # of one refund, or of one thing that is forwarded; then somebody has to look


def plan_refund(refund: Refund, *, now: datetime) -> Payout:
    """
    Have a vault send ``refund``; the caller holds the locks of its invoice and of the refund. Safe to call again.

    :raises RefundNotOpen: when it was sent or cancelled before
    :raises RefundNotFromVault: when the invoice was not paid to a vault
    :raises RefundNotSendable: when it has no address, or is held
    """
    planned = Payout.objects.filter(refund=refund).exclude(status__in=OVER).first()
    if planned is not None:
        return planned
    if refund.status != RefundStatus.REQUESTED:
        raise RefundNotOpen(f"This refund is {refund.status} already.")
    invoice = refund.invoice
    wallet = invoice.wallet if invoice else None
    if invoice is None or wallet is None or wallet.kind != WalletKind.VAULT or refund.network != invoice.network:
        raise RefundNotFromVault
    if not refund.address:
        raise RefundNotSendable("Nobody has said yet where this refund goes.")
    if IssuedAddresses(refund.network).issued([refund.address]):
        raise RefundNotSendable("This is an address on which this gateway takes payments; say another one.")
    if refund.is_held:
        raise RefundNotSendable("This refund is held: the money it returns is not confirmed.")
    return plan(
        kind=PayoutKind.REFUND,
        wallet=wallet,
        invoice=invoice,
        refund=refund,
        asset_code=refund.asset_code,
        units=refund.units,
        sender=invoice.address,
        sender_path=f"0/{invoice.wallet_index}",
        recipient=refund.address,
        now=now,
    )


def plan(*, wallet: Wallet, asset_code: str, units: int, now: datetime, **facts: Any) -> Payout:
    """Write down that a vault is to send something. Above the limit, or with no price to tell, it waits for staff."""
    value = value_usd(registry.asset(wallet.network, asset_code), units, now=now)
    needed = EYES if is_large(value) and facts["kind"] != PayoutKind.GAS else 0
    payout = Payout.objects.create(
        merchant_id=wallet.merchant_id,
        wallet=wallet,
        network=wallet.network,
        asset_code=asset_code,
        fee_asset_code=coin_of(wallet.network).code,
        units=units,
        value_usd=value,
        approvals_needed=needed,
        status=PayoutStatus.PLANNED if needed else PayoutStatus.APPROVED,
        waiting_for=f"Waits for {needed} members of staff." if needed else "",
        waiting_reason=Waiting.STAFF if needed else "",
        created_at=now,
        **facts,
    )
    emit(payout_event(payout, "payout.planned"))
    return payout


def is_large(value: Decimal | None) -> bool:
    """Return whether a payout of so many US dollars is not sent without staff; None: nobody can tell how many."""
    return value is None or value > settings.VAULT_APPROVAL_USD


@transaction.atomic
def approve(*, payout_id: UUID, user: Any, now: datetime) -> Payout:
    """
    Count one member of staff who wants the payout sent; the same one counts once.

    :raises PayoutNotOpen: when it does not wait for approval
    """
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    if payout.status != PayoutStatus.PLANNED:
        raise PayoutNotOpen
    PayoutApproval.objects.get_or_create(payout=payout, user=user, defaults={"created_at": now})
    missing = payout.approvals_needed - payout.approvals.count()
    if missing > 0:
        payout.waits(Waiting.STAFF, f"Waits for {missing} more of the staff.")
    else:
        payout.status = PayoutStatus.APPROVED
        payout.waits(None)
    payout.save(update_fields=["status", "waiting_for", "waiting_reason"])
    emit(payout_event(payout, "payout.approved"))
    return payout


@transaction.atomic
def cancel(*, payout_id: UUID, now: datetime) -> Payout:
    """
    Withdraw a payout of which nothing has been signed. One that forwards money is planned anew.

    :raises PayoutNotOpen: when it was signed or is over
    """
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    if payout.status not in UNSIGNED:
        raise PayoutNotOpen
    return withdraw(payout, "Withdrawn by staff.", now=now)


def give_up(*, payout_id: UUID, now: datetime) -> Payout:
    """
    Note that a payout was never carried out and never will be: its number has been used, or has run out, for good.

    :raises PayoutNotOpen: when it is not in quarantine
    :raises PayoutUnresolved: when not all nodes say so, or one knows of a transaction of it
    """
    payout = Payout.objects.get(pk=payout_id)
    if payout.status != PayoutStatus.QUARANTINED:
        raise PayoutNotOpen
    try:
        is_over = is_void(payout, signing.signer(payout.network))
    except ChainUnavailable as problem:
        raise PayoutUnresolved(f"Not every node answers: {problem}") from None
    if not is_over:
        raise PayoutUnresolved
    with transaction.atomic():
        payout = lock(payout_id)
        if payout.status != PayoutStatus.QUARANTINED:
            raise PayoutNotOpen
        fail(payout, "Its transaction can never be carried out any more.", now=now)
    return payout


def is_void(payout: Payout, signer: Signer) -> bool:
    """
    Return whether nothing that was signed for a payout can ever be carried out, as every single node says.

    :raises ChainUnavailable: when one does not answer
    """
    # In this order: what is over stays over, and only after that is "no block has it" the last word.
    if payout.nonce is None or signer.used_for_good(payout.sender) <= payout.nonce:
        return False
    order = order_of(payout)
    return all(signer.outcome(each.txid, order).is_denied for each in payout.transactions.all())


@transaction.atomic
def lapse(*, payout_id: UUID, now: datetime) -> bool:
    """
    Note that a payout ran out before a block took it (see ``is_void``); return whether it was so.

    A refund is planned anew, unless that happens again and again or there is only one node's word for it: then
    somebody has to ask for it. What forwards money, or coin for fees, is planned anew by what needs it.
    """
    payout = lock(payout_id)
    refund = payout.refund
    is_seen = refund is not None and (refund.status != RefundStatus.REQUESTED or refund.ordinal is not None)
    if payout.status not in UNDER_WAY or payout.block_height is not None or is_seen:
        return False
    fail(payout, "It ran out before a block took it.", now=now)
    if refund is not None and not refund.is_held and _may_go_anew(refund):
        plan_refund(refund, now=now)
    return True


def _may_go_anew(refund: Refund) -> bool:
    failures = refund.payouts.filter(status=PayoutStatus.FAILED).count()
    return failures < MOST_FAILURES and len(registry.network(refund.network).rpc_urls) > 1


def release_refund(refund: Refund, *, now: datetime) -> None:
    """
    Make sure that no vault sends ``refund`` before it is changed; the caller holds its lock.

    :raises RefundNotOpen: when it has been signed
    """
    payout = Payout.objects.select_for_update().filter(refund=refund).exclude(status__in=OVER).first()
    if payout is None:
        return
    if payout.status not in UNSIGNED:
        raise RefundNotOpen("A vault is sending this refund already.")
    withdraw(payout, "The refund was changed.", now=now)


def signed_txid(refund: Refund) -> str:
    """Return the transaction that a vault sends for ``refund``, or nothing."""
    signed = Payout.objects.filter(refund=refund).exclude(txid="").exclude(status__in=OVER)
    return signed.values_list("txid", flat=True).first() or ""


def signed_txids(refunds: Collection[Refund]) -> dict[UUID, set[str]]:
    """Return what vaults have signed for each of ``refunds``: any one transaction of these may be carried out."""
    signed = PayoutTransaction.objects.filter(payout__refund__in=[refund.pk for refund in refunds])
    found: dict[UUID, set[str]] = defaultdict(set)
    for refund_id, txid in signed.exclude(payout__status__in=OVER).values_list("payout__refund_id", "txid"):
        found[refund_id].add(txid)
    return found


def name_transaction(payout: Payout, txid: str) -> None:
    """Have the payout's refund, whose row is locked, name ``txid``, unless the chain has shown which it is."""
    refund = payout.refund
    if refund is None or refund.ordinal is not None or refund.status != RefundStatus.REQUESTED or refund.txid == txid:
        return
    if not refund.txid or payout.transactions.filter(txid=refund.txid).exists():
        refund.txid = txid
        refund.save(update_fields=["txid"])


def lock(payout_id: UUID) -> Payout:
    """Return a payout with its row, its refund's and its invoice's locked, in the order that everybody keeps."""
    plain = Payout.objects.values("refund_id", "invoice_id").get(pk=payout_id)
    from invoices.models import Invoice

    if plain["invoice_id"]:
        Invoice.objects.select_for_update().get(pk=plain["invoice_id"])
    if plain["refund_id"]:
        Refund.objects.select_for_update().get(pk=plain["refund_id"])
    payouts = Payout.objects.select_for_update(of=("self",)).select_related(
        "refund", "invoice", "wallet", "settlement", "merchant"
    )
    return payouts.get(pk=payout_id)


def withdraw(payout: Payout, reason: str, *, now: datetime) -> Payout:
    """Cancel a payout whose row is locked and of which nothing has been signed."""
    payout.status = PayoutStatus.CANCELLED
    payout.error, payout.ended_at = reason, now
    payout.waits(None)
    payout.save(update_fields=["status", "error", "waiting_for", "waiting_reason", "ended_at"])
    emit(payout_event(payout, "payout.cancelled"))
    return payout


def fail(payout: Payout, reason: str, *, now: datetime) -> None:
    """Note that a payout whose rows are locked has moved nothing and never will; its refund is to be sent again."""
    payout.status = PayoutStatus.FAILED
    payout.error, payout.ended_at = reason, now
    payout.waits(None)
    payout.save()
    name_transaction(payout, "")
    emit(payout_event(payout, "payout.failed"))
    follow_payout(payout, now=now)


def order_of(payout: Payout) -> Order:
    """
    Return what the payout's transaction does.

    :raises LookupError: when its asset is no longer configured
    """
    asset = payout.asset
    if asset is None:
        raise LookupError(f"{payout.asset_code} on {payout.network} is no longer configured")
    return Order(asset, payout.sender, payout.recipient, payout.units)


def coin_of(network: str) -> Asset:
    """Return the network's own coin, in which fees are paid."""
    return next(asset for asset in registry.network(network).assets if not asset.contract)


def value_usd(asset: Asset | None, units: int, *, now: datetime) -> Decimal | None:
    """Return what ``units`` are worth in US dollars, rounded to cents; None when nobody can tell."""
    if asset is None:
        return None
    try:
        rate = price_of(asset.code, currencies={"USD"}, livemode=True, now=now).rate("USD")
    except RateUnavailable:
        return None
    return WIDE.multiply(asset.to_amount(units), rate).quantize(Decimal("0.01"), context=WIDE)
