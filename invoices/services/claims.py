"""
Amounts of their own for invoices that share an address and have no tags.

The last digits are raised until nobody else there is asked for the same; never lowered, by one per cent
at most, and not where the merchant has named the amount itself. The database keeps two open claims from
meeting, whoever makes them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import structlog
from django.db import connection

from chains.base import Asset
from core.statements import insert
from invoices.models import AmountClaim, Invoice, Matching
from invoices.quotes import value_of
from merchants.settings import DEFAULTS

log = structlog.get_logger(__name__)

MOST_RAISED: Final = 100  # at most the hundredth part
ENOUGH_STEPS: Final = 1_000  # more digits than customary are asked for when there would be fewer steps than that
_ATTEMPTS: Final = 20

# Money sent within the late window still finds the invoice; after that the amount is free again.
_RELEASE: Final = """
    UPDATE invoices_amountclaim claim SET released_at = %s
    FROM invoices_invoice invoice JOIN merchants_merchant merchant ON merchant.id = invoice.merchant_id
    WHERE claim.invoice_id = invoice.id AND claim.released_at IS NULL
    AND invoice.status IN ('expired', 'cancelled', 'paid', 'refunded')
    AND GREATEST(invoice.expires_at, invoice.paid_at, invoice.cancelled_at) + make_interval(
        hours => COALESCE((merchant.settings #>> '{late_payment,window_hours}')::int, %s)
    ) < %s
"""


def claim_amount(invoice: Invoice, *, now: datetime) -> bool:
    """
    Make sure that what is left to send to ``invoice`` means this invoice only; return whether it does.

    Changes the amount in memory where it has to be raised; the caller holds the row lock and saves.
    Does nothing for invoices that are told apart otherwise.
    """
    if invoice.matching != Matching.AMOUNT or not invoice.remaining_units:
        return True
    wanted = invoice.remaining_units
    for _ in range(_ATTEMPTS):
        units = next(_free_amounts(invoice, wanted), None)
        if units is None or (invoice.priced_in_asset and units != wanted):
            break  # an amount that the merchant named is not raised
        if _claim(invoice, units, now):
            invoice.amount_units += units - wanted
            invoice.asked_value += value_of(units - wanted, rate=invoice.rate, asset=invoice.asset)
            return True
    log.warning("amounts_exhausted", invoice_id=invoice.public_id, network=invoice.network)
    return False


def release_claims(*, now: datetime) -> int:
    """Free the amounts of invoices that have ended and whose late window has passed; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, [now, DEFAULTS["late_payment"]["window_hours"], now])
        return int(cursor.rowcount)


def step_of(asset: Asset, units: int) -> int:
    """Return by how many base units an amount is raised at once: few digits to type, and yet enough of them."""
    for digits in range(asset.display_digits, asset.decimals):
        step: int = 10 ** (asset.decimals - digits)
        if units // MOST_RAISED >= ENOUGH_STEPS * step:
            return step
    return 1


def _free_amounts(invoice: Invoice, wanted: int) -> Iterator[int]:
    """Yield the amounts from ``wanted`` on that nobody else is asked for, the lowest first."""
    ceiling = wanted + wanted // MOST_RAISED
    others = AmountClaim.objects.filter(
        network=invoice.network,
        address=invoice.address,
        asset_code=invoice.asset_code,
        released_at=None,
        units__gte=wanted,
        units__lte=ceiling,
    ).exclude(invoice_id=invoice.pk)
    taken = {int(units) for units in others.values_list("units", flat=True)}
    return (units for units in range(wanted, ceiling + 1, step_of(invoice.asset, wanted)) if units not in taken)


def _claim(invoice: Invoice, units: int, now: datetime) -> bool:
    """Return whether the amount is the invoice's own now; another invoice may have been faster."""
    claim = AmountClaim(
        invoice_id=invoice.pk,
        network=invoice.network,
        address=invoice.address,
        asset_code=invoice.asset_code,
        units=units,
        created_at=now,
    )
    return (
        insert(claim, unless_taken=True)
        or AmountClaim.objects.filter(
            invoice_id=invoice.pk, network=invoice.network, address=invoice.address, units=units, released_at=None
        ).exists()
    )
