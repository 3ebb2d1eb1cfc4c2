"""``make chaos``: minutes of load and faults, then figures; exit status 1 when anything was lost, doubled or broken."""

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from bench.installation import ROOT
from tests.faults.chaos.account import told
from tests.faults.chaos.campaign import Plan, run
from tests.faults.chaos.faults import ALL
from tests.faults.chaos.record import Record, path_of


def main() -> int:
    """Read CHAOS_MINUTES and CHAOS_SEED, run, and say what came of it."""
    seed = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randint(1, 999_999))
    minutes = float(os.environ.get("CHAOS_MINUTES") or 3)
    (ROOT / "var").mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="chaos-", dir=ROOT / "var"))
    record = Record(seed)

    def say(text: str) -> None:
        _say(text)
        record.say(text)

    say(f"Chaos of {minutes:g} minutes. The same faults in the same order: make chaos CHAOS_SEED={seed}")
    account = run(Plan(seed=seed, seconds=minutes * 60, faults=ALL), directory, tell=say, record=record)
    _say(told(account, most=30))
    _say(f"What became of every order: {path_of(record)}/orders.jsonl")
    if account.is_good:
        shutil.rmtree(directory, ignore_errors=True)
        return 0
    _say(f"\nThe logs, and the database as it was left, are in {directory}. CHAOS_SEED={seed}")
    return 1


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
