"""
What a payout has on the books: what was forwarded has left, and what the network took has been spent.

A refund is on the books by itself. The coin for fees was put into the vault by the merchant and is not
on the books, so a fee is booked as spent by the network and brought in by the merchant.
"""

from datetime import datetime

from payments.models import Account, Fact, Payout, PayoutKind, PayoutStatus
from payments.services.books import NOTHING, Entry, Owner, Postings, record

_TAKEN_FROM = {PayoutKind.FORWARD: Account.MERCHANT, PayoutKind.FEE: Account.FEES}


def follow_payout(payout: Payout, *, now: datetime) -> None:
    """Bring the books in line with a payout whose row lock the caller holds. Safe to call again."""
    main = Entry(
        fact=Fact.PAYOUT,
        source_id=payout.pk,
        network=payout.network,
        asset_code=payout.asset_code,
        postings=_postings(payout),
        occurred_at=payout.ended_at or now,
        txid=payout.txid,
    )
    fee = Entry(
        fact=Fact.PAYOUT,
        source_id=payout.fee_source,
        network=payout.network,
        asset_code=payout.fee_asset_code,
        postings=_postings_of_fee(payout),
        occurred_at=payout.ended_at or now,
        txid=payout.txid,
    )
    record(Owner(payout.merchant_id, True, payout.invoice_id), [main, fee], now=now)


def _postings(payout: Payout) -> Postings:
    account = _TAKEN_FROM.get(PayoutKind(payout.kind))
    if account is None or payout.status != PayoutStatus.CONFIRMED:
        return NOTHING
    return {account: payout.units, Account.CHAIN: -payout.units}


def _postings_of_fee(payout: Payout) -> Postings:
    is_spent = payout.status in {PayoutStatus.CONFIRMED, PayoutStatus.FAILED}
    if not is_spent or not payout.fee_units:
        return NOTHING
    return {Account.NETWORK_FEES: payout.fee_units, Account.MERCHANT: -payout.fee_units}
