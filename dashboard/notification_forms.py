"""What members fill in about the mails they get."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.models import Member
from merchants.notifications import DEFAULTS, Topic, wanted

SAID: Final[Mapping[Topic, Promise]] = {
    Topic.PAID: _("An invoice is paid"),
    Topic.UNDERPAID: _("An invoice is paid in part"),
    Topic.OVERPAID: _("Too much was paid"),
    Topic.LATE: _("Money came after the deadline and counts"),
    Topic.REVERSED: _("The network took back what an invoice was paid with"),
    Topic.DEPOSIT: _("Money arrived in the inbox and waits for a decision"),
    Topic.REFUND_CLAIMED: _("A customer named the address of a refund"),
    Topic.REFUND_SENT: _("A refund was sent"),
    Topic.REFUND_TROUBLE: _("A refund is held, or went out otherwise than was said"),
    Topic.PAYOUT: _("A payout failed, is held or waits for approval"),
    Topic.WALLET: _("A wallet runs out of addresses, a vault out of coin for fees"),
    Topic.WEBHOOK: _("A webhook endpoint fails or was disabled"),
    Topic.KEY: _("A key or a secret was made or replaced"),
    Topic.TEAM: _("Somebody joined, left or got another role"),
}
GROUPS: Final[Mapping[str, tuple[Promise, tuple[Topic, ...]]]] = {
    "sales": (_("Payments"), (Topic.PAID, Topic.UNDERPAID, Topic.OVERPAID, Topic.LATE, Topic.REVERSED)),
    "decisions": (
        _("Inbox, refunds, payouts"),
        (Topic.DEPOSIT, Topic.REFUND_CLAIMED, Topic.REFUND_SENT, Topic.REFUND_TROUBLE, Topic.PAYOUT),
    ),
    "setup": (_("Setup and security"), (Topic.WALLET, Topic.WEBHOOK, Topic.KEY, Topic.TEAM)),
}


def _group(name: str) -> forms.MultipleChoiceField:
    label, topics = GROUPS[name]
    return forms.MultipleChoiceField(
        label=label,  # type: ignore[arg-type] # translated when it is shown
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(topic.value, SAID[topic]) for topic in topics],
    )


class NotificationsForm(forms.Form):
    """What one member is mailed of."""

    sales = _group("sales")
    decisions = _group("decisions")
    setup = _group("setup")
    of_test = forms.BooleanField(
        label=_("In test mode, too"), required=False, help_text=_("Such mails say in their subject that it is a test.")
    )

    @classmethod
    def of(cls, member: Member) -> "NotificationsForm":
        """Return the form as it is filled in for ``member``."""
        chosen = wanted(member)
        groups: dict[str, Any] = {
            name: [topic.value for topic in topics if topic in chosen] for name, (_label, topics) in GROUPS.items()
        }
        return cls(initial={**groups, "of_test": member.notifies_of_test})

    def topics(self) -> set[Topic]:
        """Return what was ticked."""
        return {Topic(value) for name in GROUPS for value in self.cleaned_data[name]}


def usual(member: Member) -> set[Topic]:
    """Return what a member's role is mailed of by itself."""
    return set(DEFAULTS[member.role])
