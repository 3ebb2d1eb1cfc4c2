"""
``{% load money %}``: amounts, and statuses of what has to do with them.

    {% price invoice.total invoice.currency %}  {% amount payment %}  {% explorer payment %}
    {% status_of invoice %}: its badge, and a second one for what is unusual
"""

from decimal import Decimal

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from chains import registry
from core.writing import fiat_text
from dashboard import words
from dashboard.templatetags.desk import badge
from invoices.events import fiat
from invoices.models import Invoice
from invoices.states import InvoiceException, InvoiceStatus
from payments.events import amount_of, in_major_units
from payments.models import Payment, Refund, Settlement, SettlementStatus
from payments.states import PaymentStatus, RefundStatus
from webhooks.models import Delivery
from webhooks.states import DeliveryStatus

register = template.Library()


@register.simple_tag
def price(value: Decimal | None, currency: str, otherwise: str = "–") -> str:
    """Write an amount of ``currency`` as the viewer's language does."""
    return otherwise if value is None else fiat_text(fiat(value, currency), currency, get_language() or "en")


@register.simple_tag
def amount(record: Payment | Refund) -> str:
    """Write what a payment or a refund moves, digit by digit: ``16.49 USDT``."""
    return f"{amount_of(record):f} {record.asset_code}"


@register.simple_tag
def settled(settlement: Settlement, units: int) -> str:
    """Write ``units`` base units of what a settlement is in, digit by digit: ``16.49 USDT``."""
    return f"{in_major_units(settlement, units):f} {settlement.asset_code}"


@register.simple_tag
def asked(invoice: Invoice) -> str:
    """Write what an invoice asks for in its asset: ``16.49 USDT``."""
    return f"{invoice.asset.to_amount(invoice.amount_units):f} {invoice.asset_code}"


@register.simple_tag
def status_of(record: Invoice | Payment | Refund | Settlement | Delivery) -> SafeString:
    """Show the status as a badge; of an invoice also what is unusual about it."""
    if isinstance(record, Invoice):
        unusual = words.EXCEPTION[InvoiceException(record.exception)]
        badges = [words.INVOICE[InvoiceStatus(record.status)], *([unusual] if unusual else [])]
    elif isinstance(record, Payment):
        badges = [words.PAYMENT[PaymentStatus(record.status)]]
    elif isinstance(record, Refund):
        badges = _of_refund(record)
    elif isinstance(record, Settlement):
        badges = [words.SETTLEMENT[SettlementStatus(record.status)]]
    else:
        badges = [words.DELIVERY[DeliveryStatus(record.status)]]
    return format_html("<span>{}</span>", format_html_join(" ", "{}", ((badge(said, tone),) for said, tone in badges)))


def _of_refund(refund: Refund) -> list[words.Said]:
    badges = [words.REFUND[RefundStatus(refund.status)]]
    if refund.is_held and refund.status != RefundStatus.CANCELLED:
        badges.append((_lazy("Held"), "bad"))
    if refund.named_txid:
        badges.append((_lazy("Other transaction"), "bad"))
    return badges


@register.simple_tag
def kind_of(refund: Refund) -> str:
    """Say why money goes back."""
    return str(words.REFUND_KIND[refund.kind])


@register.simple_tag
def reversal(settlement: Settlement) -> str:
    """Say why a settlement holds no longer."""
    return str(words.REVERSAL.get(settlement.reversal_reason, ""))


@register.simple_tag
def explorer(record: Payment | Refund) -> str:
    """Link to the transaction on the network's explorer, where it has one."""
    network = registry.find_network(record.network)
    if network is None or not network.explorer_tx or not record.txid:
        return ""
    href = network.explorer_tx.format(txid=record.txid)
    return format_html('<a class="small" href="{}" rel="noreferrer">{}</a>', href, _("Show on the explorer"))


@register.simple_tag
def network(code: str) -> str:
    """Return what people call a network."""
    found = registry.find_network(code)
    return found.name if found else code


@register.simple_tag
def happened(event_type: str) -> str:
    """Say in words what an entry of the log tells."""
    return str(words.EVENT.get(event_type, event_type))
