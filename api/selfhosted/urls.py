"""The URLs of the self-hosted checkout's API, below /selfhosted/. Each resource answers in both spellings."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, path, re_path
from django.views import View

from api.selfhosted import documentation
from api.selfhosted.base import NowhereView
from api.selfhosted.views.customers import CustomerDetail, CustomerList
from api.selfhosted.views.events import EventDetail, EventList
from api.selfhosted.views.links import PaymentLinkDetail, PaymentLinks
from api.selfhosted.views.sessions import CheckoutSessionDetail, CheckoutSessions
from api.selfhosted.views.webhooks import WebhookEndpointDetail, WebhookEndpoints, WebhookEndpointTest

_RESOURCES: tuple[tuple[str, type[View]], ...] = (
    ("payment_links", PaymentLinks),
    ("payment_links/<str:link_id>", PaymentLinkDetail),
    ("checkout_sessions", CheckoutSessions),
    ("checkout_sessions/<str:session_id>", CheckoutSessionDetail),
    ("webhook_endpoints", WebhookEndpoints),
    ("webhook_endpoints/<str:endpoint_id>", WebhookEndpointDetail),
    ("webhook_endpoints/<str:endpoint_id>/test", WebhookEndpointTest),
    ("events", EventList),
    ("events/<str:event_id>", EventDetail),
    ("customers", CustomerList),
    ("customers/<str:customer_id>", CustomerDetail),
)


def _in_both_spellings() -> Iterator[URLPattern]:
    for route, view in _RESOURCES:
        yield path(f"api/v1/{route}", view.as_view())
        name, slash, rest = route.partition("/")
        if "_" in name:  # left out of the document, which describes one spelling of each
            yield path(f"api/v1/{name.replace('_', '-')}{slash}{rest}", view.as_view(schema=None))


resources: list[URLPattern] = [*_in_both_spellings()]
urlpatterns: list[URLPattern | URLResolver] = [
    *resources,
    path("api/v1/openapi.json", documentation.schema, name="selfhosted-schema"),
    path("docs", documentation.reference, name="selfhosted-docs"),
    # Last: whatever else is asked for below this prefix is told in this format's shape.
    re_path(r"", NowhereView.as_view()),
]
