"""
Every page in every state, as a list: tests/browser/test_screens.py opens each of them on a phone and on a wide
screen, light and dark, asks axe-core what is wrong with it, sees that nothing sticks out and, in `make screens`,
writes its picture to var/screens/.

A module of this package is one part of the product; put states beside the others or add a module:

    @screen("wallets", "empty")
    def _(stage: Stage) -> str:
        return "/dashboard/wallets/"

The function prepares the database and returns the path to open as the stage's owner (``stage.role`` changes who
looks, ``stage.visitor = True`` opens it signed out, ``stage.testing = True`` in test mode). ``act`` is done in the
browser before the look: a click, a form that is filled in wrongly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from merchants.models import Member, Merchant
from tests.factories import make_merchant

Act = Callable[[Page], Any]


@dataclass
class Stage:
    """A merchant and a person who looks at its pages."""

    now: datetime = field(default_factory=timezone.now)
    role: str = "owner"
    visitor: bool = False
    testing: bool = False
    after_signing_in: Callable[[], Any] = lambda: None  # what happens to the person meanwhile
    settings: Any = None  # pytest-django's: what is set lasts for this screen

    def __post_init__(self) -> None:
        self.merchant: Merchant = make_merchant(self.now)
        self.person: User = get_user_model().objects.create_user(
            "ada@example.com", "ada@example.com", "four unrelated words"
        )

    def cookies(self, url: str) -> list[dict[str, str]]:
        """Return what the browser of the person holds."""
        if self.visitor:
            return []
        Member.objects.get_or_create(user=self.person, merchant=self.merchant, defaults={"role": self.role})
        client = Client()
        client.force_login(self.person)
        if self.testing:
            client.post("/dashboard/mode/", {"mode": "test"})
        self.after_signing_in()
        return [{"name": name, "value": cookie.value, "url": url} for name, cookie in client.cookies.items()]


@dataclass(frozen=True)
class Screen:
    """A page in a state."""

    part: str
    state: str
    prepare: Callable[[Stage], str]
    act: Act | None = None
    devices: tuple[str, ...] = ("phone", "wide")
    tolerated: Mapping[str, str] = field(default_factory=dict)  # axe-core's rule → why it is not for us to mend

    @property
    def name(self) -> str:
        return f"{self.part}-{self.state}".replace(" ", "-")


SCREENS: list[Screen] = []


def screen(
    part: str,
    state: str,
    *,
    act: Act | None = None,
    devices: tuple[str, ...] = ("phone", "wide"),
    tolerated: Mapping[str, str] | None = None,
) -> Callable[[Callable[[Stage], str]], Callable[[Stage], str]]:
    """Add a page in a state to the list."""

    def add(prepare: Callable[[Stage], str]) -> Callable[[Stage], str]:
        SCREENS.append(Screen(part, state, prepare, act, devices, tolerated or {}))
        return prepare

    return add


def every_screen() -> list[Screen]:
    """Return all of them, whichever module they stand in."""
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__name__}.{module.name}")
    return sorted(SCREENS, key=lambda each: each.name)
