"""
``bench/RESULTS.md``: what was measured last, by which commit, on which machine.

Each benchmark replaces its own section and leaves the others. Figures of different machines do not stand
beside each other: on another machine than that of the file, the file begins anew.
"""

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.figures import Figure, Table
from bench.installation import ROOT, Installation

PATH: Final = ROOT / "bench" / "RESULTS.md"
_HEAD: Final = """# Figures

Written by `make bench`; `make bench BENCH=list` measures a part and replaces its section. Ratios are taken in turns
within one run: whatever else the machine does meets both sides alike. What has no bound is there for information.

"""
_SECTION: Final = re.compile(r"^## (\S+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def keep(name: str, tables: Sequence[Table], installation: Installation, *, order: Sequence[str]) -> None:
    """Write what the benchmark ``name`` has measured into its section; ``order`` is that of the sections."""
    before = PATH.read_text() if PATH.exists() else ""
    PATH.write_text(merged(before, machine(installation), name, section(tables, _measured()), order=order))


def merged(before: str, about: str, name: str, text: str, *, order: Sequence[str]) -> str:
    """Return the file with a section replaced; without the others when they were measured elsewhere."""
    kept = dict(_SECTION.findall(before)) if about in before else {}
    kept[name] = f"\n{text}\n"
    written = [f"## {each}\n{kept[each]}" for each in order if each in kept]
    return f"{_HEAD}{about}\n{''.join(written).rstrip()}\n"


def section(tables: Iterable[Table], measured: str) -> str:
    """Return what stands below a benchmark's name."""
    return "\n".join([f"{measured}\n", *(_table(table) for table in tables)])


def machine(installation: Installation) -> str:
    """Return what the figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rows = {
        "Processor": f"{_processor()}, {os.cpu_count()} threads",
        "Memory": f"{memory:.0f} GiB",
        "Kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **_engines(installation),
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items()), ""])


def _table(table: Table) -> str:
    lines = [f"### {table.title}", "", "| Figure | Measured | Asked | Met |", "|---|---|---|---|"]
    return "\n".join([*lines, *(_row(figure) for figure in table.figures), ""])


def _row(figure: Figure) -> str:
    met = "" if not figure.bound else "yes" if figure.is_within else "**no**"
    cells = [cell.replace("|", "\\|") for cell in (figure.name, figure.value, figure.bound, met)]
    return f"| {' | '.join(cells)} |"


def _measured() -> str:
    commit = _git("rev-parse", "--short=10", "HEAD") or "an unknown commit"
    changed = " with changes" if _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench") else ""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {commit}{changed}."


def _git(*command: str) -> str:
    done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str:
    described = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    found = re.search(r"^model name\s*: (.+)$", described, re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def _engines(installation: Installation) -> dict[str, str]:
    import psycopg
    import redis

    with psycopg.connect(installation.environment["DATABASE_URL"]) as connection:
        postgres = connection.info.parameter_status("server_version") or ""
    with redis.Redis.from_url(installation.environment["REDIS_URL"]) as client:
        valkey = client.info("server")
    return {"PostgreSQL": postgres, "Valkey": str(valkey.get("valkey_version") or valkey["redis_version"])}
