"""The receipt as a PDF that is kept."""

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from core.paper import Paper
from core.writing import exact_text
from merchants.models import Logo
from paypages.order import Order
from paypages.presentation import PayPage
from paypages.receipts import Receipt


def write(page: PayPage, *, url: str, logo: Logo | None = None) -> bytes:
    """Return the receipt of a paid invoice; ``url`` is where its page stands."""
    paper = Paper(
        title=_("Receipt"),
        language=page.language,
        lost_note=_("Some characters cannot be written here; the page below shows all of them."),
    )
    if logo:
        paper.logo(bytes(logo.content), width=logo.width, height=logo.height)
    paper.heading(page.merchant, _("Receipt"))
    paper.pairs(
        [
            (_("For"), page.title),
            (_("Invoice"), page.id),
            *([(_("Paid"), moment(page.paid_at))] if page.paid_at else []),
            *([(_("Test mode"), _("no real money moved"))] if page.is_test else []),
        ]
    )
    _order(paper, page.order)
    paper.section(_("Payment"))
    paper.row(
        _("Received on %(network)s") % {"network": page.network},
        _amount(page.money.received, page.money.asset, page.language),
        bold=True,
    )
    paper.small(_("1 %(asset)s = %(rate)s") % {"asset": page.money.asset, "rate": page.money.rate})
    for receipt in page.receipts:
        _payment(paper, receipt, page.language)
    for each in page.returns:
        amount = _amount(each.amount, each.asset, page.language)
        paper.row(_("Returned") if each.step == "done" else _("To be returned"), f"−{amount}")
    paper.footnotes(
        [
            _("This confirms a payment to %(merchant)s, made directly on %(network)s.")
            % {"merchant": page.merchant, "network": page.network},
            *_support(page),
            url,
        ]
    )
    return paper.finish()


def _support(page: PayPage) -> list[str]:
    email = page.brand.support_email
    return [_("Questions? Write to %(email)s.") % {"email": email}] if email else []


def moment(at: datetime) -> str:
    """Return a time as the receipt has it: ``2026-01-15 10:00 UTC``, read alike everywhere."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _order(paper: Paper, order: Order) -> None:
    paper.section(_("What you paid for"))
    for line in order.lines:
        paper.row(line.name, line.total)
        paper.small(f"{line.quantity} × {line.unit_price}")
    paper.rule()
    if order.tax:
        paper.row(_("Subtotal"), order.subtotal)
        paper.row(_("Tax"), order.tax)
    paper.row(_("Total"), order.total, bold=True)


def _payment(paper: Paper, receipt: Receipt, language: str) -> None:
    paper.gap()
    paper.row(moment(receipt.at), _amount(receipt.amount, receipt.asset, language))
    paper.small(receipt.txid)


def _amount(amount: str, asset: str, language: str) -> str:
    return f"{exact_text(Decimal(amount), language)} {asset}"
