"""
``/status``: what customers and shops can rely on just now, for anybody who wonders.

It tells nothing that helps an attacker: no node, no number of anything, no merchant. What operators look
at is ``/readyz`` and ``/metrics``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from events import backlog as log
from invoices.rates import freshness
from payments.overview import late_networks
from paypages.policy import guarded
from paypages.problems import friendly, within_limit
from webhooks import backlog as webhooks

VIEWS: Final = "paypage"


@dataclass(frozen=True, slots=True)
class Part:
    """Something to rely on, in the reader's words, and whether it is late."""

    name: str
    is_late: bool


@guarded
@require_safe
@friendly
def status_page(request: HttpRequest) -> HttpResponse:
    """Answer the page. It needs no script, and few queries: anybody may ask."""
    within_limit(VIEWS)
    now = timezone.now()
    parts = list(_parts(now))
    facts = {"parts": parts, "is_late": any(part.is_late for part in parts), "checked_at": now}
    return render(request, "paypages/status.html", facts)


def _parts(now: datetime) -> Iterator[Part]:
    yield Part(_("Payment pages and API"), is_late=False)  # or nobody would read this
    for name, is_late in late_networks(now=now):
        yield Part(_("Payments on the network %(network)s") % {"network": name}, is_late)
    yield Part(_("Exchange rates"), bool(freshness.problems(now=now)))
    yield Part(_("Messages to shops"), bool(log.problems(now=now) or webhooks.problems(now=now)))
