"""The views of the self-hosted checkout's API; what they give and how to write one stands in ``api.base``."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import base
from api.selfhosted.mapping import SCOPES
from api.selfhosted.wire import SELFHOSTED
from core.errors import Invalid


class MerchantView(base.MerchantView):
    """
    A view for merchants' programs.

    ``params`` are the format's names of fields that use cases call otherwise; None: the format has no such field.
    """

    wire = SELFHOSTED
    params: ClassVar[Mapping[str, str | None]] = {}
    _is_read = False

    @property
    def owner(self) -> dict[str, Any]:
        """Whose data this is about, as every use case wants to know."""
        return {"merchant": self.merchant, "livemode": self.livemode}

    def permission_for(self, scope: str) -> str:
        """Return which of our permissions a scope of the format asks for."""
        return SCOPES[scope]

    def body(self) -> dict[str, Any]:
        """Return the body as the operation declares it; what is wrong with it is told in its own names."""
        found = super().body()
        self._is_read = True
        return found

    def respond(self, request: HttpRequest, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        def work_in_their_words() -> HttpResponseBase:
            try:
                return work()
            except Invalid as failure:
                if self._is_read:
                    failure.field = self.params.get(failure.field or "", failure.field)
                raise

        return super().respond(request, work_in_their_words)


class PublicView(base.PublicView):
    """A view for anybody, from any web page."""

    wire = SELFHOSTED


class NowhereView(base.NowhereView):
    """Whatever else is asked for below the format's prefix."""

    wire = SELFHOSTED
