"""The audit log: who changed what, checked against its chain of hashes, as pages and as a file."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core import exact_json, ratelimit
from core.exact_json import timestamp
from core.ids import public_id
from core.pages import ListPage
from core.spreadsheets import Exact, csv_file, csv_lines
from dashboard.access import MANAGE, Desk, desk
from dashboard.audit import ABOUT, Actors, differences, facts, row
from dashboard.pages import show
from dashboard.selling_forms import DAY
from dashboard.zones import start_of
from events import checking, selectors
from events.entries import entry_hash, entry_text, line
from events.errors import EventNotFound
from events.models import Seal
from events.redacting import line_of, redaction_of
from invoices.models import Invoice

PER_PAGE: Final = 50
AT_ONCE: Final = 10_000  # entries that are checked while somebody waits; a longer log is checked each night
EVERYTHING: Final = "all"
_CHECKS: Final = ratelimit.Limit(6, 60)
_CHUNK: Final = 2_000
_DAY: Final = timedelta(days=1)
_FILES: Final = ("csv", "jsonl")
_COLUMNS: Final = ("number", "time", "type", "actor", "ip_address", "object_id", "livemode", "hash", "entry")


class AuditFilterForm(forms.Form):
    """Which entries are listed."""

    show = forms.ChoiceField(
        label=gettext_lazy("Show"),
        required=False,
        choices=[
            ("", gettext_lazy("What people and programs changed")),
            (EVERYTHING, gettext_lazy("Everything, payments too")),
        ],
    )
    actor = forms.ChoiceField(label=gettext_lazy("Who"), required=False)
    about = forms.ChoiceField(
        label=gettext_lazy("About"), required=False, choices=[("", gettext_lazy("All")), *ABOUT.items()]
    )
    since = forms.DateField(label=gettext_lazy("From"), **DAY)
    until = forms.DateField(label=gettext_lazy("Until"), **DAY)

    def __init__(self, *args: Any, actors: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["actor"].choices = [("", _("Everybody")), *actors]  # type: ignore[attr-defined] # a ChoiceField


@require_safe
@desk(may=MANAGE)
def entry_list(request: HttpRequest, at: Desk) -> HttpResponseBase:
    """Show the entries that the URL asks for, newest first; with ``as=csv`` or ``as=jsonl`` all of them as a file."""
    known = selectors.recent_actors(merchant_id=at.merchant.pk)
    names = Actors(at.merchant, known)
    form = AuditFilterForm(request.GET, actors=[(actor, names.name(actor)) for actor in known])
    rows = selectors.list_entries(merchant_id=at.merchant.pk)
    rows = _narrowed(rows, form.cleaned_data if form.is_valid() else {})
    if request.GET.get("as") in _FILES:
        return _file(request, rows, request.GET["as"])
    page = ListPage(rows, PER_PAGE, request.GET.get("place"))
    actors = Actors(at.merchant, {seal.event.actor for seal in page})
    return show(
        request,
        "audit",
        filters=form,
        page=page,
        entries=[row(seal, actors) for seal in page],
        head=selectors.chain_head(merchant_id=at.merchant.pk),
        is_narrowed=any(form.data.get(name) for name in form.fields),
    )


@require_safe
@desk(may=MANAGE)
def entry_detail(request: HttpRequest, at: Desk, entry_id: str) -> HttpResponse:
    """
    Show an entry: before and after, from where, and the text that its hash is of.

    :raises EventNotFound: when there is none, or it is somebody else's
    """
    seal = selectors.find_entry(merchant_id=at.merchant.pk, public_id=entry_id)
    if seal is None:
        raise EventNotFound
    event, text = seal.event, _text(seal)
    digest = entry_hash(text)
    return show(
        request,
        "audit_entry",
        **row(seal, Actors(at.merchant, [event.actor])),
        differences=differences(event.data),
        facts=facts(event.data),
        previous=_previous(seal),
        text=exact_json.laid_out(exact_json.loads(text)),
        digest=digest,
        is_as_sealed=digest == seal.hash,
        is_erased=digest != seal.hash and redaction_of(seal, digest) is not None,
        invoice_id=public_id(Invoice.PREFIX, event.invoice_id) if event.invoice_id else "",
    )


@require_POST
@desk(may=MANAGE)
def check(request: HttpRequest, at: Desk) -> HttpResponse:
    """Check the merchant's chain now, when that is done while they wait."""
    head = selectors.chain_head(merchant_id=at.merchant.pk)
    if head is None or head.number > AT_ONCE:
        messages.info(request, _("So long a log is checked each night. Check an export to know at once."))
    elif not ratelimit.hit("audit-checks", at.merchant.public_id, _CHECKS).allowed:
        messages.error(request, _("These were many checks in a minute. Wait a little."))
    elif checking.check_chain(chain=at.merchant.pk, now=timezone.now()).problems:
        messages.error(request, _("The log is not what was sealed. Tell the operator of this installation."))
    else:
        messages.success(request, _("Every entry is what was sealed, and none is missing."))
    return HttpResponseRedirect(reverse("dashboard:audit"))


def _narrowed(rows: QuerySet[Seal], wanted: dict[str, Any]) -> QuerySet[Seal]:
    since, until = wanted.get("since"), wanted.get("until")
    lookups: dict[str, Any] = {
        "is_change": wanted.get("show") != EVERYTHING,
        "event__actor": wanted.get("actor"),
        "event__type__startswith": wanted.get("about"),
        "event__created_at__gte": start_of(since) if since else None,
        "event__created_at__lt": start_of(until) + _DAY if until else None,
    }
    return rows.filter(**{lookup: value for lookup, value in lookups.items() if value})


def _previous(seal: Seal) -> str:
    return str(seal.previous)  # type: ignore[attr-defined] # annotated by the selector


def _text(seal: Seal) -> str:
    return entry_text(seal.event, number=seal.number, previous=_previous(seal))


def _file(request: HttpRequest, rows: QuerySet[Seal], form: str) -> StreamingHttpResponse:
    seals = rows.order_by("number").iterator(chunk_size=_CHUNK)
    if form == "csv":
        return csv_file(request, csv_lines(_COLUMNS, (_columns(seal) for seal in seals)), name="audit.csv")
    return StreamingHttpResponse(
        _as_lines(seals),
        content_type="application/jsonl; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.jsonl"'},
    )


def _columns(seal: Seal) -> tuple[Any, ...]:
    event = seal.event
    about = (timestamp(event.created_at), event.type, event.actor, event.ip_address, event.object_id)
    return (seal.number, *about, "live" if event.livemode else "test", seal.hash, Exact(_text(seal)))


def _as_lines(seals: Iterator[Seal]) -> Iterator[str]:
    for seal in seals:
        text = _text(seal)
        yield line_of(seal, text) or line(text, seal.hash)  # what was changed past us shows when it is checked
