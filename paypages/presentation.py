"""What the customer sees of an invoice, as a pure function of the invoice, its payments and the clock.

Templates print this and ask no questions of their own: every "is it shown" is answered here, and
every amount is already text, made from exact Decimals. The parts of the page have modules beside this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from chains import registry
from core.writing import fiat_text
from invoices.events import progress
from invoices.models import Invoice
from invoices.states import InvoiceException, InvoiceStatus, next_status
from payments.models import Payment, Refund
from payments.states import RECEIVED, RefundStatus, Review
from paypages import sandbox, timeline
from paypages.brand import Brand, brand_of
from paypages.browser_wallets import WalletOrder, wallet_order_of
from paypages.choices import Option, option_value, options_of, token_standard
from paypages.deadline import Deadline, deadline_of
from paypages.destination import Destination, destination_of
from paypages.order import Order, order_of, price_in_asset
from paypages.receipts import Receipt, Return, amount_text, receipt_of, return_of

REDIRECT_SECONDS: Final = 5
# Whoever opens a receipt later wants to read it, not to be sent away.
REDIRECT_WINDOW: Final = timedelta(minutes=10)
REVERSAL_WINDOW: Final = timedelta(hours=1)  # how long a page that says "Paid" looks whether that still holds
REFRESH_SECONDS: Final = 10
SLOW_REFRESH_SECONDS: Final = 60

_S = InvoiceStatus
_PAYABLE: Final = frozenset({_S.CREATED, _S.PENDING, _S.PARTIAL})
_MAY_REPORT: Final = frozenset({*_PAYABLE, _S.EXPIRED, _S.CANCELLED})
_RECEIVED_ALL: Final = frozenset({_S.CONFIRMING, _S.PAID, _S.REFUNDED})


class State(StrEnum):
    """What the page is about; the invoice's status as a customer would put it."""

    AWAITING = "awaiting"
    PARTIAL = "partial"
    CONFIRMING = "confirming"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


STATE: Final = {
    _S.CREATED: State.AWAITING,
    _S.PENDING: State.AWAITING,
    _S.PARTIAL: State.PARTIAL,
    _S.CONFIRMING: State.CONFIRMING,
    _S.PAID: State.PAID,
    _S.EXPIRED: State.EXPIRED,
    _S.CANCELLED: State.CANCELLED,
    _S.REFUNDED: State.REFUNDED,
}


@dataclass(frozen=True, slots=True)
class Money:
    """Amounts of the invoice's asset, in major units and without its code."""

    asset: str
    required: str
    received: str
    remaining: str
    has_received: bool
    percent: str  # for a progress bar: 0 to 100
    rate: str  # the price of one unit of the asset
    surplus: str  # empty unless more was sent than asked for


@dataclass(frozen=True, slots=True)
class Link:
    """A way back to the shop."""

    url: str
    host: str


@dataclass(frozen=True, slots=True)
class PayPage:
    """Everything on the page."""

    id: str
    state: State
    merchant: str
    brand: Brand
    is_embedded: bool  # shown within the merchant's own site
    title: str
    description: str
    is_test: bool
    network: str
    token_standard: str  # what exchanges call tokens of this network; empty for its own coin
    option: str  # what is asked for: another one has another address
    options: tuple[Option, ...]  # what the customer may choose now
    money: Money
    price: str  # what is asked for: a price, or an amount of the asset with what it was worth
    order: Order
    destination: Destination | None
    wallet: WalletOrder | None  # what a wallet in the customer's browser is asked to send
    deadline: Deadline | None
    steps: tuple[timeline.Step, ...]
    receipts: tuple[Receipt, ...]
    returns: tuple[Return, ...]
    surplus_return: Return | None  # what becomes of what was sent too much, where it goes back
    may_report: bool  # whether a customer may name a transaction that should be here and is not
    is_overpaid: bool
    overpayment_action: str
    is_late: bool
    is_accepted_short: bool
    needs_decision: bool
    expired_at: datetime | None
    paid_at: datetime | None
    has_receipt: bool
    back: Link | None
    cancel: Link | None
    redirect_seconds: int  # 0: nobody is sent anywhere
    refresh_seconds: int  # 0: nothing will change any more
    choices: tuple[sandbox.Choice, ...]
    event_path: str
    language: str
    announcement: str  # changes whenever something happened that a listener should hear of


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the page needs to know besides the invoice. ``api`` is empty when the API has the page's own origin."""

    now: datetime
    language: str = "en"
    api: str = ""
    page: str = ""  # the whole address of this page
    is_embedded: bool = False
    brand: Brand | None = None  # what is known of the merchant's looks besides its settings


def present(
    invoice: Invoice, *, payments: Sequence[Payment], refunds: Sequence[Refund], around: Surroundings
) -> PayPage:
    """
    Return the page of ``invoice`` at ``around.now``.

    :raises LookupError: when the invoice's asset is no longer configured
    """
    # The clock may be ahead of the task that writes the expiry: an address is never shown a second too long.
    status = next_status(_S(invoice.status), invoice.facts(now=around.now))
    state = STATE[status]
    exception = InvoiceException(invoice.exception)
    network = registry.find_network(invoice.network)
    counted = [payment for payment in payments if payment.counts and payment.status in RECEIVED]
    money = _money(invoice, around.language)
    brand = around.brand or brand_of(invoice.merchant, livemode=invoice.livemode)
    standing = [refund for refund in refunds if refund.status != RefundStatus.CANCELLED]
    returns = tuple(return_of(refund, registry.find_network(refund.network)) for refund in standing)
    return PayPage(
        id=invoice.public_id,
        state=state,
        merchant=brand.name,
        brand=brand,
        is_embedded=around.is_embedded,
        title=invoice.title,
        description=invoice.description,
        is_test=not invoice.livemode,
        network=network.name if network else invoice.network,
        token_standard=token_standard(invoice.asset),
        option=option_value(invoice.asset_code, invoice.network),
        options=options_of(invoice, status=status, payments=payments, refunds=refunds),
        money=money,
        price=_price_of(invoice, around.language),
        order=order_of(invoice, around.language),
        destination=destination_of(invoice, api=around.api, page=around.page) if status in _PAYABLE else None,
        wallet=wallet_order_of(invoice, payments) if status in _PAYABLE else None,
        deadline=deadline_of(invoice, around.now) if state is State.AWAITING else None,
        steps=timeline.steps(invoice, status=status, payments=counted),
        receipts=tuple(receipt_of(payment, invoice, registry.find_network(payment.network)) for payment in payments),
        returns=returns,
        surplus_return=next((each for each in returns if each.is_surplus), None),
        may_report=status in _MAY_REPORT,
        is_overpaid=exception is InvoiceException.OVERPAID,
        overpayment_action=invoice.overpayment_action,
        is_late=invoice.is_late and status in _RECEIVED_ALL,
        is_accepted_short=state is State.PAID and exception is InvoiceException.UNDERPAID,
        needs_decision=any(payment.review == Review.OPEN for payment in payments),
        expired_at=invoice.expires_at if state is State.EXPIRED else None,
        paid_at=invoice.paid_at,
        has_receipt=state in {State.PAID, State.REFUNDED} and invoice.paid_at is not None,
        language=around.language,
        back=link(invoice.return_url),
        cancel=link(invoice.cancel_url),
        redirect_seconds=0 if around.is_embedded else _redirect_seconds(invoice, state, around.now),
        refresh_seconds=_refresh_seconds(invoice, state, around.now),
        choices=sandbox.choices(invoice, status=status),
        event_path=f"{around.api}/api/v1/public/invoice/{invoice.public_id}/events",
        announcement=f"{state} {money.received} {exception}",
    )


def link(url: str) -> Link | None:
    """Return a link to a web page of the shop, or None: any other scheme would run or open something."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or any(ord(character) <= 32 for character in url):
        return None
    return Link(url=url, host=host)


def _price_of(invoice: Invoice, language: str) -> str:
    if invoice.priced_in_asset:
        return price_in_asset(invoice, language)
    return fiat_text(invoice.total, invoice.currency, language)


def _money(invoice: Invoice, language: str) -> Money:
    asset = invoice.asset
    facts = progress(invoice)
    surplus = int(invoice.received_units - invoice.amount_units)
    return Money(
        asset=asset.code,
        required=amount_text(facts["required"]),
        received=amount_text(facts["received"]),
        remaining=amount_text(facts["remaining"]),
        has_received=invoice.received_units > 0,
        percent=f"{facts['percent']:f}",
        rate=fiat_text(invoice.rate, invoice.currency, language),
        surplus=amount_text(asset.to_amount(surplus)) if surplus > 0 else "",
    )


def _redirect_seconds(invoice: Invoice, state: State, now: datetime) -> int:
    if state is not State.PAID or invoice.paid_at is None or link(invoice.return_url) is None:
        return 0
    return REDIRECT_SECONDS if now - invoice.paid_at <= REDIRECT_WINDOW else 0


def _refresh_seconds(invoice: Invoice, state: State, now: datetime) -> int:
    if state in {State.AWAITING, State.PARTIAL, State.CONFIRMING}:
        return REFRESH_SECONDS
    may_come_late = state is State.EXPIRED
    may_be_reversed = state is State.PAID and invoice.paid_at is not None and now - invoice.paid_at <= REVERSAL_WINDOW
    return SLOW_REFRESH_SECONDS if may_come_late or may_be_reversed else 0
