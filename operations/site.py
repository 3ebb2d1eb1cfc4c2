"""The staff's site: Django's admin behind our door and our policy, with our pages only."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from core.staff import CarefulAdmin
from operations.door import Standing, standing_of, way_to_second_step
from operations.figures.base import Morning
from operations.policy import guarded

View = Callable[..., Any]


class StaffSite(AdminSite):
    """Every page asks the door first. There is no password form here and no way to become somebody else."""

    site_header = site_title = "Crypto Checkout"
    index_title = _("This morning")
    index_template = "operations/home.html"
    site_url = None

    def register(
        self, model_or_iterable: type[Model] | Iterable[type[Model]], admin_class: Any = None, **options: Any
    ) -> None:
        """
        Take pages that stand on ``core.staff`` and leave out all others.

        Third-party apps bring pages on which rows are changed past our services: passwords, second steps, addresses.
        """
        if admin_class is not None and issubclass(admin_class, CarefulAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether whoever asks may see any page at all."""
        return standing_of(request) is Standing.INSIDE

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """Put the policy around a page."""
        return guarded(super().admin_view(view, cacheable))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the figures of the morning above the list of everything."""
        from operations.morning import page_of  # figures stand on models, which are not there when this is imported

        morning = Morning(livemode=request.GET.get("mode") != "test", now=timezone.now())
        shown = {"page": page_of(request.user, morning), "livemode": morning.livemode, "now": morning.now}
        return super().index(request, {**shown, **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the way in: sign in, take the second step, or say who this is for."""
        answer: HttpResponse = guarded(self._way_in)(request, extra_context)  # type: ignore[assignment]
        return answer

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ARG002
        """Leave by the page that everybody leaves by."""
        return redirect("account_logout")

    def password_change(
        self,
        request: HttpRequest,  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """Change one's password where everybody does: it asks for the old one and ends other sessions."""
        return redirect("account_change_password")

    def _way_in(self, request: HttpRequest, extra_context: dict[str, Any] | None) -> HttpResponse:
        standing, onward = standing_of(request), self._onward(request)
        if standing is Standing.INSIDE:
            return HttpResponseRedirect(onward)
        if standing is Standing.UNKNOWN:
            return _to("account_login", onward)
        if standing is Standing.SECOND_STEP_MISSING:
            return _to(way_to_second_step(request), onward)
        context = {
            **self.each_context(request),
            **(extra_context or {}),
            "title": _("This is for staff") if standing is Standing.NOT_STAFF else _("Set up a second step first"),
            "is_staff": standing is Standing.WITHOUT_SECOND_STEP,
        }
        request.current_app = self.name
        return TemplateResponse(request, "operations/door.html", context, status=403)

    def _onward(self, request: HttpRequest) -> str:
        wanted = request.GET.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return wanted if is_ours else reverse("admin:index", current_app=self.name)


def _to(name: str, onward: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse(name)}?{urlencode({'next': onward})}")
