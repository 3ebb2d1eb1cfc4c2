"""
The first page of the staff: what an operator looks at each morning, and nothing that is fine in between.

Money and machinery are read afresh for every look; how business went is a minute old at most. Whoever may not see a
list sees no figure of it either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.charts import Chart
from operations.figures import business, chains, money, work
from operations.figures.base import Figure, Level, Morning
from payments.overview import network_statuses
from payments.vault_overview import vault_statuses

CHART_NEEDS = "invoices.view_invoice"


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that belong together."""

    name: str | Promise
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the template shows; ``alarms`` are the coloured figures, the red ones first."""

    sections: Sequence[Section]
    alarms: Sequence[Figure]
    chart: Chart | None


def page_of(user: Any, morning: Morning) -> Page:
    """Return the figures that ``user`` may see."""
    statuses = network_statuses(now=morning.now)
    told, chart = business.of_business(morning)
    vaults = vault_statuses(now=morning.now).values()  # also of networks that are no longer read
    every = (
        Section(
            _("Money"),
            [*money.of_waiting(morning), *money.of_vaults(vaults, morning), *money.of_books(morning)],
        ),
        Section(_("Chains"), [*chains.of_networks(statuses), *chains.of_rescans()]),
        Section(_("Rates"), chains.of_rates(morning)),
        Section(
            _("Work"),
            [*work.of_log(morning), *work.of_audit(morning), *work.of_deliveries(morning), *work.of_failures(morning)],
        ),
        Section(_("Business"), told),
    )
    sections = [
        Section(section.name, seen)
        for section in every
        if (seen := [figure for figure in section.figures if user.has_perm(figure.permission)])
    ]
    coloured = [figure for section in sections for figure in section.figures if figure.level is not Level.FINE]
    return Page(
        sections=sections,
        alarms=sorted(coloured, key=lambda figure: figure.level is not Level.RED),
        chart=chart if user.has_perm(CHART_NEEDS) and not chart.is_empty else None,
    )
