"""The page behind a claim link: the customer says where a refund is to go, and sees how it stands."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from chains import registry
from chains.tags import DESTINATION_TAG
from core import context
from core.errors import Invalid
from invoices.selectors import get_public_invoice
from payments.errors import RefundNotFound
from payments.events import amount_of
from payments.models import Refund
from payments.selectors import claim_token, refund_of_claim, refunds_of
from payments.services import check_refund_destination, claim_refund
from payments.states import RefundStatus
from paypages.brand import Brand, brand_for
from paypages.destination import grouped
from paypages.policy import guarded
from paypages.problems import friendly, within_limit

CLAIMS: Final = "paypage-refund"
_LONGEST: Final = 256
# Reasons that nobody wrote for this customer.
_REASONS: Final = {"Overpaid": gettext_lazy("You sent more than was asked for.")}


@dataclass(frozen=True, slots=True)
class Given:
    """A destination as the customer typed it, or as it was kept."""

    address: str = ""
    tag: str = ""


NOTHING: Final = Given()


@dataclass(frozen=True, slots=True)
class RefundPage:
    """What the page shows; ``step``: ``ask``, ``compare``, ``waiting``, ``sent``, ``completed`` or ``cancelled``."""

    step: str
    brand: Brand
    amount: str
    asset: str
    network: str
    reason: str
    address: str = ""
    groups: tuple[str, ...] = ()
    tag: str = ""
    takes_tag: bool = False  # the network's addresses may be shared, and a tag tells whose the money is
    problem: str = ""
    is_about_tag: bool = False
    txid: str = ""
    explorer: str = ""
    is_test: bool = False

    @property
    def merchant(self) -> str:
        """What the merchant is called."""
        return self.brand.name


@guarded
@require_http_methods(["GET", "HEAD", "POST"])
@friendly
def refund_page(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the address, show it again to compare, keep it, and then tell how the refund stands."""
    within_limit(CLAIMS)
    context.set_actor("customer")
    refund = refund_of_claim(token)
    if request.method == "POST" and not refund.address:
        return _answer(request, refund, token)
    return _page(request, refund)


@guarded
@require_safe
@friendly
def refund_of_invoice(request: HttpRequest, public_id: str, refund_id: str) -> HttpResponse:  # noqa: ARG001 - a view
    """Lead from the pay page to the page where the customer says where a refund is to go."""
    within_limit(CLAIMS)
    refunds = refunds_of(get_public_invoice(public_id))
    refund = next((refund for refund in refunds if refund.public_id == refund_id), None)
    if refund is None or refund.status == RefundStatus.CANCELLED:
        raise RefundNotFound
    return HttpResponseRedirect(reverse("refund", args=[claim_token(refund)]))


def _answer(request: HttpRequest, refund: Refund, token: str) -> HttpResponse:
    given = Given(*(request.POST.get(name, "")[:_LONGEST].strip() for name in ("address", "tag")))
    try:
        address, tag = check_refund_destination(refund.network, given.address, given.tag)
        if request.POST.get("step") == "keep":
            claim_refund(token=token, address=address, tag=tag, now=timezone.now())
            return HttpResponseRedirect(request.path, status=303)
    except Invalid as refusal:
        return _page(request, refund, given=given, problem=refusal, status=422)
    return _page(request, refund, given=Given(address, tag), step="compare")


def _page(
    request: HttpRequest,
    refund: Refund,
    *,
    given: Given = NOTHING,
    step: str = "",
    problem: Invalid | None = None,
    status: int = 200,
) -> HttpResponse:
    network = registry.find_network(refund.network)
    template = network.explorer_tx if network and refund.txid else ""
    shown = Given(refund.address, refund.tag) if refund.address else given
    page = RefundPage(
        step=step or _step(refund),
        brand=brand_for(request, refund.merchant, livemode=refund.livemode),
        amount=f"{amount_of(refund):f}",
        asset=refund.asset_code,
        network=network.name if network else refund.network,
        reason=str(_REASONS.get(refund.reason, refund.reason)),
        address=shown.address,
        groups=tuple(grouped(shown.address)),
        tag=shown.tag,
        takes_tag=network is not None and network.tag_kind == DESTINATION_TAG,
        problem=problem.detail if problem else "",
        is_about_tag=problem is not None and problem.field == "tag",
        txid=refund.txid,
        explorer=template.format(txid=refund.txid),
        is_test=not refund.livemode,
    )
    return render(request, "paypages/refund.html", {"page": page}, status=status)


def _step(refund: Refund) -> str:
    if refund.status != RefundStatus.REQUESTED:
        return str(refund.status)
    return "waiting" if refund.address else "ask"
