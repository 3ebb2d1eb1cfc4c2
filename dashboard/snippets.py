"""What a merchant copies into their own site, with their own values in it. docs/embedding.md says what each does."""

from dataclasses import dataclass
from html import escape
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from core.colours import LIGHT, fit
from dashboard.branding_forms import OURS
from invoices.models import Invoice, PaymentLink
from merchants.models import Merchant
from merchants.settings import MerchantSettings

_LOOK: Final = (
    "display: inline-block; padding: 0.75rem 1.25rem; border-radius: 0.625rem; background: {}; color: {}; "
    "font-weight: 600; text-decoration: none"
)


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines to copy. ``needs_origin``: they work only on sites that the merchant allows."""

    title: str
    hint: str
    code: str
    needs_origin: bool = False


def of_link(link: PaymentLink) -> tuple[Snippet, ...]:
    """Return what puts a payment link on a site."""
    return _snippets(link.merchant, reverse("link", args=[link.slug]), kind="link", name=link.slug)


def of_invoice(invoice: Invoice) -> tuple[Snippet, ...]:
    """Return what puts an invoice on a site."""
    path = reverse("paypages:invoice", args=[invoice.public_id])
    return _snippets(invoice.merchant, path, kind="invoice", name=invoice.public_id)


def embeds(merchant: Merchant) -> bool:
    """Return whether the merchant allows any site to embed pay pages."""
    return bool(MerchantSettings.of(merchant).branding.allowed_origins)


def _snippets(merchant: Merchant, path: str, *, kind: str, name: str) -> tuple[Snippet, ...]:
    pay, words = settings.PAY_BASE_URL, _("Pay with crypto")
    url = pay + path
    colour = fit(MerchantSettings.of(merchant).branding.accent_color or OURS, LIGHT)
    look = _LOOK.format(colour.accent, colour.on_accent)
    return (
        Snippet(_("Link"), _("For e-mails, chats and posts."), url),
        Snippet(
            _("Button"),
            _("Leads to the payment page. Works wherever HTML does."),
            _html('<a href="{}" style="{}">{}</a>', url, look, words),
        ),
        Snippet(
            _("Button with a window"),
            _("Your customer pays without leaving your page. Without JavaScript it is a link."),
            _html(
                '<script src="{}" defer></script>\n<a href="{}" data-crypto-checkout-{}="{}" style="{}">{}</a>',
                pay + reverse("checkout-script"),
                url,
                kind,
                name,
                look,
                words,
            ),
            needs_origin=True,
        ),
        Snippet(
            _("Frame"),
            _("The payment page as a part of yours."),
            _html(
                '<iframe src="{}/embed{}" title="{}" allow="clipboard-write" width="100%" height="900" '
                'loading="lazy"></iframe>',
                pay,
                path,
                words,
            ),
            needs_origin=True,
        ),
    )


def _html(template: str, *values: str) -> str:
    """Fill in values as HTML needs them. The result is text: on our own page it is shown, not run."""
    return template.format(*(escape(value) for value in values))
