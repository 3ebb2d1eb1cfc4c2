"""
Which language a customer reads. Members and staff read English.

What the URL names (``?lang=de``) beats what was chosen before, and that beats what the browser asks for. The choice
is kept in a cookie of the section it was made in (``/invoice/``, ``/l/``, ``/refund/``); redirects from one section
to another carry it along. No other page gets the cookie.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

PARAMETER: Final = "lang"
ENGLISH: Final = "en"
_LONGEST: Final = 35  # characters of a language tag (RFC 5646, 4.4.1)
# First parts of paths that no customer opens.
_OTHERS: Final = frozenset(
    {"admin", "api", "brand", "checkout.d.ts", "checkout.js", "dashboard", "docs", "healthz", "metrics", "readyz"}
)
_PLAIN: Final = re.compile(r"[a-z0-9-]+")  # a path that cannot say anything else in a cookie
_A_YEAR: Final = 365 * 86_400  # seconds
_REDIRECTS: Final = range(300, 400)


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of the menu."""

    code: str
    name: str  # in the language itself
    url: str
    is_current: bool


class LanguageMiddleware:
    """Answer a customer in their language, and everybody else in English."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        section = _section(request.path)
        if section in _OTHERS:
            with translation.override(ENGLISH):
                return self._get_response(request)
        named = supported(request.GET.get(PARAMETER, ""))
        kept = supported(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
        language = named or kept or _asked(request)
        # Only for this request: the next one of this thread may be an API's.
        with translation.override(language):
            response = self._get_response(request)
        if (named or kept) and response.status_code in _REDIRECTS:
            _carry(response, language, section)
        if named and _PLAIN.fullmatch(section) and _is_opened(request):
            _keep(request, response, named, section)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def supported(tag: str) -> str:
    """Return the language that serves readers of ``tag`` (``pt-BR``: ``pt``, ``zh-CN``: ``zh-hans``), or nothing."""
    try:
        return translation.get_supported_language_variant(tag[:_LONGEST].strip().lower())
    except LookupError:
        return ""


def is_for_customers(path: str) -> bool:
    """Return whether the page at ``path`` is one that customers open."""
    return _section(path) not in _OTHERS


def choices(request: HttpRequest, *, path: str = "") -> Sequence[Choice]:
    """Return the menu: this page, or the one at ``path``, in each language."""
    here = translation.get_language() or ENGLISH
    return tuple(
        Choice(
            code=code,
            name=_as_a_name(translation.get_language_info(code)["name_local"]),
            url=_with_language(request, path or request.path, code),
            is_current=code == here,
        )
        for code, _ in settings.LANGUAGES
    )


def _as_a_name(name: str) -> str:
    """Return the name as it stands in a menu: some languages write their own in small letters within a text."""
    return name[:1].upper() + name[1:]


def _with_language(request: HttpRequest, path: str, code: str) -> str:
    query = request.GET.copy()
    query[PARAMETER] = code
    query.pop("sent", None)  # said once
    return f"{path}?{query.urlencode()}"


def _section(path: str) -> str:
    return path.strip("/").partition("/")[0]


def _asked(request: HttpRequest) -> str:
    for tag, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()):
        if found := supported(tag):
            return found
    return ENGLISH


def _is_opened(request: HttpRequest) -> bool:
    """Return whether somebody opens a page, and not a page asks for its news: that chooses nothing."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def _keep(request: HttpRequest, response: HttpResponse, language: str, section: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=_A_YEAR,
        path=f"/{section}/",
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def _carry(response: HttpResponse, language: str, section: str) -> None:
    """Let a redirect to another of our sections name the language: the cookie does not reach there."""
    parts = urlsplit(response.headers["Location"])
    if parts.netloc or _section(parts.path) == section or not is_for_customers(parts.path):
        return
    query = QueryDict(parts.query, mutable=True)
    query[PARAMETER] = language
    response.headers["Location"] = urlunsplit(parts._replace(query=urlencode(query, doseq=True)))
