"""Create an invoice: price it, lock the rate, take an address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from chains.base import Asset
from core.ids import uuid7
from core.money import WIDE, has_at_most, is_currency, minor_digits, round_to
from core.statements import in_one_trip, insert
from events.outbox import emit
from invoices.errors import AmountsExhausted, InvalidAmount, UnknownCurrency
from invoices.events import about
from invoices.models import Customer, Invoice, PaymentLink
from invoices.quotes import quote
from invoices.rates.book import Price, price_of
from invoices.services.claims import claim_amount
from invoices.services.customers import CustomerDetails, customer_for
from invoices.services.offers import OptionOrder, choose_asset, offered
from invoices.services.options import USED_UP, is_anothers
from invoices.services.pricing import LEAST_TOLERANCE, check_priced_in_asset, quote_in_asset, worth
from merchants import services as merchant_services
from merchants.errors import NoWalletConfigured
from merchants.models import Merchant
from merchants.settings import MerchantSettings

_USD_DIGITS: Final = 3
_ATTEMPTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Item:
    """One line: ``quantity`` times ``unit_price`` in the invoice's currency."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    description: str = ""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much less or more is still right, in the invoice's currency; None takes the merchant's own."""

    underpayment_threshold: Decimal | None = None
    overpayment_threshold: Decimal | None = None
    overpayment_action: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceOrder:
    """What the merchant asks for, checked for shape but not yet for sense. Durations in seconds."""

    title: str
    items: tuple[Item, ...] = ()
    # Instead of items: just so much of ``crypto_currency``; ``currency`` then only says what it is worth.
    crypto_amount: Decimal | None = None
    description: str = ""
    tax: Decimal = Decimal(0)
    currency: str | None = None
    crypto_currency: str | None = None
    network: str | None = None
    # What the customer may choose between; None: what the settings say, unless asset or network are named here.
    payment_options: tuple[OptionOrder, ...] | None = None
    expires_in: int | None = None
    price_lock_duration: int | None = None
    tolerance: Tolerance = Tolerance()
    webhook_url: str = ""
    webhook_format: str = ""  # how ``webhook_url`` is told; empty: natively
    return_url: str = ""
    cancel_url: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    customer: CustomerDetails | None = None
    payment_link: PaymentLink | None = None


# Joins the transaction of the request instead of marking a point in it: a failure undoes all of that anyway.
@transaction.atomic(savepoint=False)
def create_invoice(*, merchant: Merchant, livemode: bool, order: InvoiceOrder, now: datetime) -> Invoice:
    """
    Create an invoice with a locked rate and an address of its own. Touches no network.

    :raises InvalidAmount: when the total is outside the plan's limits or has too many digits
    :raises PricedInAsset: when there is an amount of the asset and also what only a price in a currency has
    :raises UnknownCurrency: when ``currency`` is no currency of ours
    :raises UnknownAsset: when the asset is not offered, or not on that network
    :raises NoWalletConfigured: when the merchant has no wallet that could receive it
    :raises AmountsExhausted: when no amount is free at an address that invoices share
    :raises RateUnavailable: when there is no fresh rate
    :raises PlanLimitReached: when this month's invoices are used up
    """
    preferences = MerchantSettings.of(merchant)
    currency = order.currency or preferences.default_currency
    if not is_currency(currency):
        raise UnknownCurrency(field="currency")
    if order.crypto_amount is not None:
        check_priced_in_asset(order)
    first = OptionOrder(order.crypto_currency, order.network)
    options = offered(merchant, livemode, first=first, listed=order.payment_options, preferences=preferences)
    asset = options[0] if options else choose_asset(merchant, livemode, first, preferences)
    subtotal, total = add_up(order, currency)
    price = price_of(asset.code, currencies={currency, "USD", preferences.default_currency}, livemode=livemode, now=now)
    agreed = price.on(currency)
    if order.crypto_amount is not None:
        asked = quote_in_asset(order.crypto_amount, rate=agreed.rate, asset=asset)
        subtotal = total = worth(asked, currency)
    total_usd = _convert(total, price, currency, "USD", _USD_DIGITS)
    _check_range(merchant, order, total=total, total_usd=total_usd, currency=currency)
    if order.crypto_amount is None:
        asked = quote(total, rate=agreed.rate, asset=asset)

    lifetime = order.expires_in or preferences.invoice_expiry_minutes * 60
    lock = min(order.price_lock_duration or lifetime, lifetime)
    invoice = Invoice(
        id=uuid7(),
        merchant=merchant,
        livemode=livemode,
        customer=_customer(merchant, livemode, order, now),
        payment_link=order.payment_link,
        title=order.title,
        description=order.description,
        items=[_line(item) for item in order.items],
        metadata=dict(order.metadata),
        webhook_url=order.webhook_url,
        return_url=order.return_url,
        cancel_url=order.cancel_url,
        currency=currency,
        subtotal=subtotal,
        tax=order.tax,
        total=total,
        total_usd=total_usd,
        reporting_currency=preferences.default_currency,
        reporting_total=_convert(
            total, price, currency, preferences.default_currency, minor_digits(preferences.default_currency)
        ),
        network=asset.network,
        asset_code=asset.code,
        payment_options=_choices(options),
        priced_in_asset=None if order.crypto_amount is None else True,
        amount_units=asked.units,
        asked_value=asked.value,
        rate=asked.rate,
        rate_source=agreed.source,
        rate_observed_at=agreed.observed_at,
        rate_evidence=agreed.evidence(),
        quoted_at=now,
        quote_expires_at=now + timedelta(seconds=lock),
        price_lock_seconds=lock,
        **_tolerance(order, preferences),
        expires_at=now + timedelta(seconds=lifetime),
        created_at=now,
        updated_at=now,
    )
    _give_destination(invoice, now)
    with in_one_trip():
        # Late, because near the limit the row it locks makes the merchant's other new invoices wait.
        merchant_services.count_invoice(merchant=merchant, livemode=livemode, now=now)
        emit(about(invoice, "invoice.created", **_told_to(order)))
    return invoice


def _told_to(order: InvoiceOrder) -> dict[str, str]:
    wanted = {"webhook_url": order.webhook_url, "webhook_format": order.webhook_format if order.webhook_url else ""}
    return {name: value for name, value in wanted.items() if value}


def _give_destination(invoice: Invoice, now: datetime) -> None:
    """
    Write the invoice down, paid where nobody else is.

    An address may come up that was given out before, when a merchant lists addresses of a key that is
    also used here: then the next one is taken. What invoices share must not be one that another
    merchant's invoice has alone: an invoice of the same amount would be paid with that one's money.
    """
    for _ in range(_ATTEMPTS):
        issued = merchant_services.issue_destination(
            merchant=invoice.merchant, network=invoice.network, livemode=invoice.livemode, now=now
        )
        invoice.address, invoice.tag, invoice.matching = issued.address, issued.tag, issued.matching
        invoice.wallet_id, invoice.wallet_index = issued.wallet_id, issued.index
        if issued.matching != "address" and is_anothers(
            network=invoice.network, address=invoice.address, merchant=invoice.merchant
        ):
            break
        if issued.matching == "amount" and not claim_amount(invoice, now=now):
            raise AmountsExhausted(field="network")
        if insert(invoice, unless_taken=True):
            return
    raise NoWalletConfigured(USED_UP, field="network")


def _customer(merchant: Merchant, livemode: bool, order: InvoiceOrder, now: datetime) -> Customer | None:
    if order.customer is None:
        return None
    return customer_for(merchant=merchant, livemode=livemode, details=order.customer, now=now)


def _choices(options: Sequence[Asset]) -> list[dict[str, str]] | None:
    return [{"asset": asset.code, "network": asset.network} for asset in options] if len(options) > 1 else None


def add_up(order: InvoiceOrder, currency: str) -> tuple[Decimal, Decimal]:
    """
    Return the sum of the items and the total with tax, in ``currency``.

    :raises InvalidAmount: when a price or the tax has more digits than ``currency``
    """
    digits = minor_digits(currency)
    for index, item in enumerate(order.items):
        if not has_at_most(item.unit_price, digits):
            raise InvalidAmount(
                f"{currency} has {digits} digits after the decimal point.", field=f"items[{index}].unit_price"
            )
    if not has_at_most(order.tax, digits):
        raise InvalidAmount(f"{currency} has {digits} digits after the decimal point.", field="tax")
    subtotal = round_to(
        sum((WIDE.multiply(item.quantity, item.unit_price) for item in order.items), Decimal(0)),
        digits,
        "ROUND_HALF_UP",
    )
    return subtotal, round_to(subtotal + order.tax, digits)


def _convert(amount: Decimal, price: Price, source: str, target: str, digits: int) -> Decimal:
    if source == target:
        return amount
    return round_to(WIDE.multiply(amount, WIDE.divide(price.rate(target), price.rate(source))), digits)


def _check_range(merchant: Merchant, order: InvoiceOrder, *, total: Decimal, total_usd: Decimal, currency: str) -> None:
    lowest, highest = merchant.plan.min_invoice_usd, merchant.plan.max_invoice_usd
    if lowest <= total_usd <= highest and total > 0:
        return
    equivalent = "" if currency == "USD" else " or its equivalent"
    raise InvalidAmount(
        f"Invoice amount must be between ${lowest:,.2f} and ${highest:,.2f}{equivalent}",
        field=_named_amount(order),
        constraints={"min_amount": lowest, "max_amount": highest, "currency": "USD"},
        suggestions=(
            f"Adjust the {'unit price' if order.crypto_amount is None else 'amount'} to be within the allowed range",
            "Split large orders into multiple invoices",
            "Contact support for higher limits",
        ),
    )


def _named_amount(order: InvoiceOrder) -> str:
    if order.crypto_amount is not None:
        return "crypto_amount"
    return "items[0].unit_price" if len(order.items) == 1 else "items"


def _tolerance(order: InvoiceOrder, preferences: MerchantSettings) -> dict[str, Any]:
    wanted, own = order.tolerance, preferences.payment_tolerance
    least = _first(wanted.underpayment_threshold, own.underpayment_threshold)
    return {
        "underpayment_threshold": least if order.crypto_amount is None else max(least, LEAST_TOLERANCE),
        "overpayment_threshold": _first(wanted.overpayment_threshold, own.overpayment_threshold),
        "overpayment_action": _first(wanted.overpayment_action, own.overpayment_action),
    }


def _first(wanted: Any, otherwise: Any) -> Any:
    return otherwise if wanted is None else wanted


def _line(item: Item) -> dict[str, Any]:
    line: dict[str, Any] = {"name": item.name, "quantity": item.quantity, "unit_price": item.unit_price}
    if item.description:
        line["description"] = item.description
    return line
