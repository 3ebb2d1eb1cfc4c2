"""Entries of the audit log in words: what was done, by whom, and what it was before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core import exact_json
from dashboard import words
from events.models import Event, Seal
from merchants.models import Member, Merchant

CHANGE: Final[Mapping[str, Promise]] = {
    "api_key.created": _("API key made"),
    "api_key.updated": _("API key changed"),
    "api_key.rotated": _("API key replaced"),
    "api_key.revoked": _("API key revoked"),
    "api_key.exposed": _("API key seen in a URL"),
    "customer.created": _("Customer added"),
    "customer.updated": _("Customer changed"),
    "customer.erased": _("Customer's data erased"),
    "deposit.resolved": _("Money from the inbox decided about"),
    "member.added": _("Member joined"),
    "member.invited": _("Somebody was invited"),
    "member.invited_again": _("Somebody was invited again"),
    "member.invitation_withdrawn": _("Invitation withdrawn"),
    "member.notifications_changed": _("What a member is mailed of changed"),
    "member.removed": _("Member removed"),
    "member.role_changed": _("Role changed"),
    "merchant.created": _("Account opened"),
    "merchant.updated": _("Settings changed"),
    "merchant.suspended": _("Account suspended"),
    "merchant.reactivated": _("Account reactivated"),
    "merchant.plan_changed": _("Plan changed"),
    "merchant.platform_fee_changed": _("Fee of the platform changed"),
    "merchant.webhook_secret_rotated": _("Secret of invoice webhooks replaced"),
    "payment_link.created": _("Payment link made"),
    "payment_link.updated": _("Payment link changed"),
    "payout.approved": _("Payout approved"),
    "payout.cancelled": _("Payout cancelled"),
    "payout.confirmed": _("Payout confirmed"),
    "payout.failed": _("Payout failed"),
    "payout.needs_approval": _("Payout waits for approval"),
    "payout.planned": _("Payout planned"),
    "payout.replaced": _("Payout sent again with a higher fee"),
    "payout.quarantined": _("Payout held: whether it was sent is unclear"),
    "payout.sent": _("Payout sent"),
    "payout.signed": _("Payout signed"),
    "refund.address_withdrawn": _("Address of the refund withdrawn"),
    "refund.matched": _("Refund recognised on the network"),
    "refund.mismatched": _("Refund sent in another transaction than was named"),
    "wallet.addresses_added": _("Addresses added to a wallet"),
    "wallet.created": _("Wallet added"),
    "wallet.gas_low": _("Vault has little coin for fees"),
    "wallet.pool_low": _("Few addresses are left"),
    "wallet.removed": _("Wallet removed"),
    "webhook_endpoint.created": _("Webhook endpoint added"),
    "webhook_endpoint.deleted": _("Webhook endpoint deleted"),
    "webhook_endpoint.disabled": _("Webhook endpoint disabled"),
    "webhook_endpoint.failing": _("Webhook endpoint has failed for an hour"),
    "webhook_endpoint.secret_rotated": _("Secret of a webhook endpoint replaced"),
    "webhook_endpoint.updated": _("Webhook endpoint changed"),
}
# Entries by what they are about: what their types begin with.
ABOUT: Final[Mapping[str, Promise]] = {
    "api_key.": _("API keys"),
    "customer.": _("Customers"),
    "invoice.": _("Invoices"),
    "member.": _("Team"),
    "merchant.": _("Business and settings"),
    "payment_link.": _("Payment links"),
    "payment.": _("Payments"),
    "deposit.": _("Inbox"),
    "payout.": _("Payouts"),
    "refund.": _("Refunds"),
    "settlement.": _("Settlements"),
    "wallet.": _("Wallets"),
    "webhook_endpoint.": _("Webhooks"),
}
_NAMING: Final = ("id", "previous", "changes")  # of what is told, not what it is
_LONGEST: Final = 200  # characters of a value in a cell; the whole stands in the entry


def done(event_type: str) -> str:
    """Say in words what an entry tells; its type where there are none."""
    return str(CHANGE.get(event_type) or words.EVENT.get(event_type) or event_type)


class Actors:
    """What people call those who did something, as far as the merchant may know."""

    def __init__(self, merchant: Merchant, actors: Iterable[str]) -> None:
        keys = {key for actor in actors if (key := _user_key(actor))}
        members = Member.objects.filter(merchant=merchant, user_id__in=keys).select_related("user")
        self._members = {member.user_id: member.user.email or member.user.get_username() for member in members}
        staff = get_user_model().objects.filter(pk__in=keys - self._members.keys(), is_staff=True)
        self._staff = set(staff.values_list("pk", flat=True))

    def name(self, actor: str) -> str:
        """Return who ``actor`` is."""
        key = _user_key(actor)
        if key:
            known = self._members.get(key)
            return known or (_t("The operator's staff") if key in self._staff else _t("Somebody who has left"))
        if actor.startswith("api_key:"):
            return _t("API key %(key)s") % {"key": actor.removeprefix("api_key:")}
        plain = {
            "system": _t("Crypto Checkout"),
            "customer": _t("A customer"),
            "anonymous": _t("Somebody who was not signed in"),
        }
        return plain.get(actor, actor)


def told(merchant: Merchant, events: Sequence[Event]) -> list[tuple[Event, str, str]]:
    """Return events of the merchant, each with what it tells and who did it."""
    actors = Actors(merchant, [event.actor for event in events])
    return [(event, done(event.type), actors.name(event.actor)) for event in events]


def differences(data: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what changed: path, before, after. Empty when the entry tells of nothing that was there before."""
    if "previous" not in data:
        return []
    if isinstance(data["previous"], dict):
        before, after = dict(_leaves(data["previous"])), dict(_leaves(data.get("changes", {})))
        paths = sorted(before.keys() | after.keys())
        return [
            (path, _shown(before.get(path)), _shown(after.get(path)))
            for path in paths
            if before.get(path) != after.get(path)
        ]
    return [(name, _shown(data["previous"]), _shown(data[name])) for name in data if name not in _NAMING]


def facts(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what else an entry tells."""
    return [(path, _shown(value)) for path, value in _leaves(data) if path.partition(".")[0] not in _NAMING]


def row(seal: Seal, actors: Actors) -> dict[str, Any]:
    """Return an entry as a line of the page."""
    event = seal.event
    return {"seal": seal, "event": event, "done": done(event.type), "actor": actors.name(event.actor)}


def _user_key(actor: str) -> int:
    number = actor.removeprefix("user:")
    return int(number) if actor.startswith("user:") and number.isascii() and number.isdigit() else 0


def _leaves(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, part in value.items():
        here = f"{path}.{name}" if path else name
        if isinstance(part, dict) and part:
            yield from _leaves(part, here)
        else:
            yield here, part


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    text = value if isinstance(value, str) else exact_json.dumps(value)
    return f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text
