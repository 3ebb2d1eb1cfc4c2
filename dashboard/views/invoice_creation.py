"""
Making an invoice by hand: the form, its sums, how the customer will see it, and the invoice itself.

Nothing is kept until somebody says "create". The preview is the true pay page of an invoice that is made
and taken back in one transaction, so it passes every check that creating passes, and shows no address.
"""

import hashlib
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from chains import registry
from core import idempotency
from core.errors import CheckoutError
from core.money import is_currency, parse_amount
from dashboard.access import HERE, SELL, Desk, desk
from dashboard.invoice_forms import Draft, ItemForm, Rows
from invoices import selectors, services
from invoices.models import Invoice
from merchants import selectors as merchant_selectors
from merchants.settings import MerchantSettings

_SUGGESTIONS: Final = 10
_UNSAID: Final = frozenset({"csrfmiddlewaretoken", HERE, "do"})  # of a sent form, what is not about the invoice


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=SELL)
def add_invoice(request: HttpRequest, at: Desk) -> HttpResponse:
    """Ask for what an invoice needs, show how it will look, and create it."""
    assets = _assets(at)
    if not assets:
        return render(request, "dashboard/invoice_no_wallet.html")
    preferences = MerchantSettings.of(at.merchant)
    limits: dict[str, Any] = {"assets": assets, "minutes": preferences.invoice_expiry_minutes}
    if request.method != "POST":
        return _form(request, at, Draft.fresh(_known(request, at, preferences, assets), _like(request, at), **limits))
    step = request.POST.get("do", "create")
    if step not in {"create", "preview"}:
        focus = "data-focus" if "HX-Request" in request.headers else "autofocus"
        return _form(request, at, Draft.typed(request.POST, step=step, focus=focus, **limits))
    draft = Draft.sent(request.POST, **limits)
    if draft.is_valid():
        try:
            return _preview(request, at, draft) if step == "preview" else _create(request, at, draft)
        except idempotency.KeyReused:
            draft.renew()
            draft.complain(None, _("This form has created an invoice already. Send it again to make another one."))
        except CheckoutError as refusal:
            draft.complain(refusal.field, refusal.detail)
    return _form(request, at, draft)


@require_safe
@desk(may=SELL)
def customer_suggestions(request: HttpRequest, at: Desk) -> HttpResponse:
    """Offer the customers whose name or address has the text in it."""
    return render(
        request, "dashboard/parts/known_customers.html", {"known": _customers(at, request.GET.get("email", ""))}
    )


def _create(request: HttpRequest, at: Desk, draft: Draft) -> HttpResponse:
    """Create the invoice, or find the one that the same form has created before."""
    now = timezone.now()
    said = sorted((name, values) for name, values in request.POST.lists() if name not in _UNSAID)
    with transaction.atomic():
        claimed = idempotency.claim_within(
            scope=f"{at.merchant.pk}:form:{'live' if at.livemode else 'test'}",
            key=draft.form.cleaned_data["once"] or str(uuid4()),
            fingerprint=hashlib.sha256(repr(said).encode()).hexdigest(),
            now=now,
        )
        if isinstance(claimed, idempotency.StoredAnswer):
            public_id = claimed.body
        else:
            public_id = _made(at, draft).public_id
            _note(at, draft, public_id, now)
            idempotency.complete(claimed, status=302, body=public_id)
            messages.success(request, _("The invoice is ready. Send its link to whoever is to pay."))
    return HttpResponseRedirect(reverse("dashboard:invoice", args=[public_id]))


def _note(at: Desk, draft: Draft, public_id: str, now: datetime) -> None:
    text, author = draft.form.cleaned_data["note"], at.member.user
    if text and isinstance(author, User):
        services.add_note(
            merchant=at.merchant, livemode=at.livemode, invoice_id=public_id, author=author, text=text, now=now
        )


def _preview(request: HttpRequest, at: Desk, draft: Draft) -> HttpResponse:
    """Answer the pay page of the invoice as it would be, without keeping anything of it."""
    carried = [(name, value) for name, values in request.POST.lists() for value in values if name not in _UNSAID]
    preview = import_string(settings.PAY_PAGE_PREVIEW)
    with transaction.atomic():
        answer: HttpResponse = preview(
            request, _made(at, draft), around="dashboard/parts/preview_bar.html", shown={"carried": carried}
        )
        transaction.set_rollback(True)
    return answer


def _made(at: Desk, draft: Draft) -> Invoice:
    return services.create_invoice(merchant=at.merchant, livemode=at.livemode, order=draft.order(), now=timezone.now())


def _form(request: HttpRequest, at: Desk, draft: Draft) -> HttpResponse:
    shown = {
        "draft": draft,
        "form": draft.form,
        "sums": _sums(request),
        "known": _customers(at, ""),
    }
    return render(request, "dashboard/invoice_form.html", shown, status=422 if draft.has_errors else 200)


def _sums(request: HttpRequest) -> dict[str, Any] | None:
    """Return what the items and the tax come to as far as they are typed; None while something cannot be added."""
    currency, tax = request.POST.get("currency", ""), parse_amount(request.POST.get("tax", "").strip() or "0")
    rows = Rows.sent(ItemForm, "items", request.POST).filled
    if not (is_currency(currency) and tax is not None and tax >= 0 and rows and all(row.is_valid() for row in rows)):
        return None
    items = tuple(row.item() for row in rows if isinstance(row, ItemForm))
    order = services.InvoiceOrder(title="", items=items, tax=tax)
    try:
        subtotal, total = services.add_up(order, currency)
    except CheckoutError:
        return None
    return {"currency": currency, "subtotal": subtotal, "tax": tax, "total": total}


def _known(
    request: HttpRequest, at: Desk, preferences: MerchantSettings, assets: list[tuple[str, str]]
) -> dict[str, Any]:
    """Return what stands in a new form: the merchant's defaults, and the customer that the URL names."""
    favourite = (key for key, _name in assets if key.endswith(f":{preferences.default_crypto_currency}"))
    known = {"currency": preferences.default_currency, "asset": next(favourite, assets[0][0])}
    if "customer" in request.GET:
        customer = selectors.get_customer(merchant=at.merchant, livemode=at.livemode, public_id=request.GET["customer"])
        known |= {"email": customer.email, "name": customer.name}
    return known


def _like(request: HttpRequest, at: Desk) -> Invoice | None:
    """Return the invoice that the URL wants another one of."""
    if "like" not in request.GET:
        return None
    return selectors.get_invoice(merchant=at.merchant, livemode=at.livemode, public_id=request.GET["like"])


def _customers(at: Desk, text: str) -> list[tuple[str, str]]:
    found = selectors.list_customers(merchant=at.merchant, livemode=at.livemode, text=text.strip())
    return list(found.values_list("email", "name")[:_SUGGESTIONS])


def _assets(at: Desk) -> list[tuple[str, str]]:
    """Return what the merchant can be paid in now, as ``network:asset`` and what people call it."""
    networks = [registry.network(code) for code in merchant_selectors.payable_networks(at.merchant, at.livemode)]
    return [
        (f"{network.code}:{asset.code}", _("%(asset)s on %(network)s") % {"asset": asset.code, "network": network.name})
        for network in networks
        for asset in network.assets
    ]
