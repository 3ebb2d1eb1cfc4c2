"""What the documents tell a newcomer to type, as it stands there, and what comes of it."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
_SAMPLE = re.compile(r"(?:<!-- not run: (?P<reason>.+?) -->\n)?```(?P<language>[a-z]+)\n(?P<code>.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Sample:
    """A block of code on a page; ``reason`` is why no test runs it, and empty for those that are run."""

    language: str
    code: str
    reason: str


def samples(page: str) -> list[Sample]:
    """Return the blocks of code on docs/``page``.md, in order."""
    text = (ROOT / "docs" / f"{page}.md").read_text()
    return [Sample(one["language"], one["code"], one["reason"] or "") for one in _SAMPLE.finditer(text)]


def walk(name: str) -> str:
    """Return the commands that stand below ``<!-- walk: name -->``."""
    found = re.search(rf"<!-- walk: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert found, name
    return found[1]


def said_by(commands: str) -> str:
    """Return what ``commands`` print when a newcomer pastes them."""
    shell = ["sh", "-e"]
    return subprocess.run(
        shell, input=commands, capture_output=True, text=True, timeout=180, check=True, cwd=ROOT
    ).stdout


def events_in(text: str) -> list[str]:
    """Return what happened after the invoice was made: a stream that is opened early enough tells of that, too."""
    events = re.findall(r'^data: {"event":"([a-z.]+)"', text, re.MULTILINE)
    return [event for event in events if event not in {"snapshot", "invoice.created"}]
