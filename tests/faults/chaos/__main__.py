"""``make chaos``: minutes of load and faults, then figures; exit status 1 when anything was lost, doubled or broken."""

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from bench.installation import ROOT
from tests.faults.chaos.account import Account
from tests.faults.chaos.campaign import Plan, run
from tests.faults.chaos.faults import ALL


def main() -> int:
    """Read CHAOS_MINUTES and CHAOS_SEED, run, and say what came of it."""
    seed = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randint(1, 999_999))
    minutes = float(os.environ.get("CHAOS_MINUTES") or 3)
    (ROOT / "var").mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="chaos-", dir=ROOT / "var"))
    _say(f"Chaos of {minutes:g} minutes. The same faults in the same order: make chaos CHAOS_SEED={seed}")
    account = run(Plan(seed=seed, seconds=minutes * 60, faults=ALL), directory, tell=_say)
    _say(told(account))
    if account.is_good:
        shutil.rmtree(directory, ignore_errors=True)
        return 0
    _say(f"\nThe logs, and the database as it was left, are in {directory}. CHAOS_SEED={seed}")
    return 1


def told(account: Account) -> str:
    """Return the account in words."""
    lines = [""]
    lines += [f"  {name:34}{number:>10,}" for name, number in account.figures.items()]
    lines += [f"  {'lost':34}{len(account.lost):>10,}", f"  {'doubled':34}{len(account.doubled):>10,}", ""]
    for title, found in (("Lost", account.lost), ("Doubled", account.doubled), ("Wrong", account.problems)):
        lines += [f"{title}: {each}" for each in found[:30]]
    return "\n".join([*lines, f"manage.py doctor: {account.doctor.splitlines()[0] if account.doctor else ''}"])


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
