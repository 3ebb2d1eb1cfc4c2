"""``manage.py audit verify|seal|head|sign``: check the audit log, seal what waits, print the head to note."""

import re
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core.ids import parse_public_id, public_id
from events import checking, sealing
from events.checking import Noted, Problem, Verdict
from events.models import ChainHead, Event

_MERCHANT: Final = "mer"  # the prefix of the ids that merchants have
_NOTED: Final = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class Command(BaseCommand):
    """``verify`` ends with 1 when an entry is not what was sealed, is missing, or was put in."""

    help = "Check the audit log (verify), seal what waits (seal), print its head (head), sign the heads anew (sign)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="check every entry; exit 1 on the first that is broken")
        verify.add_argument("--merchant", default="", help="only this merchant's chain (mer_…)")
        verify.add_argument("--noted", default="", help="a head that was noted before (NUMBER:HASH) must still hold")
        actions.add_parser("seal", help="seal what waits, as the worker does every few seconds")
        actions.add_parser("head", help="print the head of the whole log: NUMBER:HASH")
        actions.add_parser("sign", help="sign all heads anew, after a key was lost")

    def handle(self, *_: Any, action: str, **options: Any) -> None:
        if action == "verify":
            self._verify(options["merchant"], options["noted"])
        elif action == "seal":
            self.stdout.write(f"{sealing.seal_all(now=timezone.now())} entries sealed")
        elif action == "sign":
            self.stdout.write(f"{sealing.sign_heads()} heads signed")
        else:
            self.stdout.write(str(ChainHead.objects.filter(pk=ChainHead.WHOLE).first() or "nothing is sealed"))

    def _verify(self, merchant: str, noted: str) -> None:
        now = timezone.now()
        if merchant:
            chain = parse_public_id(_MERCHANT, merchant)
            if chain is None or noted:
                raise CommandError("Say --merchant mer_… alone, or --noted NUMBER:HASH for the whole log.")
            verdict = checking.check_chain(chain=chain, now=now)
        else:
            verdict = checking.check_all(now=now, noted=_noted(noted))
        self._tell(verdict)

    def _tell(self, verdict: Verdict) -> None:
        for problem in verdict.problems:
            self.stdout.write(f"{_name(problem)}: entry {problem.number} {problem.what}")
        if verdict.problems:
            count = len(verdict.problems)
            raise CommandError(f"The audit log is broken: {count} chain{'s' if count > 1 else ''}.")
        waiting = Event.objects.filter(position__isnull=False, seal=None).count()
        self.stdout.write(f"{verdict.entries} entries are what was sealed; {waiting} wait for their seal.")


def _noted(text: str) -> Noted | None:
    if not text:
        return None
    found = _NOTED.fullmatch(text)
    if found is None:
        raise CommandError("A noted head reads NUMBER:HASH, as `audit head` and the program's log print it.")
    return Noted(int(found[1]), found[2])


def _name(problem: Problem) -> str:
    if problem.chain == ChainHead.WHOLE:
        return "whole log"
    return "no merchant" if problem.chain == ChainHead.NOBODYS else public_id(_MERCHANT, problem.chain)
