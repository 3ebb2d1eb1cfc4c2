"""
What the menu offers, as one table. To add a page give its URL the name that stands here, or add a line.

An entry is shown once its URL exists and the member's role may open it. It is marked as the current
one for every page whose path lies below its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from dashboard.access import DEVELOP, EVERYBODY, MANAGE, Desk
from merchants.models import Role


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu: ``url`` is a name within ``dashboard:``, ``icon`` one of dashboard/icons.py."""

    label: object
    url: str
    icon: str
    may: frozenset[Role] = EVERYBODY


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under a heading; the first section needs none."""

    label: object
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is shown."""

    label: str
    href: str
    icon: str
    is_current: bool


SECTIONS: Final = (
    Section(
        "",
        (
            Entry(_("Overview"), "overview", "overview"),
            Entry(_("Invoices"), "invoices", "invoices"),
            Entry(_("Customers"), "customers", "customers"),
            Entry(_("Payment links"), "payment_links", "links"),
            Entry(_("Inbox"), "deposits", "inbox"),
        ),
    ),
    Section(
        _("Money"),
        (
            Entry(_("Refunds"), "refunds", "refunds"),
            Entry(_("Settlements"), "settlements", "settlements"),
            Entry(_("Payouts"), "payouts", "payouts"),
            Entry(_("Wallets"), "wallets", "wallets"),
        ),
    ),
    Section(
        _("Developers"),
        (
            Entry(_("API keys"), "api_keys", "keys", DEVELOP),
            Entry(_("Webhooks"), "webhooks", "webhooks"),
            Entry(_("Events"), "events", "events"),
            Entry(_("Request log"), "requests", "requests", DEVELOP),
            Entry(_("Sandbox"), "sandbox", "sandbox", DEVELOP),
        ),
    ),
    Section(
        _("Settings"),
        (
            Entry(_("Business"), "business", "business"),
            Entry(_("Payment rules"), "payment_rules", "rules"),
            Entry(_("Branding"), "branding", "branding"),
            Entry(_("Notifications"), "notifications", "notifications"),
            Entry(_("Team"), "team", "team"),
            Entry(_("Plan and usage"), "plan", "plan"),
            Entry(_("Audit log"), "audit", "audit", MANAGE),
        ),
    ),
)


def menu(at: Desk, *, path: str) -> list[tuple[str, list[Link]]]:
    """Return the headings with the links below them, for a member who looks at ``path``."""
    current = _current(path)
    shown = [(str(section.label), list(_links(section, at, current))) for section in SECTIONS]
    return [(label, links) for label, links in shown if links]


def first_page(at: Desk) -> str:
    """Return the URL of the page that a member begins with."""
    return next(links[0].href for _label, links in menu(at, path=""))


def home_of(path: str) -> str:
    """Return the URL of the menu's entry that ``path`` belongs to; of the dashboard's beginning when to none."""
    return _current(path) or reverse("dashboard:home")


def _links(section: Section, at: Desk, current: str) -> Iterator[Link]:
    for entry in section.entries:
        href = _href(entry)
        if href and at.member.role in entry.may:
            yield Link(label=str(entry.label), href=href, icon=entry.icon, is_current=href == current)


def _current(path: str) -> str:
    """Return the longest of the menu's URLs that ``path`` begins with, or "" for none."""
    below = [
        href for section in SECTIONS for entry in section.entries if (href := _href(entry)) and path.startswith(href)
    ]
    return max(below, key=len, default="")


def _href(entry: Entry) -> str:
    try:
        return reverse(f"dashboard:{entry.url}")
    except NoReverseMatch:
        return ""
