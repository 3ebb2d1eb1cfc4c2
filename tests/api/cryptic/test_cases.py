"""
Every endpoint, case by case, as the tables in ``cases/`` have it.

A case has a ``body`` (or ``raw`` bytes), a ``query``, an ``id`` of the world and ``headers``; it expects a ``status``
and ``data``, all of it, ``shows``, a part of it (``#name``: how many), or a failure's ``code``, ``message`` and
``details``. ``~`` begins an expression, ``{name}`` stands for an id of the world, ``@501`` for so many letters.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.cryptic.conftest import Cryptic

pytestmark = pytest.mark.django_db

TABLES = {path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "cases").glob("*.json"))}


def differences(found: Any, wanted: Any, world: dict[str, str], at: str = "") -> list[str]:
    """Return where ``found`` is not what the table has."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        names = [name for name in {*found, *wanted} if name not in found or name not in wanted]
        told = [f"{at}.{name}: only in {'answer' if name in found else 'table'}" for name in sorted(names)]
        return told + [
            each
            for name in wanted
            if name in found
            for each in differences(found[name], wanted[name], world, f"{at}.{name}")
        ]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(found, wanted, strict=True))
        return [each for place, (one, other) in pairs for each in differences(one, other, world, f"{at}[{place}]")]
    if isinstance(wanted, str) and isinstance(found, str):
        for name, value in world.items():
            wanted = wanted.replace(f"{{{name}}}", value)
        fits = bool(re.fullmatch(wanted[1:], found, re.DOTALL)) if wanted.startswith("~") else found == wanted
        return [] if fits else [f"{at}: {found!r}, not {wanted!r}"]
    return [] if type(found) is type(wanted) and found == wanted else [f"{at}: {found!r}, not {wanted!r}"]


def sent(live: Cryptic, table: dict[str, Any], case: dict[str, Any], world: dict[str, str]):
    path = table["path"].replace("{id}", world.get(case.get("id", ""), ""))
    body: Any = case.get("body")
    if body is not None:
        body = {name: _letters(value) for name, value in body.items()}
    if "raw" in case:
        body = case["raw"].encode()
    query = f"?{case['query']}" if "query" in case else ""
    return live.send(case.get("method", table["method"]), path + query, body, **case.get("headers", {}))


def _letters(value: Any) -> Any:
    return "x" * int(value[1:]) if isinstance(value, str) and value.startswith("@") else value


def judged(answer: Any, case: dict[str, Any], world: dict[str, str]) -> list[str]:
    """Return what is wrong with an answer."""
    wrong = [] if answer.status == case["status"] else [f"status {answer.status}: {answer.body}"]
    wrong += differences(
        {name: answer.headers.get(name) for name in case.get("answers", {})}, case.get("answers", {}), world
    )
    marks = {"timestamp": "~[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z", "requestId": answer.headers["X-Request-ID"]}
    told = {name: answer.body.get(name) for name in marks}
    wrong += differences(told, marks, world)
    if "code" in case:
        error = {name: case[name] for name in ("code", "message", "details") if name in case}
        return wrong + differences(answer.body.get("error"), error, world, "error")
    wrong += [] if set(answer.body) == {"data", *marks} else [f"envelope {sorted(answer.body)}"]
    if "data" in case:
        return wrong + differences(answer.data, case["data"], world, "data")
    if "statuses" in case:
        return wrong + differences([each["status"] for each in answer.data["invoices"]], case["statuses"], world)
    part = {
        name: len(answer.data[name[1:]]) if name.startswith("#") else answer.data.get(name) for name in case["shows"]
    }
    return wrong + differences(part, case["shows"], world, "data")


@pytest.mark.parametrize("name", sorted(set(TABLES) - {"create"}))
def test_reading(live, world, name):
    table = TABLES[name]

    wrong = {title: judged(sent(live, table, case, world), case, world) for title, case in table["cases"].items()}

    assert {title: found for title, found in wrong.items() if found} == {}


def test_creating(live):
    table = TABLES["create"]

    wrong = {title: judged(sent(live, table, case, {}), case, {}) for title, case in table["cases"].items()}

    assert {title: found for title, found in wrong.items() if found} == {}
