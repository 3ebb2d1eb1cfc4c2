"""What the customer sees of an invoice, as a pure function of the invoice, its payments and the clock.

Templates print this and ask no questions of their own: every "is it shown" is answered here, and
every amount is already text, made from exact Decimals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from chains import registry
from chains.base import Asset, Network
from chains.tags import REFERENCE
from chains.uris import payment_uri
from core.money import WIDE, minor_digits, round_to
from core.writing import fiat_text
from invoices.events import fiat, progress
from invoices.models import Invoice, Matching
from invoices.states import InvoiceException, InvoiceStatus, next_status
from merchants.settings import MerchantSettings
from payments.models import Payment, Refund
from payments.states import RECEIVED, PaymentStatus, RefundStatus, Review
from paypages import sandbox, timeline

GROUP: Final = 4  # characters of an address that stand together
REDIRECT_SECONDS: Final = 5
# Whoever opens a receipt later wants to read it, not to be sent away.
REDIRECT_WINDOW: Final = timedelta(minutes=10)
REVERSAL_WINDOW: Final = timedelta(hours=1)  # how long a page that says "Paid" looks whether that still holds
REFRESH_SECONDS: Final = 10
SLOW_REFRESH_SECONDS: Final = 60

TOKEN_STANDARD: Final = {"tron": "TRC-20", "ethereum": "ERC-20", "bsc": "BEP-20"}

_S = InvoiceStatus
_PAYABLE: Final = frozenset({_S.CREATED, _S.PENDING, _S.PARTIAL})
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
class Line:
    """One line of the order; prices in the invoice's currency."""

    name: str
    description: str
    quantity: str
    unit_price: str
    total: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is bought."""

    lines: tuple[Line, ...]
    subtotal: str
    tax: str  # empty when there is none
    total: str


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
class Destination:
    """Where to send; shown only while money is expected."""

    address: str
    groups: tuple[str, ...]
    tag: str
    is_reference: bool  # a tag that nobody can type: only the link or the code carries it
    is_exact: bool  # the amount alone tells whose payment it is
    uri: str  # empty when it would say no more than the address
    wallet_url: str  # what opens a wallet on this device; empty where no wallet listens
    qr_address: str
    qr_uri: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when to pay, in the server's time."""

    at: datetime
    seconds_left: int
    clock: str  # 14:59
    price_until: datetime | None  # when the price is renewed before the deadline
    seconds_to_change: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """One payment to the invoice."""

    amount: str
    asset: str
    status: PaymentStatus
    confirmations: int
    required: int
    needs_finality: bool
    at: datetime
    txid: str
    txid_short: str
    explorer_url: str
    is_late: bool
    in_review: bool
    is_other_asset: bool


@dataclass(frozen=True, slots=True)
class Return:
    """Money on its way back, or returned."""

    amount: str
    asset: str
    is_done: bool
    txid_short: str
    explorer_url: str


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
    initial: str
    title: str
    description: str
    is_test: bool
    network: str
    token_standard: str  # what exchanges call tokens of this network; empty for its own coin
    money: Money
    fiat_total: str
    order: Order
    destination: Destination | None
    deadline: Deadline | None
    steps: tuple[timeline.Step, ...]
    receipts: tuple[Receipt, ...]
    returns: tuple[Return, ...]
    is_overpaid: bool
    overpayment_action: str
    is_late: bool
    is_accepted_short: bool
    needs_decision: bool
    expired_at: datetime | None
    paid_at: datetime | None
    back: Link | None
    cancel: Link | None
    redirect_seconds: int  # 0: nobody is sent anywhere
    refresh_seconds: int  # 0: nothing will change any more
    choices: tuple[sandbox.Choice, ...]
    event_path: str
    announcement: str  # changes whenever something happened that a listener should hear of


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the page needs to know besides the invoice. ``api`` is empty when the API has the page's own origin."""

    now: datetime
    language: str = "en"
    api: str = ""


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
    return PayPage(
        id=invoice.public_id,
        state=state,
        merchant=invoice.merchant.business_name,
        initial=_initial(invoice.merchant.business_name),
        title=invoice.title,
        description=invoice.description,
        is_test=not invoice.livemode,
        network=network.name if network else invoice.network,
        token_standard=TOKEN_STANDARD.get(invoice.network, "") if invoice.asset.contract else "",
        money=money,
        fiat_total=fiat_text(invoice.total, invoice.currency, around.language),
        order=_order(invoice, around.language),
        destination=_destination(invoice, around) if status in _PAYABLE else None,
        deadline=_deadline(invoice, around.now) if state is State.AWAITING else None,
        steps=timeline.steps(invoice, status=status, payments=counted),
        receipts=tuple(_receipt(payment, invoice, network) for payment in payments),
        returns=tuple(_return(refund, network) for refund in refunds if refund.status != RefundStatus.CANCELLED),
        is_overpaid=exception is InvoiceException.OVERPAID,
        overpayment_action=invoice.overpayment_action,
        is_late=invoice.is_late and status in _RECEIVED_ALL,
        is_accepted_short=state is State.PAID and exception is InvoiceException.UNDERPAID,
        needs_decision=any(payment.review == Review.OPEN for payment in payments),
        expired_at=invoice.expires_at if state is State.EXPIRED else None,
        paid_at=invoice.paid_at,
        back=link(invoice.return_url),
        cancel=link(invoice.cancel_url),
        redirect_seconds=_redirect_seconds(invoice, state, around.now),
        refresh_seconds=_refresh_seconds(invoice, state, around.now),
        choices=sandbox.choices(invoice, status=status),
        event_path=f"{around.api}/api/v1/public/invoice/{invoice.public_id}/events",
        announcement=f"{state} {money.received} {exception}",
    )


def _initial(name: str) -> str:
    return next((character for character in name.upper() if character.isalnum()), "•")


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


def short(txid: str) -> str:
    """Return the two ends of a transaction id."""
    return txid if len(txid) <= 20 else f"{txid[:8]}…{txid[-8:]}"


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


def amount_text(amount: Decimal) -> str:
    """Return an amount of an asset digit by digit, as a wallet's input field takes it."""
    return f"{amount:f}"


def _order(invoice: Invoice, language: str) -> Order:
    currency = invoice.currency
    return Order(
        lines=tuple(_line(item, currency, language) for item in invoice.items),
        subtotal=fiat_text(fiat(invoice.subtotal, currency), currency, language),
        tax=fiat_text(fiat(invoice.tax, currency), currency, language) if invoice.tax else "",
        total=fiat_text(fiat(invoice.total, currency), currency, language),
    )


def _line(item: dict[str, Any], currency: str, language: str) -> Line:
    quantity, unit_price = Decimal(item["quantity"]), Decimal(item["unit_price"])
    total = round_to(WIDE.multiply(quantity, unit_price), minor_digits(currency), "ROUND_HALF_UP")
    return Line(
        name=item["name"],
        description=item.get("description", ""),
        quantity=f"{quantity.normalize(WIDE):f}",
        unit_price=fiat_text(unit_price, currency, language),
        total=fiat_text(total, currency, language),
    )


def _destination(invoice: Invoice, around: Surroundings) -> Destination:
    asset, address = invoice.asset, invoice.address
    network = registry.find_network(invoice.network)
    uri = payment_uri(asset, address, asset.to_amount(invoice.remaining_units), tag=invoice.tag)
    # The code changes with what is still due, and browsers keep images: "v" tells one from another.
    qr = f"{around.api}/api/v1/public/invoice/{invoice.public_id}/qr?size=512&format=svg"
    if MerchantSettings.of(invoice.merchant).logo:
        qr += "&logo=true"
    return Destination(
        address=address,
        groups=grouped(address),
        tag=invoice.tag,
        is_reference=network is not None and network.tag_kind == REFERENCE,
        is_exact=invoice.matching == Matching.AMOUNT,
        uri="" if uri == address else uri,
        wallet_url="" if uri == address or not invoice.livemode else uri,
        qr_address=f"{qr}&content=address",
        qr_uri=f"{qr}&content=uri&v={invoice.remaining_units}",
    )


def grouped(address: str) -> tuple[str, ...]:
    """Return ``address`` in groups that are easy to compare; the two ends say enough by themselves."""
    head = GROUP + 2 if address.startswith("0x") else GROUP
    last = max(head, head + (len(address) - head) // GROUP * GROUP - GROUP)
    middle = (address[start : start + GROUP] for start in range(head, last, GROUP))
    return tuple(part for part in (address[:head], *middle, address[last:]) if part)


def _deadline(invoice: Invoice, now: datetime) -> Deadline:
    seconds = _seconds(invoice.expires_at - now)
    renews = invoice.quote_expires_at < invoice.expires_at
    until_change = _seconds(invoice.quote_expires_at - now) if renews else seconds
    return Deadline(
        at=invoice.expires_at,
        seconds_left=seconds,
        clock=clock(seconds),
        price_until=invoice.quote_expires_at if renews else None,
        seconds_to_change=until_change,
    )


def clock(seconds: int) -> str:
    """Return a duration as a clock shows it: ``14:59``, ``1:00:00``, or whole days from two on."""
    hours, rest = divmod(seconds, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def _seconds(duration: timedelta) -> int:
    return max(0, -(-duration // timedelta(seconds=1)))


def _receipt(payment: Payment, invoice: Invoice, network: Network | None) -> Receipt:
    return Receipt(
        amount=_amount_of(payment.asset, int(payment.units)),
        asset=payment.asset_code,
        status=PaymentStatus(payment.status),
        confirmations=min(payment.confirmations, payment.required_confirmations),
        required=payment.required_confirmations,
        needs_finality=payment.needs_finality,
        at=payment.sent_at,
        txid=payment.txid,
        txid_short=short(payment.txid),
        explorer_url=_explorer(network, payment.txid),
        is_late=payment.is_late,
        in_review=payment.review == Review.OPEN,
        is_other_asset=payment.asset_code != invoice.asset_code,
    )


def _return(refund: Refund, network: Network | None) -> Return:
    return Return(
        amount=_amount_of(refund.asset, int(refund.units)),
        asset=refund.asset_code,
        is_done=refund.status == RefundStatus.COMPLETED,
        txid_short=short(refund.txid),
        explorer_url=_explorer(network, refund.txid),
    )


def _amount_of(asset: Asset | None, units: int) -> str:
    return amount_text(asset.to_amount(units) if asset else Decimal(units))


def _explorer(network: Network | None, txid: str) -> str:
    return network.explorer_tx.format(txid=txid) if network and network.explorer_tx and txid else ""


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
