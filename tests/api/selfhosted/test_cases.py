"""
What the format answers, endpoint by endpoint: the tables in ``cases/``, played from top to bottom.

``$name`` stands for what an earlier answer was asked to ``save``; text that begins with ``~`` is a pattern.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


def filled(value: Any, saved: dict[str, str]) -> Any:
    """Return ``value`` with what was saved in the place of its names."""
    if isinstance(value, str):
        return re.sub(r"\$(\w+)", lambda name: saved[name[1]], value)
    if isinstance(value, list):
        return [filled(entry, saved) for entry in value]
    if isinstance(value, dict):
        return {name: filled(entry, saved) for name, entry in value.items()}
    return value


def differences(answer: Any, expected: Any, path: str = "") -> list[str]:
    """Return where an answer is not as expected; a field more or less is a difference too."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        other = [f"{path}.{name}: only in one" for name in answer.keys() ^ expected.keys()]
        both = answer.keys() & expected.keys()
        return other + [told for name in both for told in differences(answer[name], expected[name], f"{path}.{name}")]
    if isinstance(expected, list) and isinstance(answer, list) and len(answer) == len(expected):
        pairs = enumerate(zip(answer, expected, strict=True))
        return [told for index, (mine, theirs) in pairs for told in differences(mine, theirs, f"{path}[{index}]")]
    if isinstance(expected, str) and expected.startswith("~"):
        is_same = isinstance(answer, str) and re.fullmatch(expected[1:], answer) is not None
    else:
        is_same = type(answer) is type(expected) and answer == expected
    return [] if is_same else [f"{path}: {answer!r}, not {expected!r}"]


def at(answer: Any, place: str) -> str:
    """Return what stands at ``data.0.id``."""
    for part in place.split("."):
        answer = answer[int(part)] if isinstance(answer, list) else answer[part]
    return str(answer)


@pytest.mark.usefixtures("in_ether")
@pytest.mark.parametrize("table", CASES, ids=[path.stem for path in CASES])
def test_every_case_is_answered_as_its_table_says(checkout, table):
    saved: dict[str, str] = {}
    wrong = {}

    for step in json.loads(table.read_text()):
        method, path = filled(step["request"], saved).split(" ", 1)
        answer = checkout.send(method, path, filled(step.get("body"), saved))
        found = differences(answer.body, filled(step["answer"], saved))
        if answer.status != step["status"] or found:
            wrong[step["case"]] = (answer.status, found)
        saved |= {name: at(answer.body, place) for name, place in step.get("save", {}).items()}

    assert wrong == {}
