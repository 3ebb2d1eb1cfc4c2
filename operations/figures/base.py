"""
What a figure is: a number in words, the list behind it, and, where it can be wrong, the rule for its colour.

A figure is coloured by a rule that is written next to it, never by taste: whoever gets up for a red one knows why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Text = str | Promise


class Level(StrEnum):
    """How a figure stands: ``red`` needs somebody now, ``amber`` today, ``""`` nobody."""

    FINE = ""
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the morning. ``rule`` says when it is coloured; ``model`` is whose list it leads to."""

    name: Text
    value: str
    model: type[Model]
    query: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    level: Level = Level.FINE
    rule: Text = ""

    @property
    def href(self) -> str:
        """The list behind the figure, filtered as the figure is."""
        return list_of(self.model, **self.query)

    @property
    def permission(self) -> str:
        """Who may see it: whoever sees the list."""
        return f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"  # noqa: SLF001 - Django's _meta


@dataclass(frozen=True, slots=True)
class Morning:
    """For whom the figures are: the mode whose money is counted, and when."""

    livemode: bool
    now: datetime

    @property
    def mode(self) -> dict[str, int]:
        """The filter of lists that hold both modes."""
        return {"livemode__exact": int(self.livemode)}


def list_of(model: type[Model], **query: Any) -> str:
    """Return the address of a list, filtered."""
    names = model._meta  # noqa: SLF001 - Django's _meta
    address = reverse(f"admin:{names.app_label}_{names.model_name}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def level_of(value: Any, *, amber: Any = None, red: Any = None) -> Level:
    """Return the colour of a value that is worse the larger it is; at the border it is coloured already."""
    if red is not None and value >= red:
        return Level.RED
    if amber is not None and value >= amber:
        return Level.AMBER
    return Level.FINE


def age_text(age: timedelta) -> str:
    """Return an age in one unit, the largest that says enough: ``3 days``, ``26 hours``, ``40 min``, ``12 s``."""
    seconds = max(int(age.total_seconds()), 0)
    if seconds >= 2 * 86_400:
        return ngettext("%(n)d day", "%(n)d days", seconds // 86_400) % {"n": seconds // 86_400}
    if seconds >= 2 * 3600:
        return ngettext("%(n)d hour", "%(n)d hours", seconds // 3600) % {"n": seconds // 3600}
    if seconds >= 120:
        return _("%(n)d min") % {"n": seconds // 60}
    return _("%(n)d s") % {"n": seconds}


def oldest_text(oldest: datetime | None, now: datetime) -> str:
    """Return how long the oldest of some rows has waited; nothing when there are none."""
    return _("the oldest for %(age)s") % {"age": age_text(now - oldest)} if oldest else ""
