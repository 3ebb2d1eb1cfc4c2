"""What members fill in about webhooks."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import CheckoutError, SeveralInvalid
from dashboard import words
from dashboard.forms import lines
from events.types import DELIVERABLE, EVERYTHING
from merchants.secrets import KeyFormat
from webhooks import formats
from webhooks.models import MAX_TIMEOUT, MAX_URL_LENGTH, WebhookEndpoint
from webhooks.states import MAX_RETRIES, Backoff

# Events by what they are about, in the order of an invoice's life.
GROUPS: Final = {
    "invoice": _("Invoices"),
    "payment": _("Payments"),
    "refund": _("Refunds"),
    "settlement": _("Settlements"),
}
OVERLAPS: Final = {
    "0": (timedelta(0), _("Stop signing at once")),
    "24": (timedelta(hours=24), _("Sign beside the new one for a day")),
    "168": (timedelta(days=7), _("Sign beside the new one for a week")),
}
_MOMENT: Final = "%Y-%m-%dT%H:%M"


def events_about(group: str) -> list[tuple[str, str]]:
    """Return the events of a group with what they say, as choices."""
    named = [(event, words.EVENT[event]) for event in words.EVENT if event in DELIVERABLE]
    return [(event, f"{said} ({event})") for event, said in named if event.partition(".")[0] == group]


def _group(name: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=GROUPS[name], required=False, widget=forms.CheckboxSelectMultiple, choices=events_about(name)
    )


def formats_offered() -> list[tuple[str, str]]:
    """Return how an endpoint may be told, as choices; a format goes by the name of the API it belongs to."""
    said = dict(KeyFormat.choices)
    return [(name, str(said.get(name, name))) for name in formats.names()]


class EndpointForm(forms.Form):
    """Where webhooks go and which. ``format`` is asked for once, as an endpoint keeps it."""

    url = forms.CharField(
        label=_("Address of your server"),
        max_length=MAX_URL_LENGTH,
        widget=forms.URLInput(attrs={"placeholder": "https://shop.example.com/webhooks", "spellcheck": "false"}),
    )
    which = forms.ChoiceField(
        label=_("What it is told of"),
        widget=forms.RadioSelect,
        initial="all",
        choices=[("all", _("Every event, also kinds that later versions bring")), ("chosen", _("What I choose below"))],
    )
    invoice = _group("invoice")
    payment = _group("payment")
    refund = _group("refund")
    settlement = _group("settlement")
    max_retries = forms.IntegerField(
        label=_("Attempts after the first that failed"), min_value=0, max_value=MAX_RETRIES, initial=5
    )
    retry_backoff = forms.ChoiceField(
        label=_("Pauses between attempts"),
        initial=Backoff.EXPONENTIAL,
        choices=[
            (Backoff.EXPONENTIAL, _("Ever longer: 10 seconds to a day")),
            (Backoff.LINEAR, _("Five minutes each")),
        ],
    )
    timeout = forms.IntegerField(
        label=_("Seconds to wait for an answer"), min_value=1, max_value=MAX_TIMEOUT, initial=MAX_TIMEOUT
    )
    allowed_ips = forms.CharField(
        label=_("Only when the address leads to one of these (IP addresses or networks, one per line)"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("Empty: wherever it leads."),
    )
    format = forms.ChoiceField(
        label=_("In whose words it is told"),
        required=False,
        choices=formats_offered,
        help_text=_("Events that these have no word for are not sent. It cannot be changed later."),
    )

    def __init__(self, *args: Any, is_new: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["format"]

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> "EndpointForm":
        """Return the form as it was filled in for ``endpoint``."""
        chosen = {name: [event for event in endpoint.events if event.startswith(f"{name}.")] for name in GROUPS}
        return cls(
            is_new=False,
            initial={
                "url": endpoint.url,
                "which": "all" if EVERYTHING in endpoint.events else "chosen",
                "max_retries": endpoint.max_retries,
                "retry_backoff": endpoint.retry_backoff,
                "timeout": endpoint.timeout,
                "allowed_ips": "\n".join(endpoint.allowed_ips),
                **chosen,
            },
        )

    @property
    def groups(self) -> list[forms.BoundField]:
        """The fields that choose events."""
        return [self[name] for name in GROUPS]

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields that hardly anybody needs."""
        names = ("max_retries", "retry_backoff", "timeout", "allowed_ips", "format")
        return [self[name] for name in names if name in self.fields]

    @property
    def more_is_wrong(self) -> bool:
        """Whether one of those needs a look."""
        return any(field.errors for field in self.more)

    def clean(self) -> None:
        """A choice needs something chosen."""
        if self.cleaned_data.get("which") == "chosen" and not self._chosen():
            self.add_error("which", _("Choose at least one event, or every event."))

    def settings(self) -> dict[str, Any]:
        """Return what was filled in, by the names of the webhook services."""
        filled = self.cleaned_data
        return {
            "url": filled["url"],
            "events": [EVERYTHING] if filled["which"] == "all" else self._chosen(),
            "max_retries": filled["max_retries"],
            "retry_backoff": filled["retry_backoff"],
            "timeout": filled["timeout"],
            "allowed_ips": lines(filled["allowed_ips"]),
            **({"format": filled["format"] or formats.NATIVE} if "format" in self.fields else {}),
        }

    def refuse(self, refusal: CheckoutError) -> None:
        """Write down what a service found wrong, each beside its field."""
        for failure in refusal.failures if isinstance(refusal, SeveralInvalid) else (refusal,):
            name, _bracket, place = (failure.field or "").partition("[")
            number = place.removesuffix("]")
            detail = failure.detail
            if number.isdigit():
                detail = _("Line %(line)d: %(reason)s") % {"line": int(number) + 1, "reason": detail}
            self.add_error(name if name in self.fields else None, detail)

    def _chosen(self) -> list[str]:
        return [event for name in GROUPS for event in self.cleaned_data.get(name) or []]


class EventFilterForm(forms.Form):
    """Which events are listed."""

    event = forms.ChoiceField(
        label=_("Event"), required=False, choices=[("", _("All")), *((each, each) for each in sorted(DELIVERABLE))]
    )


class DeliveryFilterForm(EventFilterForm):
    """Which deliveries are listed."""

    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("All")), *((status.value, said[0]) for status, said in words.DELIVERY.items())],
    )


class SecretForm(forms.Form):
    """What becomes of the old secret."""

    overlap = forms.ChoiceField(
        label=_("The old secret will"),
        widget=forms.RadioSelect,
        initial="24",
        choices=[(hours, said) for hours, (_overlap, said) in OVERLAPS.items()],
    )


class ReplayForm(forms.Form):
    """Which events are sent again; moments are of the viewer's zone."""

    start = forms.DateTimeField(
        label=_("From"), widget=forms.DateTimeInput(format=_MOMENT, attrs={"type": "datetime-local"})
    )
    end = forms.DateTimeField(
        label=_("Until"), widget=forms.DateTimeInput(format=_MOMENT, attrs={"type": "datetime-local"})
    )
    events = forms.MultipleChoiceField(
        label=_("Only these events"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a choice: everything that it is told of."),
    )

    def __init__(self, *args: Any, endpoint: WebhookEndpoint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [choice for group in GROUPS for choice in events_about(group) if endpoint.wants(choice[0])]
        self.fields["events"].choices = choices  # type: ignore[attr-defined] # it is a MultipleChoiceField
