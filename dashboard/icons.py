"""The icons of the dashboard: strokes on a square of 24, drawn where the text is and in its colour."""

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

STROKES: Final = {
    "overview": "M4 20v-9M10 20V4M16 20v-7M21 20H3",
    "invoices": "M6 3h8l5 5v13H6zM14 3v5h5M9.5 13h6M9.5 17h6",
    "customers": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.6-6 8-6s8 2 8 6",
    "links": (
        "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1.2 1.2M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2"
    ),
    "inbox": "M4 13l3-8h10l3 8v6H4zM4 13h5l1 3h4l1-3h5",
    "refunds": "M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
    "settlements": "M3 21h18M3 10h18l-9-6zM6 10v8M10 10v8M14 10v8M18 10v8",
    "payouts": "M12 15V4M7.5 8L12 3.5 16.5 8M4 15v5h16v-5",
    "wallets": "M4 7.5h14a2 2 0 0 1 2 2V18a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2h10v3.5M16 13.7h.01",
    "keys": "M8 15.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 11.5h9M18 11.5v4M15 11.5v3",
    "webhooks": "M13 3L5 14h6l-1 7 8-11h-6z",
    "events": "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
    "requests": "M8 8l-4 4 4 4M16 8l4 4-4 4M13.5 5.5l-3 13",
    "sandbox": "M9 3h6M10 3v6L5 19a1.5 1.5 0 0 0 1.4 2h11.2A1.5 1.5 0 0 0 19 19L14 9V3M7.5 15h9",
    "business": "M4 21V9.5L12 4l8 5.5V21M3 21h18M9.5 21v-6h5v6",
    "branding": (
        "M12 21a9 9 0 1 1 9-9c0 3-2 4-4 4h-2a2 2 0 0 0-1.5 3.3c.8 1 .2 1.7-1.5 1.7zM8 12h.01M10.5 8h.01M15 8.5h.01"
    ),
    "team": (
        "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.5 2.9-5.5 6.5-5.5s6.5 2 6.5 5.5"
        "M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.8c2.2.7 3.5 2.5 3.5 5.2"
    ),
    "notifications": "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
    "rules": "M4 7h9M17 7h3M15 5v4M4 12h3M11 12h9M9 10v4M4 17h10M18 17h2M16 15v4",
    "plan": "M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6",
    "audit": "M12 3l8 3v6c0 5-3.5 7.5-8 9-4.5-1.5-8-4-8-9V6zM9 12l2 2 4-4",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "close": "M6 6l12 12M18 6L6 18",
    "open": "M8 9.5l4-4 4 4M8 14.5l4 4 4-4",
    "copy": "M9 9h11v11H9zM5 15H4V4h11v1",
    "check": "M5 13l4 4L19 7",
    "plus": "M12 5v14M5 12h14",
    "back": "M15 6l-6 6 6 6",
    "next": "M9 6l6 6-6 6",
    "out": "M10 4H5v16h5M15 8l4 4-4 4M19 12H9",
    "search": "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
    "download": "M12 4v11M7 11l5 5 5-5M4 20h16",
    "elsewhere": "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
}


def drawn(name: str) -> SafeString:
    """Return an icon as SVG; readers do not hear of it, so a text stands beside it."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" '
        'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>',
        STROKES[name],
    )
