"""The page of a payment link: what is offered, and a form that makes the visitor's own invoice and leads to it."""

from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import context
from core.errors import Conflict, Invalid
from core.money import parse_amount
from core.writing import fiat_text
from invoices.errors import AmountNotOffered, EmailNeeded, LinkInactive, LinkUsedUp
from invoices.events import fiat
from invoices.models import PaymentLink
from invoices.selectors import get_public_link
from invoices.services import Visitor, check_open, open_link
from paypages.brand import Brand, brand_for, brand_of, known_brand
from paypages.embedding import is_embedded
from paypages.own_forms import own_forms
from paypages.policy import guarded
from paypages.problems import friendly, within_limit

OPENED: Final = "paypage-link"
_LONGEST: Final = 254
_FIELDS: Final = {"amount": "amount", "items[0].unit_price": "amount", "email": "email"}  # of the form
# What the visitor is told, in the words of somebody who pays and not of somebody who programs.
_WORDS: Final = {
    LinkInactive.code: gettext_lazy("This offer has ended. Ask the shop for a new link."),
    LinkUsedUp.code: gettext_lazy(
        "Everything on offer here has been paid, or is being paid right now. If somebody does not go through with "
        "their payment, this page opens again: try it in half an hour."
    ),
    EmailNeeded.code: gettext_lazy("Please enter your e-mail address, such as ada@example.com."),
    AmountNotOffered.code: gettext_lazy("Please enter an amount such as 9.99, within what is offered here."),
}


@dataclass(frozen=True, slots=True)
class LinkPage:
    """
    What the page shows. Prices are written for the visitor's language; an empty ``price`` is theirs to choose.

    ``problem`` belongs to the field ``problem_at``, or to the whole form; ``is_closed`` takes the form away.
    """

    brand: Brand
    is_embedded: bool
    title: str
    description: str
    currency: str
    price: str
    least: str
    most: str
    asks_email: bool
    is_test: bool
    cancel_url: str
    is_closed: bool = False
    amount: str = ""
    email: str = ""
    problem: str = ""
    problem_at: str = ""

    @property
    def merchant(self) -> str:
        """What the merchant is called."""
        return self.brand.name


@own_forms
@guarded
@require_http_methods(["GET", "HEAD", "POST"])
@friendly
def link_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the offer; when somebody goes on, create their invoice and lead to its page."""
    within_limit(OPENED)
    context.set_actor("customer")
    link = get_public_link(slug)
    brand_for(request, link.merchant, livemode=link.livemode)
    try:
        if request.method == "POST":
            invoice = open_link(slug=slug, visitor=_visitor(request), now=timezone.now())
            return HttpResponseRedirect(reverse("paypages:invoice", args=[invoice.public_id]), status=303)
        check_open(link, now=timezone.now())
    except Conflict as closed:
        return _page(request, link, problem=closed, status=409)
    except Invalid as refusal:
        return _page(request, link, problem=refusal, status=422)
    return _page(request, link)


def _visitor(request: HttpRequest) -> Visitor:
    """
    Return what the form says.

    :raises Invalid: when a field cannot be understood
    """
    text, email = (request.POST.get(name, "").strip()[:_LONGEST] for name in ("amount", "email"))
    amount = parse_amount(text.replace(",", ".")) if text else None
    if text and amount is None:
        raise AmountNotOffered(field="amount")
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise EmailNeeded(field="email") from None
    return Visitor(amount=amount, email=email)


def _told(problem: Conflict | Invalid, language: str) -> str:
    if problem.code in _WORDS:
        return str(_WORDS[problem.code])
    limits = problem.constraints
    if {"min_amount", "max_amount", "currency"} <= limits.keys():
        least, most = (fiat_text(limits[name], limits["currency"], language) for name in ("min_amount", "max_amount"))
        return _("Amounts from %(least)s to %(most)s can be paid here.") % {"least": least, "most": most}
    return _("This cannot be paid at the moment. Please tell the shop.")


def _page(
    request: HttpRequest, link: PaymentLink, *, problem: Conflict | Invalid | None = None, status: int = 200
) -> HttpResponse:
    language = get_language() or "en"
    price, least, most = (
        "" if amount is None else fiat_text(fiat(amount, link.currency), link.currency, language)
        for amount in (link.amount, link.min_amount, link.max_amount)
    )
    brand = known_brand(request) or brand_of(link.merchant, livemode=link.livemode)
    page = LinkPage(
        brand=brand,
        is_embedded=is_embedded(request),
        title=link.title,
        description=link.description,
        currency=link.currency,
        price=price,
        least=least,
        most=most,
        asks_email=link.asks_email,
        is_test=not link.livemode,
        cancel_url=link.cancel_url,
        is_closed=isinstance(problem, Conflict),
        amount=request.POST.get("amount", "")[:_LONGEST],
        email=request.POST.get("email", "")[:_LONGEST],
        problem=_told(problem, language) if problem else "",
        problem_at=_FIELDS.get(problem.field or "", "") if problem else "",
    )
    return render(request, "paypages/link.html", {"page": page}, status=status)
