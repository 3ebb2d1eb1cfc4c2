"""The mails of notifications in words: a sentence for each event, a subject for one and one for many."""

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from merchants.notifications import Topic

SHOWN: Final = 20  # events of one mail; the rest is counted
_LONGEST: Final = 80  # characters of a title

SUBJECT: Final[Mapping[Topic, Promise]] = {
    Topic.PAID: gettext_lazy("Paid"),
    Topic.UNDERPAID: gettext_lazy("Paid in part"),
    Topic.OVERPAID: gettext_lazy("Too much was paid"),
    Topic.LATE: gettext_lazy("Money came late"),
    Topic.REVERSED: gettext_lazy("A payment was taken back by the network"),
    Topic.DEPOSIT: gettext_lazy("Money in the inbox waits for you"),
    Topic.REFUND_CLAIMED: gettext_lazy("A customer waits for a refund"),
    Topic.REFUND_SENT: gettext_lazy("A refund was sent"),
    Topic.REFUND_TROUBLE: gettext_lazy("A refund needs a look"),
    Topic.PAYOUT: gettext_lazy("A payout needs a look"),
    Topic.WALLET: gettext_lazy("A wallet needs something"),
    Topic.WEBHOOK: gettext_lazy("A webhook endpoint fails"),
    Topic.KEY: gettext_lazy("A key or a secret needs your eyes"),
    Topic.TEAM: gettext_lazy("The team changed"),
}
_SENTENCES: Final[Mapping[str, Promise]] = {
    "invoice.paid": gettext_lazy("%(title)s: %(received)s of %(total)s %(currency)s arrived, the invoice is paid."),
    "invoice.partially_paid": gettext_lazy("%(title)s: %(received)s of %(total)s %(currency)s arrived."),
    "invoice.overpaid": gettext_lazy("%(title)s: %(received)s %(currency)s arrived for %(total)s %(currency)s."),
    "invoice.reversed": gettext_lazy("%(title)s: what had paid %(total)s %(currency)s is gone. Do not deliver."),
    "payment.detected": gettext_lazy("%(amount)s %(asset)s arrived on %(network)s."),
    "refund.address_set": gettext_lazy("%(amount)s %(asset)s are to go back: the customer has named an address."),
    "refund.completed": gettext_lazy("%(amount)s %(asset)s went back."),
    "refund.held": gettext_lazy("%(amount)s %(asset)s are held: what they return is not there any more."),
    "refund.mismatched": gettext_lazy("%(amount)s %(asset)s went back in another transaction than was named."),
    "refund.reversed": gettext_lazy("%(amount)s %(asset)s did not go back: the network took the transaction back."),
    "payout.failed": gettext_lazy("%(amount)s %(asset)s could not be sent: the payout failed."),
    "payout.quarantined": gettext_lazy("%(amount)s %(asset)s: whether they were sent is unclear. The payout is held."),
    "payout.needs_approval": gettext_lazy("%(amount)s %(asset)s wait until you approve that they are sent."),
    "webhook_endpoint.failing": gettext_lazy(
        "%(url)s has failed for an hour, last so: %(last)s After five days it is disabled."
    ),
    "api_key.created": gettext_lazy("The API key %(name)s was made."),
    "api_key.rotated": gettext_lazy("The API key %(name)s was replaced."),
    "api_key.exposed": gettext_lazy(
        "The API key %(name)s stood in a URL, where proxies and logs keep it. Replace it now."
    ),
    "merchant.webhook_secret_rotated": gettext_lazy("The secret of invoice webhooks was replaced."),
    "member.added": gettext_lazy("Somebody joined the team as %(role)s."),
    "member.removed": gettext_lazy("%(email)s is no longer in the team."),
    "member.role_changed": gettext_lazy("Somebody in the team became %(role)s; before: %(previous)s."),
}
_PAGE: Final[Mapping[str, tuple[str, str]]] = {  # by what the type begins with: page, and the datum it is named by
    "invoice.": ("invoice", "invoice_id"),
    "refund.": ("refund", "refund_id"),
    "payout.": ("payout", "payout_id"),
    "webhook_endpoint.": ("webhook", "id"),
    "api_key.": ("api_keys", ""),
    "merchant.": ("audit", ""),
    "member.": ("team", ""),
}


def compose(topic: Topic, events: list[Event], *, merchant: str, livemode: bool, choice: str) -> tuple[str, str]:
    """Return subject and text of a mail about ``events``, oldest first; ``choice``: where one says what one wants."""
    named = {"what": SUBJECT[topic], "merchant": merchant, "count": len(events)}
    plain = _("%(what)s – %(merchant)s") if len(events) == 1 else _("%(what)s (%(count)d times) – %(merchant)s")
    subject = plain % named
    parts = [_entry(event) for event in events[-SHOWN:]]
    if len(events) > SHOWN:
        parts.insert(0, _("The last %(shown)d of %(count)d:") % {"shown": SHOWN, "count": len(events)})
    if not livemode:
        subject = _("[Test] %(subject)s") % {"subject": subject}
        parts.insert(0, _("This is test mode: nothing of it is real money."))
    parts.append(_("What you are mailed of: %(url)s") % {"url": choice})
    return subject, "\n\n".join(parts) + "\n"


def sentence(event: Event) -> str:
    """Say what happened; the event's type where there are no words."""
    words = _SENTENCES.get(event.type)
    return str(words) % _facts(event) if words else event.type


def _entry(event: Event) -> str:
    at = event.created_at.astimezone(UTC)
    return f"{sentence(event)}\n{at:%Y-%m-%d %H:%M} UTC · {settings.DASHBOARD_BASE_URL}{_path(event)}"


def _path(event: Event) -> str:
    if event.type == "payment.detected":
        if event.data.get("in_review"):
            return reverse("dashboard:deposit", args=[event.data["payment_id"]])
        return reverse("dashboard:invoice", args=[event.data["invoice_id"]])
    page, name = next(found for prefix, found in _PAGE.items() if event.type.startswith(prefix))
    return reverse(f"dashboard:{page}", args=[event.data[name]] if name else [])


def _facts(event: Event) -> dict[str, str]:
    data = event.data
    moved = data.get("payment") or data.get("refund") or data
    told = {
        "title": data.get("title"),
        "total": data.get("total_amount"),
        "received": data.get("total_received"),
        "currency": data.get("currency"),
        "amount": moved.get("amount"),
        "asset": moved.get("crypto_currency"),
        "network": data.get("network"),
        "name": data.get("name"),
        "role": data.get("role"),
        "previous": data.get("previous"),
        "email": data.get("email"),
        "url": data.get("url"),
        "last": data.get("last"),
    }
    return {name: _said(value) for name, value in told.items()}


def _said(value: Any) -> str:
    if value is None:
        return "–"
    text = f"{value:f}" if isinstance(value, Decimal) else " ".join(str(value).split())
    return f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text
