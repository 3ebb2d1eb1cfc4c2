"""
What a paid invoice brought: gross, the platform's fee and net, per asset it was paid in.

Gross is the confirmed money that counts, less what of a surplus is kept for the customer, and what goes
back to them of a surplus or of a part. It follows from the facts like a status: when they change, the
settlement is reversed and replaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection

from core.money import WIDE
from core.statements import insert
from events.outbox import emit
from invoices.models import Credit, Invoice
from invoices.states import InvoiceStatus
from payments.events import settlement_event
from payments.models import Refund, Settlement, SettlementStatus
from payments.models.books import fee_of
from payments.services.receipts import PART
from payments.states import RefundStatus

PAID: Final = frozenset({InvoiceStatus.PAID, InvoiceStatus.REFUNDED})

RETURNED: Final = frozenset({PART, "surplus"})  # kinds of refunds of money that never was the merchant's

Key = tuple[str, str]  # network, asset code


@dataclass(slots=True)
class Statement:
    """Everything the settlement of an invoice follows from; units are base units."""

    is_paid: bool
    confirmed: Mapping[Key, int]  # confirmed and counting, per asset
    credited_units: int  # of the confirmed money, what is the customer's credit; in the invoice's asset
    returned: Mapping[UUID, int]  # likewise, per refund, what goes back of it: a surplus, or a part before it was paid
    credits: list[Credit]
    refunds: list[Refund]
    settlements: list[Settlement]  # oldest first, reversed ones too

    @classmethod
    def of(cls, invoice: Invoice) -> "Statement":
        """Return the statement of ``invoice`` as it is now."""
        sums, has_credits, has_refunds, has_settlements = _ask(invoice.pk)
        credits_given = list(Credit.objects.filter(invoice=invoice)) if has_credits else []
        refunds = list(Refund.objects.filter(invoice=invoice)) if has_refunds else []
        earlier = Settlement.objects.filter(invoice=invoice).order_by("created_at", "id") if has_settlements else []
        confirmed = {(network, code): int(units) for network, code, units in sums or ()}
        own = confirmed.get((invoice.network, invoice.asset_code), 0)
        returned = _returned(refunds, own)
        return cls(
            is_paid=invoice.status in PAID,
            confirmed=confirmed,
            credited_units=min(_credited_units(invoice, credits_given), own - sum(returned.values())),
            returned=returned,
            credits=credits_given,
            refunds=refunds,
            settlements=list(earlier),
        )

    def gross(self, invoice: Invoice) -> dict[Key, int]:
        """Return what is to be settled per asset; nothing while the invoice is not paid."""
        if not self.is_paid:
            return {}
        gross = dict(self.confirmed)
        own = (invoice.network, invoice.asset_code)
        if own in gross:
            gross[own] -= self.credited_units + sum(self.returned.values())
        return {key: units for key, units in gross.items() if units > 0}


# One statement for what is nearly always so: there are payments, and nothing else yet.
_FACTS: Final = """
SELECT (
    SELECT json_agg(json_build_array(network, asset_code, units::text)) FROM (
        SELECT network, asset_code, sum(units) AS units FROM payments_payment
        WHERE invoice_id = %(invoice)s AND counts AND status = 'confirmed' GROUP BY network, asset_code
    ) AS sums),
    EXISTS (SELECT FROM invoices_credit WHERE invoice_id = %(invoice)s),
    EXISTS (SELECT FROM payments_refund WHERE invoice_id = %(invoice)s),
    EXISTS (SELECT FROM payments_settlement WHERE invoice_id = %(invoice)s)
"""


def _ask(invoice_id: UUID) -> tuple[list[tuple[str, str, str]] | None, bool, bool, bool]:
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, {"invoice": invoice_id})
        row: tuple[list[tuple[str, str, str]] | None, bool, bool, bool] = cursor.fetchone()
    return row


def settle(invoice: Invoice, statement: Statement, *, now: datetime) -> None:
    """
    Let the settlements of ``invoice`` follow from its statement; the caller holds the invoice's row lock.

    The fee of an invoice stays what it was at its first settlement, whatever the merchant's is by now.
    """
    due = statement.gross(invoice)
    # Not by time: several of one moment are in no order.
    done_with = {settlement.replaces_id for settlement in statement.settlements}
    replaced: dict[Key, Settlement] = {}
    for settlement in statement.settlements:
        key = (settlement.network, settlement.asset_code)
        if settlement.pk in done_with:
            continue
        if settlement.status == SettlementStatus.REVERSED:
            replaced[key] = settlement
        elif due.get(key) == settlement.gross_units:
            del due[key]
        else:
            is_lost = statement.confirmed.get(key, 0) < settlement.gross_units or not statement.is_paid
            _reverse(settlement, invoice, reason="reorg" if is_lost else "changed", now=now)
            replaced[key] = settlement
    for key, units in due.items():
        statement.settlements.append(_settle_asset(invoice, key, units, statement, replaced.get(key), now))


def _settle_asset(
    invoice: Invoice, key: Key, gross: int, statement: Statement, replaces: Settlement | None, now: datetime
) -> Settlement:
    first = next(iter(statement.settlements), None)
    percent: Decimal = first.fee_percent if first else invoice.merchant.platform_fee_percent
    fee = fee_of(gross, percent)
    settlement = Settlement(
        merchant_id=invoice.merchant_id,
        invoice=invoice,
        livemode=invoice.livemode,
        network=key[0],
        asset_code=key[1],
        gross_units=gross,
        fee_units=fee,
        net_units=gross - fee,
        fee_percent=percent,
        replaces=replaces,
        created_at=now,
    )
    insert(settlement)
    emit(settlement_event(settlement, invoice, "settlement.created"))
    return settlement


def _reverse(settlement: Settlement, invoice: Invoice, *, reason: str, now: datetime) -> None:
    settlement.status = SettlementStatus.REVERSED
    settlement.reversed_at = now
    settlement.reversal_reason = reason
    settlement.save()
    emit(settlement_event(settlement, invoice, "settlement.reversed"))


def _credited_units(invoice: Invoice, credits_given: list[Credit]) -> int:
    """
    Return what the customer's credit is worth at the invoice's rate, rounded down.

    A credit may rest on money that is still confirming; only the confirmed surplus is on the books.
    """
    live = next((credit for credit in credits_given if credit.voided_at is None), None)
    if live is None:
        return 0
    surplus = min(live.amount, invoice.confirmed_value - max(invoice.total, invoice.asked_value))
    if surplus <= 0:
        return 0
    return int(WIDE.divide(surplus, invoice.rate).scaleb(invoice.asset.decimals, context=WIDE))


def _returned(refunds: list[Refund], own: int) -> dict[UUID, int]:
    """
    Return what of ``own``, the money confirmed in the invoice's asset, goes back by each refund, the oldest first.

    A surplus whose refund was withdrawn stays with the merchant; what was promised and is not there is theirs to bear.
    """
    returned = {}
    for refund in sorted(refunds, key=lambda refund: (refund.created_at, refund.pk)):
        if refund.kind in RETURNED and refund.status != RefundStatus.CANCELLED:
            returned[refund.pk] = min(int(refund.units), own)
            own -= returned[refund.pk]
    return returned
