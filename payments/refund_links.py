"""The two links of a refund: what a wallet opens to send it, and where the customer says where it is to go."""

from django.conf import settings

from chains import uris
from payments.models import Refund
from payments.models.payouts import OVER
from payments.selectors import claim_token
from payments.states import RefundStatus


def refund_uri(refund: Refund) -> str | None:
    """Return what the merchant's wallet opens to send the refund; None unless it is to be sent, and can be."""
    is_due = refund.status == RefundStatus.REQUESTED and refund.address and not refund.is_held
    if any(payout.status not in OVER for payout in refund.payouts.all()):
        return None  # a vault sends it
    asset = refund.asset
    if not is_due or asset is None:
        return None
    return uris.payment_uri(asset, refund.address, asset.to_amount(refund.units), tag=refund.tag)


def claim_url(refund: Refund) -> str | None:
    """Return the link for the customer who has yet to say where the money is to go."""
    if refund.status != RefundStatus.REQUESTED or refund.address:
        return None
    return f"{settings.PAY_BASE_URL}/refund/{claim_token(refund)}"
