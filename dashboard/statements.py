"""
The statement of a month: what was settled and what was reversed in it, as a PDF to keep.

A settlement that is reversed later stays in the month it was made in and is taken off in the month of its
reversal: the statement of a month that is over never changes. Months are those of UTC.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from chains import registry
from core.paper import Paper
from merchants.models import Merchant
from payments.events import in_major_units
from payments.models import Settlement

MOST_LINES: Final = 1_000  # a longer one has its totals, and leaves the lines to the CSV


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, at: datetime) -> "Month":
        """Return the month in which ``at`` lies."""
        there = at.astimezone(UTC)
        return cls(there.year, there.month)

    @property
    def before(self) -> "Month":
        """The month before."""
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    @property
    def start(self) -> datetime:
        """When it begins."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """When the next one begins."""
        return datetime(self.year + (self.month == 12), self.month % 12 + 1, 1, tzinfo=UTC)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True, slots=True)
class Line:
    """A settlement as it counts: ``sign`` is 1, or -1 where it is taken off."""

    at: datetime
    settlement: Settlement
    sign: int


def lines_of(month: Month, settlements: Iterable[Settlement]) -> list[Line]:
    """Return what was settled and reversed in ``month`` among ``settlements``, oldest first."""
    lines = []
    for each in settlements:
        if month.start <= each.created_at < month.end:
            lines.append(Line(each.created_at, each, 1))
        if each.reversed_at and month.start <= each.reversed_at < month.end:
            lines.append(Line(each.reversed_at, each, -1))
    return sorted(lines, key=lambda line: line.at)


def write(merchant: Merchant, month: Month, lines: list[Line], *, livemode: bool, now: datetime) -> bytes:
    """Return the statement as a PDF."""
    paper = Paper(
        title=_("Statement"),
        language=get_language() or "en",
        lost_note=_("Some characters cannot be written here; the dashboard shows all of them."),
    )
    paper.heading(merchant.business_name, _("Statement"))
    paper.pairs(
        [
            (_("Month"), f"{month} (UTC)"),
            (_("Account"), merchant.public_id),
            (_("Written"), _moment(now)),
            *([] if livemode else [(_("Test mode"), _("no real money moved"))]),
        ]
    )
    for (network, _code), of_asset in _by_asset(lines).items():
        _totals(paper, network, of_asset)
    paper.section(_("Settlements"))
    if not lines:
        paper.small(_("There are none in this month."))
    for line in lines if len(lines) <= MOST_LINES else ():
        _line(paper, line)
    notes = [_("What is reversed in a month is taken off in that month, also when it was settled in an earlier one.")]
    if len(lines) > MOST_LINES:
        notes.append(_("These are too many to be listed here; the dashboard has them as CSV."))
    paper.footnotes(notes)
    return paper.finish()


def _by_asset(lines: Iterable[Line]) -> dict[tuple[str, str], list[Line]]:
    found: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        found[line.settlement.network, line.settlement.asset_code].append(line)
    return dict(sorted(found.items()))


def _totals(paper: Paper, network: str, lines: list[Line]) -> None:
    known = registry.find_network(network)
    one = lines[0].settlement
    paper.section(f"{one.asset_code} · {known.name if known else network}")
    gross, fee, net = (
        sum(line.sign * int(getattr(line.settlement, name)) for line in lines)
        for name in ("gross_units", "fee_units", "net_units")
    )
    paper.row(_("Arrived"), _amount(one, gross))
    paper.row(_("Fee of the platform"), _amount(one, -fee))
    paper.row(_("Yours"), _amount(one, net), bold=True)


def _line(paper: Paper, line: Line) -> None:
    each = line.settlement
    title = each.invoice.title if line.sign > 0 else _("Reversed: %(title)s") % {"title": each.invoice.title}
    paper.row(title, _amount(each, line.sign * int(each.net_units)))
    gross, fee = (_amount(each, line.sign * int(units)) for units in (each.gross_units, each.fee_units))
    arrived = _("arrived %(gross)s, fee %(fee)s") % {"gross": gross, "fee": fee}
    paper.small(f"{_moment(line.at)} · {each.invoice.public_id} · {arrived}")


def _amount(settlement: Settlement, units: int) -> str:
    """Return base units as text; a minus sign that is one stands before what is taken off."""
    sign = "\N{MINUS SIGN}" if units < 0 else ""
    return f"{sign}{in_major_units(settlement, abs(units)):f} {settlement.asset_code}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
