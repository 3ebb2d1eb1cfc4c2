"""Where the merchant's money goes: the list, adding with a look at the first addresses, removing."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from chains.errors import InvalidExtendedKey, PrivateKeyGiven
from core.errors import CheckoutError
from dashboard.access import MONEY, Desk, desk
from dashboard.forms import AddressesForm, VaultForm, WalletForm, emptied, lines
from dashboard.pages import show
from dashboard.presentation import network_name, offers, wallet_cards, watches_networks
from merchants import selectors, services
from merchants.models import WalletKind


@require_safe
@desk()
def wallet_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the wallets in use."""
    return show(request, "wallets", wallets=wallet_cards(at.merchant))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=MONEY)
def add_wallet(request: HttpRequest, at: Desk) -> HttpResponse:
    """Choose network and kind; give the key or the addresses; compare the first three; add."""
    given = request.POST if request.method == "POST" else request.GET
    kind, network = given.get("kind", ""), given.get("network", "")
    if kind not in WalletKind.values or not network_name(network):
        return show(request, "wallet_choice", offers=offers(at.merchant), has_networks=watches_networks())
    if kind == WalletKind.VAULT:
        return HttpResponseRedirect(f"{reverse('dashboard:wallet_vault')}?{urlencode({'network': network})}")
    if request.method != "POST":
        return _ask(request, WalletForm(initial={"network": network, "kind": kind}, kind=kind))
    form = WalletForm(request.POST, kind=kind)
    return _check(request, at, form) if form.is_valid() else _ask(request, form)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=MONEY)
def open_vault(request: HttpRequest, at: Desk) -> HttpResponse:
    """Have the installation make a seed and keep it; show it this once."""
    given = request.POST if request.method == "POST" else request.GET
    network = network_name(given.get("network", ""))
    if not network:
        return HttpResponseRedirect(reverse("dashboard:wallet_add"))
    form = VaultForm(request.POST) if request.method == "POST" else VaultForm(initial={"network": given["network"]})
    if request.method == "POST" and form.is_valid():
        try:
            opened = services.open_vault(merchant=at.merchant, **form.cleaned_data, now=timezone.now())
        except PrivateKeyGiven as refusal:
            form = emptied(VaultForm({"network": given["network"]}), "forward_to", refusal.detail)
        except CheckoutError as refusal:
            form.add_error("forward_to" if refusal.field == "forward_to" else None, refusal.detail)
        else:
            words = opened.phrase.split()
            gas = services.gas_address(opened.wallet)
            return show(request, "vault_opened", words=words, gas_address=gas, network=network)
    return show(request, "vault_form", form=form, network=network)


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=MONEY)
def remove_wallet(request: HttpRequest, at: Desk, wallet_id: str) -> HttpResponse:
    """Ask once more, then stop giving out a wallet's addresses."""
    wallet = selectors.get_wallet(merchant=at.merchant, public_id=wallet_id)
    if request.method != "POST":
        card = next(card for card in wallet_cards(at.merchant) if card.id == wallet.public_id)
        return show(request, "wallet_remove", wallet=card)
    services.remove_wallet(merchant=at.merchant, wallet_id=wallet_id, now=timezone.now())
    messages.success(request, _("The wallet was removed. Addresses that were given out stay watched."))
    return HttpResponseRedirect(reverse("dashboard:wallets"))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=MONEY)
def add_addresses(request: HttpRequest, at: Desk, wallet_id: str) -> HttpResponse:
    """List more addresses in a pool."""
    wallet = selectors.get_wallet(merchant=at.merchant, public_id=wallet_id)
    form = AddressesForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_addresses(
                merchant=at.merchant,
                wallet_id=wallet_id,
                addresses=lines(form.cleaned_data["addresses"]),
                now=timezone.now(),
            )
        except PrivateKeyGiven as refusal:
            form = emptied(AddressesForm({"addresses": ""}), "addresses", refusal.detail)
        except CheckoutError as refusal:
            form.add_error("addresses", _explained(refusal))
        else:
            messages.success(request, _("The addresses were added."))
            return HttpResponseRedirect(reverse("dashboard:wallets"))
    return show(request, "wallet_addresses", form=form, network=network_name(wallet.network))


def _check(request: HttpRequest, at: Desk, form: WalletForm) -> HttpResponse:
    """Show the first addresses or, once they were compared, add the wallet."""
    try:
        if request.POST.get("step") == "add" and "compared" in request.POST:
            services.add_wallet(merchant=at.merchant, **form.order(), now=timezone.now())
            messages.success(request, _("The wallet was added. Invoices can be paid to it now."))
            return HttpResponseRedirect(reverse("dashboard:wallets"))
        preview = services.preview_wallet(**form.order())
    except (PrivateKeyGiven, InvalidExtendedKey) as refusal:
        return _ask(request, form.emptied(refusal.detail))
    except CheckoutError as refusal:
        form.add_error(form.given, _explained(refusal))
        return _ask(request, form)
    network = network_name(form.cleaned_data["network"])
    return show(request, "wallet_preview", form=form.as_hidden(), preview=preview, network=network)


def _ask(request: HttpRequest, form: WalletForm) -> HttpResponse:
    network, kind = network_name(form["network"].value()), form["kind"].value()
    return show(request, "wallet_form", form=form, given=form[form.given], network=network, kind=kind)


def _explained(refusal: CheckoutError) -> str:
    """Say also which line of a list is meant: people count from one."""
    place = (refusal.field or "").removeprefix("addresses[").removesuffix("]")
    if not place.isdigit():
        return refusal.detail
    return _("Line %(line)d: %(reason)s") % {"line": int(place) + 1, "reason": refusal.detail}
