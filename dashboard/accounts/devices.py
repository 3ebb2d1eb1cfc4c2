"""The devices on which a person is signed in: what they are called, and signing one out."""

import re
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dashboard.access import signed_in

# The first that fits: browsers name those that they descend from.
_BROWSERS: Final = (
    ("Edge", r"Edg(A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS: Final = (
    ("Android", r"Android"),
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux|X11"),
)


def device_name(user_agent: str) -> str:
    """Return what a person calls the device that names itself ``user_agent``."""
    browser, system = (_first(table, user_agent) for table in (_BROWSERS, _SYSTEMS))
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown device")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def device_list(request: HttpRequest) -> HttpResponse:
    """Show where the person is signed in; sign out one device, or all others."""
    sessions = UserSession.objects.purge_and_list(request.user)
    if request.method == "POST":
        chosen = request.POST.get("session", "")
        ended = [each for each in sessions if not each.is_current() and chosen in {"others", str(each.pk)}]
        for session in ended:
            session.end()
        messages.success(request, _("Signed out there.") if ended else _("There was nothing to sign out."))
        return HttpResponseRedirect(reverse("usersessions_list"))
    devices = [
        {
            "id": each.pk,
            "name": device_name(each.user_agent),
            "ip": each.ip,
            "since": each.created_at,
            "seen": each.last_seen_at,
            "is_current": each.is_current(),
        }
        for each in sorted(sessions, key=lambda each: each.last_seen_at, reverse=True)
    ]
    return render(request, "usersessions/usersession_list.html", {"devices": devices})


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, pattern in table if re.search(pattern, text)), "")
