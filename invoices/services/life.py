"""What happens to an invoice after it was made. Whoever changes one holds its row lock and looks at it again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from core.money import round_down
from events.outbox import Happening, emit
from invoices.errors import InvoiceNotAcceptable, InvoiceNotCancellable, InvoiceNotFound, RateUnavailable
from invoices.events import STATUS_EVENT, about
from invoices.models import Credit, Invoice, OverpaymentAction
from invoices.quotes import quote
from invoices.rates.book import price_of
from invoices.selectors import invoice_for_update
from invoices.services.claims import claim_amount
from invoices.services.options import replaced_quote
from invoices.states import (
    AWAITING,
    CANCELLABLE,
    EXPIRING,
    InvoiceException,
    InvoiceStatus,
    exception_of,
    next_status,
)
from merchants.models import Merchant

log = structlog.get_logger(__name__)

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Receipts:
    """Everything that counts towards an invoice: base units of its asset, and value in its currency."""

    received_units: int
    confirmed_units: int
    received_value: Decimal
    confirmed_value: Decimal
    is_late: bool


@dataclass(frozen=True, slots=True)
class _Before:
    """What the last announcement rested on."""

    status: InvoiceStatus
    exception: InvoiceException
    received_value: Decimal

    @classmethod
    def of(cls, invoice: Invoice) -> "_Before":
        return cls(InvoiceStatus(invoice.status), InvoiceException(invoice.exception), invoice.received_value)


@transaction.atomic
def view_invoice(*, invoice_id: UUID, now: datetime) -> Invoice:
    """
    Note that the customer has seen the invoice, and renew a quote whose lock has ended.

    Called for every view, so it takes the lock only when something is to be written.

    :raises InvoiceNotFound: when there is none
    """
    invoice = Invoice.objects.select_related("merchant").filter(pk=invoice_id).first()
    if invoice is None:
        raise InvoiceNotFound
    if not _needs_attention(invoice, now):
        return invoice
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=invoice_id)
    if _quote_has_lapsed(invoice, now):
        _renew_quote(invoice, now)
    if invoice.viewed_at is None:
        invoice.viewed_at = now
        _tell(_follow_facts(invoice, _Before.of(invoice), now=now))
    return invoice


@transaction.atomic
def expire_due(*, now: datetime) -> int:
    """Close the invoices whose deadline has passed and for which nothing was seen; return how many."""
    due = (
        Invoice.objects.select_for_update(skip_locked=True)
        .filter(status__in=sorted(EXPIRING), expires_at__lte=now)
        .order_by("expires_at")[:BATCH]
    )
    count = 0
    for invoice in due:
        _tell(_follow_facts(invoice, _Before.of(invoice), now=now))
        count += 1
    return count


@transaction.atomic
def end_test_invoice(*, merchant: Merchant, public_id: str, now: datetime) -> Invoice:
    """
    Let the time of a test invoice be over, as if its customer had waited: paid from now on it is paid late.

    What has ended or was paid in part stays as it is, as it does when the deadline passes by itself.

    :raises InvoiceNotFound: when the merchant has no such test invoice
    """
    invoice = invoice_for_update(merchant=merchant, livemode=False, public_id=public_id)
    if invoice.status in EXPIRING:
        before = _Before.of(invoice)
        invoice.expires_at = min(invoice.expires_at, now - timedelta(seconds=1))
        _tell(_follow_facts(invoice, before, now=now))
    return invoice


@transaction.atomic
def cancel_invoice(*, merchant: Merchant, livemode: bool, public_id: str, reason: str, now: datetime) -> Invoice:
    """
    Close an invoice that has not been paid in full.

    :raises InvoiceNotFound: when the merchant has none with this id
    :raises InvoiceNotCancellable: when it has ended, or enough money is already on its way
    """
    invoice = invoice_for_update(merchant=merchant, livemode=livemode, public_id=public_id)
    if invoice.status not in CANCELLABLE:
        raise InvoiceNotCancellable(f"This invoice is {invoice.status} and can no longer be cancelled.")
    invoice.move_to(InvoiceStatus.CANCELLED, at=now)
    invoice.cancel_reason = reason
    invoice.save()
    emit(about(invoice, STATUS_EVENT[InvoiceStatus.CANCELLED], reason=reason))
    return invoice


@transaction.atomic
def accept_invoice(*, merchant: Merchant, livemode: bool, public_id: str, now: datetime) -> Invoice:
    """
    Take what has arrived for enough. Paid at once when it is confirmed, else as soon as it is.

    :raises InvoiceNotFound: when the merchant has none with this id
    :raises InvoiceNotAcceptable: when it is not partly paid
    """
    invoice = invoice_for_update(merchant=merchant, livemode=livemode, public_id=public_id)
    short = invoice.status == InvoiceStatus.PARTIAL or (
        invoice.status == InvoiceStatus.EXPIRED and invoice.received_units > 0
    )
    if not short:
        raise InvoiceNotAcceptable
    # So much and no less: dust that comes later must not make a paid invoice wait again.
    invoice.accepted_at, invoice.accepted_value = now, invoice.received_value
    _tell(_follow_facts(invoice, _Before.of(invoice), now=now))
    return invoice


def record_receipts(invoice: Invoice, receipts: Receipts, *, now: datetime) -> list[Happening]:
    """
    Bring an invoice in line with the money that counts towards it; the caller holds its row lock.

    Safe to call again with the same receipts. Returns what is to be told, for the caller to emit
    after its own events: first the payment, then what it meant.
    """
    before = _Before.of(invoice)
    invoice.received_units = receipts.received_units
    invoice.confirmed_units = receipts.confirmed_units
    invoice.received_value = receipts.received_value
    invoice.confirmed_value = receipts.confirmed_value
    invoice.is_late = receipts.is_late
    if invoice.status in AWAITING and receipts.received_value < invoice.facts(now=now).enough:
        claim_amount(invoice, now=now)  # what is left to send changed
    return _follow_facts(invoice, before, now=now)


@transaction.atomic
def mark_refunded(*, invoice_id: UUID, now: datetime) -> Invoice:
    """
    Close a paid invoice whose whole amount went back to the payer.

    :raises InvalidTransition: when it is not paid
    """
    invoice = Invoice.objects.select_for_update().get(pk=invoice_id)
    invoice.move_to(InvoiceStatus.REFUNDED, at=now)
    invoice.save()
    emit(about(invoice, STATUS_EVENT[InvoiceStatus.REFUNDED]))
    return invoice


def _follow_facts(invoice: Invoice, before: _Before, *, now: datetime) -> list[Happening]:
    """Let status and exception follow from the facts, save, and return what there is to tell."""
    facts = invoice.facts(now=now)
    status = next_status(before.status, facts)
    if status is not before.status:
        invoice.move_to(status, at=now)
    invoice.exception = exception_of(facts)
    invoice.updated_at = now
    invoice.save()
    told = []
    if before.status is InvoiceStatus.PAID and status is not InvoiceStatus.PAID:
        log.error("invoice_reversed", invoice_id=invoice.public_id, status=status)
        told.append(about(invoice, "invoice.reversed", previous_status=str(before.status)))
    elif status is not before.status:
        told.append(about(invoice, STATUS_EVENT[status]))
    return told + _surplus(invoice, before, now)


def _surplus(invoice: Invoice, before: _Before, now: datetime) -> list[Happening]:
    """Settle a surplus once it is certain; settle it anew when more came or a reorg took some back."""
    is_over = invoice.exception == InvoiceException.OVERPAID and invoice.status == InvoiceStatus.PAID
    was_over = before.exception is InvoiceException.OVERPAID and before.status is InvoiceStatus.PAID
    if is_over == was_over and (not is_over or invoice.received_value == before.received_value):
        return []
    if was_over:
        Credit.objects.filter(invoice=invoice, voided_at=None).update(voided_at=now)
    return [_settle_surplus(invoice)] if is_over else []


def _tell(happenings: list[Happening]) -> None:
    for happening in happenings:
        emit(happening)


def _settle_surplus(invoice: Invoice) -> Happening:
    """Credit the surplus to the customer if that is the invoice's rule; a refund is opened by whoever hears of it."""
    surplus = invoice.received_value - max(invoice.total, invoice.asked_value)
    surplus_units = invoice.received_units - invoice.amount_units
    if invoice.overpayment_action == OverpaymentAction.CREDIT_ACCOUNT:
        Credit.objects.create(
            merchant_id=invoice.merchant_id,
            invoice=invoice,
            livemode=invoice.livemode,
            customer=_customer(invoice),
            currency=invoice.currency,
            amount=surplus,
        )
    return about(
        invoice,
        "invoice.overpaid",
        overpaid_amount=round_down(surplus, 3).normalize(),
        overpaid_crypto_amount=invoice.asset.to_amount(max(surplus_units, 0)),
        overpayment_action=invoice.overpayment_action,
    )


def _customer(invoice: Invoice) -> str:
    """Return how the merchant calls this customer, from the metadata keys seen in the API's own examples."""
    for key in ("customer_id", "customer_email"):
        name = invoice.metadata.get(key)
        if isinstance(name, str) and name:
            return name[:200]
    return ""


def _needs_attention(invoice: Invoice, now: datetime) -> bool:
    unseen = invoice.viewed_at is None and invoice.status == InvoiceStatus.CREATED
    return unseen or _quote_has_lapsed(invoice, now)


def _quote_has_lapsed(invoice: Invoice, now: datetime) -> bool:
    is_open = invoice.status in EXPIRING or invoice.status == InvoiceStatus.PARTIAL
    return is_open and not invoice.priced_in_asset and invoice.quote_expires_at <= now < invoice.expires_at


def _renew_quote(invoice: Invoice, now: datetime) -> None:
    """
    Quote what is still owed at today's rate. The old quote simply stays payable without a fresh rate, or
    where invoices share an address and no amount is free: another invoice's amount would pay that one.
    """
    try:
        price = price_of(invoice.asset_code, currencies={invoice.currency}, livemode=invoice.livemode, now=now)
        agreed = price.on(invoice.currency)
    except RateUnavailable:
        log.warning("quote_not_renewed", invoice_id=invoice.public_id)
        return
    owed = invoice.total - invoice.received_value
    if owed <= 0:
        return
    replaced = replaced_quote(invoice, now=now)
    renewed = quote(owed, rate=agreed.rate, asset=invoice.asset)
    invoice.amount_units = invoice.received_units + renewed.units
    invoice.asked_value = invoice.received_value + renewed.value
    invoice.rate = renewed.rate
    if not claim_amount(invoice, now=now):
        invoice.refresh_from_db(fields=["amount_units", "asked_value", "rate"])
        return
    replaced.save()
    invoice.rate_source = agreed.source
    invoice.rate_observed_at = agreed.observed_at
    invoice.rate_evidence = agreed.evidence()
    invoice.quoted_at = now
    invoice.quote_expires_at = min(now + timedelta(seconds=invoice.price_lock_seconds), invoice.expires_at)
    invoice.updated_at = now
    invoice.save()
