"""The view: what the database knows at the moment it is asked, and what this server's processes counted."""

from ipaddress import ip_address, ip_network
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from api.metrics.chains import Chains
from api.metrics.work import Audit, Connections, Rates, Work
from core import context, metering

COLLECTORS: Final = (Chains, Work, Rates, Connections, Audit)


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer those whom ``METRICS_ALLOWED_NETWORKS`` lists; for everybody else there is nothing here."""
    if not _is_allowed(context.current().ip_address or request.META.get("REMOTE_ADDR", "")):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    for collector in COLLECTORS:
        registry.register(collector())
    return HttpResponse(generate_latest(registry) + metering.exposition(), content_type=CONTENT_TYPE_LATEST)


def _is_allowed(address: str) -> bool:
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    return any(caller in ip_network(allowed) for allowed in settings.METRICS_ALLOWED_NETWORKS)
