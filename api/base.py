"""
What every view of every wire format stands on. A format subclasses the three views and names itself: ``wire``.

    class InvoiceList(MerchantView):
        required_scopes = {"GET": "invoices:read", "POST": "invoices:create"}
        rate_class = {"GET": "list", "POST": "invoice_create"}

        @operation("Create an invoice", body=CREATE_INVOICE, answers={201: INVOICE})
        def post(self, request: Request) -> Response:
            wanted = self.body()          # checked against CREATE_INVOICE
            invoice = services.create_invoice(
                merchant=self.merchant, livemode=self.livemode, order=order_from(wanted), now=self.now)
            return Response(render_invoice(invoice), status=201)

``MerchantView`` gives ``merchant``, ``livemode``, ``api_key``, ``identity``, ``now``, ``body()`` and
``query()``. It authenticates, counts the request, checks the scope, and does POST, PATCH and DELETE in
one transaction; with an Idempotency-Key once only, the stored answer in the same transaction. A view
that talks to a network sets ``talks_to_network = True`` and gets no transaction; one whose answer shows
a secret sets ``carries_secret = True``, so that the answer is kept encrypted. ``PublicView`` knows
nobody, counts by IP address and answers every origin. Failures are raised as the kinds of ``core.errors``.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import idempotency, parsing, ratelimits
from api.answers import ExactJSONRenderer
from api.authentication import Identity, identify
from api.errors import InsufficientScope, MethodNotAllowed, UnknownURL
from api.failures import error_code, failure_of
from api.leaks import refuse_in_url
from api.schema import ApiSchema, Operation
from api.wire import WireFormat
from core import context
from core.idempotency import Once, fingerprint
from core.ratelimit import Verdict
from merchants import request_log
from merchants.models import APIKey, Merchant
from merchants.request_log import Exchange
from merchants.secrets import KeyFormat
from merchants.services import touch_api_key

IDEMPOTENT_METHODS: Final = frozenset({"POST", "PATCH", "DELETE"})
_CORS: Final = {"Access-Control-Allow-Origin": "*"}

Handler = Callable[..., Any]


class ApiView(APIView):
    """A view of one wire format: exact JSON in and out, every failure in its shape, limits in the headers."""

    wire: ClassVar[WireFormat]

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = (ExactJSONRenderer,)
    schema = ApiSchema()

    rate_class: ClassVar[str | Mapping[str, str]] = ""
    answer_headers: ClassVar[Mapping[str, str]] = {"Cache-Control": "no-store"}

    now: datetime
    operation: Operation | None
    _verdict: Verdict | None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        self.now = timezone.now()
        self.operation = None
        self._verdict = None
        answer: HttpResponseBase
        try:
            handler = self._handler(request)
            self.request = self.initialize_request(request, *args, **kwargs)
            self.headers = {}
            refuse_in_url(request.path, request.META.get("QUERY_STRING", ""), now=self.now)
            answer = self.respond(request, lambda: self._finished(handler(self.request, *args, **kwargs)))
        except Exception as problem:  # noqa: BLE001 - the one place where every failure becomes an answer
            answer = self.wire.error_answer(failure_of(problem))
        return self._with_headers(answer)

    def respond(self, request: HttpRequest, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        """Return the answer to a request; what is checked before ``work`` runs is up to the kind of view."""
        self.count(request, context.current().ip_address)
        return work()

    def body(self) -> dict[str, Any]:
        """
        Return the body as the operation declares it.

        :raises CheckoutError: when it cannot be read or breaks the declaration
        """
        if self.operation is None or self.operation.body is None:
            raise LookupError("the operation declares no body")
        found: dict[str, Any] = self.operation.body.read(parsing.read_object(self.django_request))
        return found

    def query(self) -> dict[str, Any]:
        """
        Return the query parameters as the operation declares them.

        :raises Invalid: for one that is unknown or not valid
        """
        if self.operation is None or self.operation.query is None:
            raise LookupError("the operation declares no query parameters")
        return self.operation.query.read_query(self.django_request.GET)

    @property
    def django_request(self) -> HttpRequest:
        """The request as Django has it."""
        request: HttpRequest = self.request._request  # noqa: SLF001 - DRF's own way to it
        return request

    def count(self, request: HttpRequest, key: str) -> None:
        """
        Count the request against its class.

        :raises RateLimited: when there were too many
        """
        name = self.rate_class if isinstance(self.rate_class, str) else self.rate_class.get(_verb(request), "")
        if name:
            self._verdict = ratelimits.check(name, key)
            if not self._verdict.allowed:
                raise ratelimits.refusal(self._verdict)

    @property
    def allowed_methods(self) -> list[str]:
        """The methods that do something here."""
        return [method.upper() for method in self.http_method_names if method != "options" and hasattr(self, method)]

    def _handler(self, request: HttpRequest) -> Handler:
        name = (request.method or "").lower()
        if name not in self.http_method_names or name == "options" or not hasattr(self, name):
            raise MethodNotAllowed(", ".join(self.allowed_methods))
        handler: Handler = getattr(self, name)
        self.operation = getattr(handler, "operation", None)
        return handler

    def _with_headers(self, answer: HttpResponseBase) -> HttpResponseBase:
        for name, value in self.answer_headers.items():
            answer.headers.setdefault(name, value)
        if self._verdict is not None:
            self.wire.tell_limit(answer, self._verdict)
        return answer

    def _finished(self, answer: HttpResponseBase) -> HttpResponseBase:
        """Turn what a handler returns into bytes now, while a failure can still be told."""
        if not isinstance(answer, Response):
            return answer
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-type"}
        return self.wire.success(answer.data, answer.status_code, headers)


class MerchantView(ApiView):
    """A view for merchants' programs."""

    required_scopes: ClassVar[Mapping[str, str]] = {}
    carries_secret: ClassVar[bool] = False
    talks_to_network: ClassVar[bool] = False

    identity: Identity

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        started = time.perf_counter()
        answer = super().dispatch(request, *args, **kwargs)
        if hasattr(self, "identity"):  # else nobody knows in whose log it belongs
            request_log.note(key=self.api_key, exchange=_exchange(request, answer, started), now=self.now)
        return answer

    @property
    def merchant(self) -> Merchant:
        """Whose data this is about."""
        return self.identity.merchant

    @property
    def livemode(self) -> bool:
        """Whether real money is meant."""
        return self.identity.livemode

    @property
    def api_key(self) -> APIKey:
        """The key that was used, directly or through a token."""
        return self.identity.api_key

    def respond(self, request: HttpRequest, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        headers = request.META
        self.identity = identify(
            authorization=headers.get("HTTP_AUTHORIZATION", ""),
            api_key=headers.get("HTTP_X_API_KEY", ""),
            now=self.now,
            key_format=self.wire.keys,
        )
        context.set_actor(self.identity.actor)
        self.count(request, str(self.api_key.pk))
        touch_api_key(key=self.api_key, now=self.now)
        self._check_scope(request)
        if request.method not in IDEMPOTENT_METHODS:
            return work()
        if "HTTP_IDEMPOTENCY_KEY" in headers:
            return self._respond_once(request, work)
        if self.talks_to_network:
            return work()
        with transaction.atomic():
            return work()

    def permission_for(self, scope: str) -> str:
        """Return which of our permissions a scope of the format asks for."""
        return scope

    def _check_scope(self, request: HttpRequest) -> None:
        scope = self.required_scopes[_verb(request)]
        if not self.identity.may(self.permission_for(scope)):
            raise InsufficientScope(f"This needs the permission {scope}.", constraints={"required_scope": scope})

    def _respond_once(self, request: HttpRequest, work: Callable[[], HttpResponseBase]) -> HttpResponse:
        once = Once(
            scope=_idempotency_scope(self.identity, self.wire),
            key=idempotency.read_key(request.META["HTTP_IDEMPOTENCY_KEY"]),
            fingerprint=fingerprint(
                method=request.method or "", path=request.get_full_path(), body=parsing.read_bytes(request)
            ),
        )
        repeatable = idempotency.Repeatable(
            once, carries_secret=self.carries_secret, talks_to_network=self.talks_to_network
        )

        def work_or_refusal() -> HttpResponse:
            try:
                answer = work()
            except Exception as problem:  # noqa: BLE001 - a refusal is an answer too, and is kept
                return self.wire.error_answer(failure_of(problem))
            if not isinstance(answer, HttpResponse):
                raise TypeError("an answer that is stored cannot be a stream")
            return answer

        return idempotency.answer_once(repeatable, work_or_refusal, now=self.now)


class PublicView(ApiView):
    """A view for anybody, from any web page; limited by IP address."""

    answer_headers = {**ApiView.answer_headers, **_CORS}

    def _handler(self, request: HttpRequest) -> Handler:
        if request.method == "OPTIONS":
            return self._preflight
        return super()._handler(request)

    def respond(self, request: HttpRequest, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        return work() if request.method == "OPTIONS" else super().respond(request, work)

    def _preflight(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        """Answer what a browser asks before the request itself (Fetch standard, section 3.2.2)."""
        allowed = ", ".join(self.allowed_methods)
        return HttpResponse(
            status=204,
            headers={
                "Access-Control-Allow-Methods": allowed,
                "Access-Control-Allow-Headers": self.wire.preflight_headers,
                "Access-Control-Max-Age": "86400",
            },
        )


class NowhereView(ApiView):
    """Stands last below a format's prefix: whatever else is asked for there is told in its shape."""

    def _handler(self, request: HttpRequest) -> Handler:  # noqa: ARG002
        return _nothing_here


def _exchange(request: HttpRequest, answer: HttpResponseBase, started: float) -> Exchange:
    content = answer.content if isinstance(answer, HttpResponse) else b""
    return Exchange(
        method=request.method or "",
        path=request.get_full_path(),
        status=answer.status_code,
        milliseconds=round((time.perf_counter() - started) * 1000),
        request_bytes=int(request.META.get("CONTENT_LENGTH") or 0),
        response_bytes=len(content),
        error=error_code(content) if answer.status_code >= HTTPStatus.BAD_REQUEST else "",
    )


def _verb(request: HttpRequest) -> str:
    return "GET" if request.method == "HEAD" else (request.method or "")


def _nothing_here(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG001
    meant = request.path.rstrip("/")
    if meant == request.path or not _leads_somewhere(meant, getattr(request, "urlconf", None)):
        raise UnknownURL
    raise UnknownURL(suggestions=(f"Leave off the slash at the end: {meant}",))


def _leads_somewhere(path: str, urlconf: str | None) -> bool:
    try:
        found = resolve(path, urlconf)
    except Resolver404:
        return False
    return not issubclass(getattr(found.func, "view_class", object), NowhereView)


def _idempotency_scope(identity: Identity, wire: WireFormat) -> str:
    """Return whose the idempotency keys are: a merchant's in one mode, of one format."""
    scope = f"{identity.merchant.pk}:{'live' if identity.livemode else 'test'}"
    return scope if wire.keys is KeyFormat.NATIVE else f"{scope}:{wire.name}"
