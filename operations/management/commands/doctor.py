"""``manage.py doctor``: look whether everything that must always be so is so, and say what is not and what to do."""

import json
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from operations.doctor import CHECKS, WITH_NODES, Check, Moment, Result, examine

_SHOWN: Final = 10  # findings of one promise
_GRACE: Final = 300  # seconds
_MOST_DAYS: Final = 36_500


class Command(BaseCommand):
    """Only reads, at any time and beside everything that runs. Ends with 1 when a promise is broken."""

    help = "Look whether everything that must always be so is so; exit 1 with what is not, and what to do about it."

    def add_arguments(self, parser: CommandParser) -> None:
        names = [check.name for check in (*CHECKS, *WITH_NODES)]
        parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help="examine these promises alone")
        parser.add_argument("--list", action="store_true", help="say what is promised, and examine nothing")
        parser.add_argument("--chains", action="store_true", help="also read the chains again, which asks the nodes")
        parser.add_argument("--all", action="store_true", help=f"show every finding, not the first {_SHOWN} of each")
        parser.add_argument("--json", action="store_true", help="for programs: one object a line for each promise")
        parser.add_argument(
            "--since", type=_days, metavar="DAYS", help="of invoices, examine only those of the last so many days"
        )
        parser.add_argument(
            "--grace",
            type=int,
            default=_GRACE,
            metavar="SECONDS",
            help=f"how long what was begun may still be at work (default: {_GRACE})",
        )

    def handle(self, *_arguments: Any, **options: Any) -> None:
        checks = _chosen(options["only"], with_nodes=options["chains"])
        if options["list"]:
            for check in checks:
                self.stdout.write(f"{check.name:18}{check.promise}")
            return
        begun = monotonic()
        now, broken = timezone.now(), 0
        since = now - timedelta(days=options["since"]) if options["since"] else None
        for check in checks:
            moment = Moment(now, timedelta(seconds=options["grace"]), since, partial(self._progress, check.name))
            result = examine(check, moment, most=None if options["all"] else _SHOWN)
            broken += not result.holds
            self._progress("")
            self._tell(result, as_json=options["json"], is_loud=options["verbosity"] > 1)
        self._sum_up(len(checks), broken, monotonic() - begun, as_json=options["json"])

    def _progress(self, name: str, count: int = 0) -> None:
        """Say on a terminal how far a promise is examined, in a line that the next one replaces."""
        if self.stderr.isatty():
            said = _("%(name)s: %(count)s invoices") % {"name": name, "count": f"{count:,}"} if name else ""
            self.stderr.write(f"\r{said:60}" + ("" if name else "\r"), ending="")
            self.stderr.flush()

    def _tell(self, result: Result, *, as_json: bool, is_loud: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(_as_data(result)))
        elif not result.holds:
            self._explain(result)
        elif is_loud:
            self.stdout.write(f"{result.check.name:18}{result.seconds:7.2f} s")

    def _explain(self, result: Result) -> None:
        self.stdout.write(f"\n{result.check.name}: {result.check.promise}")
        for finding in (*result.findings, *filter(None, [result.problem])):
            self.stdout.write(f"  - {finding}")
        if more := result.count - len(result.findings):
            self.stdout.write("  " + _("… and %(number)s more; --all shows them.") % {"number": f"{more:,}"})
        if result.count:
            self.stdout.write("  " + _("What to do: %(advice)s") % {"advice": result.check.advice})

    def _sum_up(self, examined: int, broken: int, seconds: float, *, as_json: bool) -> None:
        figures = {"examined": examined, "broken": broken, "seconds": f"{seconds:.1f}"}
        if broken:
            raise CommandError(
                ngettext(
                    "%(broken)s of %(examined)s promises is broken.",
                    "%(broken)s of %(examined)s promises are broken.",
                    broken,
                )
                % figures
            )
        if not as_json:
            self.stdout.write(_("All is well: %(examined)s promises hold (%(seconds)s s).") % figures)


def _days(text: str) -> float:
    days = float(text)
    if not 0 < days < _MOST_DAYS:
        raise ValueError(text)
    return days


def _chosen(names: list[str] | None, *, with_nodes: bool) -> list[Check]:
    if names:
        return [check for check in (*CHECKS, *WITH_NODES) if check.name in names]
    return [*CHECKS, *(WITH_NODES if with_nodes else ())]


def _as_data(result: Result) -> dict[str, Any]:
    return {
        "check": result.check.name,
        "promise": str(result.check.promise),
        "holds": result.holds,
        "count": result.count,
        "findings": result.findings,
        "problem": result.problem,
        "advice": "" if result.holds else str(result.check.advice),
        "seconds": round(result.seconds, 3),
    }
