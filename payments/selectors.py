"""Reads, tenant first."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Final
from uuid import UUID

from django.core import signing
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum, prefetch_related_objects

from chains import registry
from chains.txids import find_txid
from core.ids import parse_public_id
from core.statements import Prepared
from events.models import Event
from invoices.models import Invoice
from merchants.models import Merchant, WalletKind
from payments.errors import PaymentNotFound, PayoutNotFound, RefundNotFound, SettlementNotFound
from payments.models import Account, Payment, Payout, Posting, Refund, Settlement, SettlementStatus
from payments.models.payouts import OVER
from payments.states import RECEIVED, RefundStatus, Review

__all__ = [
    "RECEIVED",
    "Balance",
    "SettlementTotal",
    "balances",
    "claim_token",
    "get_payment",
    "get_payout",
    "get_refund",
    "get_settlement",
    "invoices_of_transaction",
    "is_sendable",
    "list_deposits",
    "list_payments",
    "list_payouts",
    "list_refunds",
    "list_settlements",
    "payments_of",
    "refund_of_claim",
    "refunds_of",
    "sendable_refunds",
    "settlement_totals",
    "settlements_between",
    "story_of",
]

CLAIM_DAYS: Final = 90  # how long a claim link works
_CLAIM_SALT: Final = "payments.refund-claim"
MANY: Final = 200  # shown with an invoice; anybody can send dust to an address, so there is no natural end

_payments_of = Prepared(
    lambda invoice: Payment.objects.filter(invoice_id=invoice).order_by("created_at", "id")[:MANY], UUID(int=0)
)
_refunds_of = Prepared(
    lambda invoice: Refund.objects.filter(invoice_id=invoice).order_by("created_at", "id")[:MANY], UUID(int=0)
)


@dataclass(frozen=True, slots=True)
class Balance:
    """What one asset's accounts hold, in base units; on all but ``chain``, what they hold is owed: positive."""

    network: str
    asset_code: str
    units: dict[Account, int]


@dataclass(frozen=True, slots=True)
class SettlementTotal:
    """What settlements in one asset add up to, in base units."""

    network: str
    asset_code: str
    count: int
    gross_units: int
    fee_units: int
    net_units: int


def invoices_of_transaction(*, merchant: Merchant, livemode: bool, text: str) -> set[UUID]:
    """Return the keys of the merchant's invoices with a payment in the transaction that ``text`` names or leads to."""
    named = [(network.code, find_txid(network, text)) for network in registry.networks(livemode=livemode)]
    wanted = [Q(network=network, txid=txid or text) for network, txid in named]
    paid = Payment.objects.filter(reduce(or_, wanted), merchant=merchant, livemode=livemode, invoice__isnull=False)
    return set(paid.values_list("invoice_id", flat=True)[:MANY])


def story_of(refund: Refund) -> list[Event]:
    """Return what happened to a refund, oldest first."""
    log = Event.objects.filter(merchant_id=refund.merchant_id, invoice_id=refund.invoice_id).order_by("sequence")
    # Events of an invoice are about that; those of money that belongs to none are about the refund.
    own = {"data__refund_id": refund.public_id} if refund.invoice_id else {"object_id": refund.public_id}
    return list(log.filter(**own)[:MANY])


def list_payments(*, merchant: Merchant, livemode: bool) -> QuerySet[Payment]:
    """Return all payments to the merchant's addresses in one mode, newest first."""
    return (
        Payment.objects.filter(merchant=merchant, livemode=livemode)
        .select_related("invoice")
        .order_by("-created_at", "-id")
    )


def list_deposits(*, merchant: Merchant, livemode: bool) -> QuerySet[Payment]:
    """Return the payments that wait, or waited, for a decision, newest first."""
    return list_payments(merchant=merchant, livemode=livemode).exclude(review=Review.NONE)


def list_refunds(*, merchant: Merchant, livemode: bool) -> QuerySet[Refund]:
    """Return the merchant's refunds in one mode, newest first."""
    return (
        Refund.objects.filter(merchant=merchant, livemode=livemode)
        .select_related("invoice")
        .prefetch_related("payouts")
        .order_by("-created_at", "-id")
    )


def payments_of(invoice: Invoice) -> list[Payment]:
    """Return what arrived for one invoice, oldest first."""
    return _payments_of.rows(invoice.pk)


def transactions_of(*, invoices: Collection[UUID]) -> QuerySet[Payment]:
    """Return what arrived for any of ``invoices``, oldest first; the caller found them to be one merchant's."""
    found = Payment.objects.filter(invoice__in=invoices, status__in=RECEIVED)
    return found.only("invoice_id", "txid", "created_at").order_by("created_at", "id")


def refunds_of(invoice: Invoice) -> list[Refund]:
    """Return the refunds of one invoice, oldest first."""
    refunds = _refunds_of.rows(invoice.pk)
    prefetch_related_objects(refunds, "payouts")
    return refunds


def get_payment(*, merchant: Merchant, livemode: bool, public_id: str) -> Payment:
    """
    Return one payment.

    :raises PaymentNotFound: when the merchant has none with this id
    """
    key = parse_public_id(Payment.PREFIX, public_id)
    payment = list_payments(merchant=merchant, livemode=livemode).filter(pk=key).first() if key else None
    if payment is None:
        raise PaymentNotFound
    return payment


def get_refund(*, merchant: Merchant, livemode: bool, public_id: str) -> Refund:
    """
    Return one refund.

    :raises RefundNotFound: when the merchant has none with this id
    """
    key = parse_public_id(Refund.PREFIX, public_id)
    refund = list_refunds(merchant=merchant, livemode=livemode).filter(pk=key).first() if key else None
    if refund is None:
        raise RefundNotFound
    return refund


def list_settlements(*, merchant: Merchant, livemode: bool) -> QuerySet[Settlement]:
    """Return the merchant's settlements in one mode, newest first; reversed ones too."""
    return Settlement.objects.filter(merchant=merchant, livemode=livemode).order_by("-created_at", "-id")


def settlements_between(*, merchant: Merchant, livemode: bool, start: datetime, end: datetime) -> QuerySet[Settlement]:
    """Return the settlements that were made or reversed from ``start`` until before ``end``."""
    made = Q(created_at__gte=start, created_at__lt=end)
    taken_back = Q(reversed_at__gte=start, reversed_at__lt=end)
    return list_settlements(merchant=merchant, livemode=livemode).filter(made | taken_back)


def settlement_totals(rows: QuerySet[Settlement]) -> list[SettlementTotal]:
    """Return the sums of those among ``rows`` that hold, one per network and asset, by name."""
    sums = (
        rows.filter(status=SettlementStatus.SETTLED)
        .order_by("network", "asset_code")
        .values_list("network", "asset_code")
        .annotate(count=Count("*"), gross=Sum("gross_units"), fee=Sum("fee_units"), net=Sum("net_units"))
    )
    return [SettlementTotal(network, code, *map(int, figures)) for network, code, *figures in sums]


def get_settlement(*, merchant: Merchant, livemode: bool, public_id: str) -> Settlement:
    """
    Return one settlement.

    :raises SettlementNotFound: when the merchant has none with this id
    """
    key = parse_public_id(Settlement.PREFIX, public_id)
    found = list_settlements(merchant=merchant, livemode=livemode).filter(pk=key).first() if key else None
    if found is None:
        raise SettlementNotFound
    return found


def balances(*, merchant: Merchant, livemode: bool) -> list[Balance]:
    """Return the sums of the merchant's books in one mode, one per network and asset, by name."""
    sums = (
        Posting.objects.filter(booking__merchant=merchant, booking__livemode=livemode)
        .order_by()
        .values_list("booking__network", "booking__asset_code", "account")
        .annotate(units=Sum("units"))
    )
    by_asset: dict[tuple[str, str], dict[Account, int]] = defaultdict(dict)
    for network, code, account, units in sums:
        held = int(units)
        by_asset[network, code][Account(account)] = held if account == Account.CHAIN else -held
    return [
        Balance(*key, {account: units.get(account, 0) for account in Account})
        for key, units in sorted(by_asset.items())
    ]


def list_payouts(*, merchant: Merchant, livemode: bool) -> QuerySet[Payout]:
    """Return what the merchant's vaults send and have sent, newest first; there is no test mode in which they would."""
    payouts = Payout.objects.filter(merchant=merchant) if livemode else Payout.objects.none()
    return payouts.select_related("invoice", "refund", "settlement").order_by("-created_at", "-id")


def get_payout(*, merchant: Merchant, livemode: bool, public_id: str) -> Payout:
    """
    Return one payout.

    :raises PayoutNotFound: when the merchant has none with this id
    """
    key = parse_public_id(Payout.PREFIX, public_id)
    found = list_payouts(merchant=merchant, livemode=livemode).filter(pk=key).first() if key else None
    if found is None:
        raise PayoutNotFound
    return found


def sendable_refunds(*, merchant: Merchant, livemode: bool) -> QuerySet[Refund]:
    """Return the refunds that a vault can send and was not asked to, oldest first."""
    return _sendable(merchant, livemode).select_related("invoice").order_by("created_at", "id")[:MANY]


def is_sendable(refund: Refund) -> bool:
    """Return whether a vault can send ``refund`` and was not asked to."""
    return _sendable(refund.merchant, refund.livemode).filter(pk=refund.pk).exists()


def _sendable(merchant: Merchant, livemode: bool) -> QuerySet[Refund]:
    under_way = Payout.objects.filter(refund=OuterRef("pk")).exclude(status__in=OVER)
    return (
        Refund.objects.filter(merchant=merchant, livemode=livemode, status=RefundStatus.REQUESTED, is_held=False)
        .filter(invoice__wallet__kind=WalletKind.VAULT, invoice__network=F("network"))
        .exclude(address="")
        .exclude(Exists(under_way))
    )


def claim_token(refund: Refund) -> str:
    """Return what names a refund in the link on which the customer says where it is to go."""
    return signing.dumps(refund.public_id, salt=_CLAIM_SALT)


def refund_of_claim(token: str) -> Refund:
    """
    Return the refund that a claim link is for.

    :raises RefundNotFound: when the link is not ours or too old
    """
    try:
        public_id = signing.loads(token, salt=_CLAIM_SALT, max_age=CLAIM_DAYS * 86400)
    except signing.BadSignature:
        raise RefundNotFound from None
    key = Refund.key_from(public_id) if isinstance(public_id, str) else None
    refund = Refund.objects.select_related("merchant", "invoice").filter(pk=key).first() if key else None
    if refund is None:
        raise RefundNotFound
    return refund
