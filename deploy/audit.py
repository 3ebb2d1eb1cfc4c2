"""What an installation is made of, and whether any of it should not be: `make audit`.

    python deploy/audit.py licences          every package may be used and passed on with ours
    python deploy/audit.py sbom FILE         write the bill of materials (CycloneDX 1.6)
    python deploy/audit.py vulnerabilities   ask whether one of them has a known hole

The last asks a service on the internet. Where none can be reached nothing is known, and it says so in capitals; with
AUDIT_REQUIRED=1 that is a failure.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "deploy" / "requirements.lock"
PIP_AUDIT: Final = "pip-audit==2.10.1"
SERVICES: Final = ("pypi", "osv")

# Licences that a program under MIT may stand on without becoming anything else. The LGPL asks that its parts can be
# replaced, which Python packages can; the MPL that changes to its own files stay open, and we make none.
_FINE: Final = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla Public|LGPL|Lesser General Public|0BSD|Zlib|"
    r"Unlicense|OFL|Open Font|HPND|PostgreSQL|CC0|Public Domain|Historical Permission",
    re.IGNORECASE,
)
_NOT_FINE: Final = re.compile(
    r"\bA?GPL|Affero|(?<!Lesser )General Public|proprietary|commercial|BUSL|SSPL", re.IGNORECASE
)
# A line of the lock file, and its hashes below.
_LOCKED: Final = re.compile(r"^([a-z0-9._-]+)==([^ ;\n]+)[^\n]*\n((?:    --hash=[^\n]+\n?)+)", re.MULTILINE)
# What packages do not say themselves in a form that a program can read; looked up by hand, with where.
_LOOKED_UP: Final[Mapping[str, str]] = {
    "async-timeout": "Apache-2.0",  # the LICENSE file of its source; installed before Python 3.11.3 only
}


@dataclass(frozen=True, slots=True)
class Package:
    """One package of the lock file."""

    name: str
    version: str
    hashes: tuple[str, ...]
    licence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of holes: those found, packages asked about, and packages that nobody knew."""

    found: tuple[str, ...]
    asked: int
    unknown: tuple[str, ...]


def packages(lock: Path = LOCK) -> list[Package]:
    """Return what the lock file installs, with the licence that each installed package names."""
    return [
        Package(name, version, tuple(re.findall(r"sha256:([0-9a-f]{64})", hashes)), licence_of(name))
        for name, version, hashes in _LOCKED.findall(lock.read_text())
    ]


def licence_of(name: str) -> str:
    """Return the licence that an installed package names, "" when it names none or is not installed."""
    if name in _LOOKED_UP:
        return _LOOKED_UP[name]
    try:
        package = distribution(name)
    except PackageNotFoundError:
        return ""
    return _named(package)


def _named(package: Distribution) -> str:
    facts = package.metadata
    classifiers = [
        line.rpartition(" :: ")[2] for line in facts.get_all("Classifier", []) if line.startswith("License ::")
    ]
    short = (facts["License"] or "").strip().partition("\n")[0][:80]
    named = facts["License-Expression"] or ", ".join(line for line in classifiers if line != "OSI Approved") or short
    return named or _title_of_file(package)


def _title_of_file(package: Distribution) -> str:
    """Return how the text of the licence begins, for packages that bring it and name it nowhere else."""
    for file in package.files or ():
        if file.name.upper().startswith("LICEN"):
            return file.read_text().strip().partition("\n")[0][:80]
    return ""


def unfit(found: Iterable[Package]) -> list[str]:
    """Return a line for each package that may not be used, or of which nothing is known."""
    return [
        f"{package.name} {package.version}: {package.licence or 'names no licence'}"
        for package in found
        if not _FINE.search(package.licence) or _is_only_unfit(package.licence)
    ]


def _is_only_unfit(licence: str) -> bool:
    """Return whether none of the licences offered ("A OR B", "A, B") is fine."""
    return all(_NOT_FINE.search(part) for part in re.split(r" OR |, |/", licence))


def bill(found: Iterable[Package]) -> dict[str, Any]:
    """Return the bill of materials; the same for the same lock file, so that two can be compared."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "crypto-checkout",
                "name": "crypto-checkout",
                "licenses": [{"license": {"id": "MIT"}}],
            },
            "properties": [{"name": "lock:sha256", "value": hashlib.sha256(LOCK.read_bytes()).hexdigest()}],
        },
        "components": [
            {
                "type": "library",
                "bom-ref": f"pkg:pypi/{package.name}@{package.version}",
                "name": package.name,
                "version": package.version,
                "purl": f"pkg:pypi/{package.name}@{package.version}",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in package.hashes],
                "licenses": [{"license": {"name": package.licence or "unknown"}}],
            }
            for package in found
        ],
    }


def judge(report: Mapping[str, Any]) -> Verdict:
    """Return what a report of pip-audit says. A package that the service does not know counts as not asked about."""
    found, unknown, asked = [], [], 0
    for entry in report["dependencies"]:
        if "skip_reason" in entry:
            unknown.append(entry["name"])
            continue
        asked += 1
        for hole in entry["vulns"]:
            fixed = f", fixed in {', '.join(hole['fix_versions'])}" if hole["fix_versions"] else ""
            found.append(f"{entry['name']} {entry['version']}: {hole['id']}{fixed}")
    return Verdict(tuple(found), asked, tuple(unknown))


def _ask(service: str) -> Verdict | None:
    """Return what one service knows; None when it cannot be reached, or knows nothing at all."""
    uv = Path(sys.executable).parent / "uv"
    command = [
        uv,
        "tool",
        "run",
        "--from",
        PIP_AUDIT,
        "pip-audit",
        "--vulnerability-service",
        service,
        "--timeout",
        "15",
    ]
    options = ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off", "-r", LOCK]
    asked = subprocess.run([*map(str, command), *map(str, options)], capture_output=True, text=True, check=False)
    try:
        verdict = judge(json.loads(asked.stdout))
    except (ValueError, KeyError):
        return None
    return verdict if verdict.asked else None


def vulnerabilities() -> int:
    """Ask the services in turn; return the exit status."""
    verdict = next((answer for service in SERVICES if (answer := _ask(service))), None)
    if verdict is None:
        _say("NOT CHECKED for known holes: no service could be reached. Run `make audit` where the internet can.")
        return 1 if os.environ.get("AUDIT_REQUIRED") == "1" else 0
    for line in verdict.found:
        _say(line)
    if verdict.unknown:
        _say(f"NOT CHECKED, unknown to the service: {', '.join(verdict.unknown)}")
    _say(f"{verdict.asked} packages were asked about, {len(verdict.found)} known holes.")
    return 1 if verdict.found else 0


def look_at_licences() -> int:
    """Look at every licence; return the exit status."""
    found = packages()
    bad = unfit(found)
    for line in bad:
        _say(line)
    _say(f"{len(found)} packages, {len(bad)} with a licence that is not fine or not known.")
    return 1 if bad else 0


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; return the exit status."""
    match arguments:
        case ["licences"]:
            return look_at_licences()
        case ["sbom", target]:
            Path(target).write_text(json.dumps(bill(packages()), indent=1) + "\n")
            return 0
        case ["vulnerabilities"]:
            return vulnerabilities()
    _say(__doc__ or "")
    return 2


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
