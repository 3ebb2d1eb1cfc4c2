"""
Write the clients again from the OpenAPI document: ``make clients``.

The generator reads the document only; this is where it is handed over. A test compares what it would
write with what is there.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from clients.generator import javascript, postman, python, reading
from config.env import ROOT

_PYTHON: Final = "clients/python/crypto_checkout"
_JAVASCRIPT: Final = "clients/javascript/src"
# What an address in the collection and in examples is before somebody gives their own.
_BASE_URL: Final = "http://127.0.0.1:8000"


def document() -> dict[str, Any]:
    """Return the OpenAPI document as a reader of it sees it."""
    from api.v1.openapi import document as described
    from core import exact_json

    read: dict[str, Any] = json.loads(exact_json.dumps(described(_BASE_URL)))
    return read


def files(found: Mapping[str, Any]) -> dict[Path, str]:
    """Return every generated file, by its path, with what belongs into it."""
    api = reading.read(found)
    written = {
        f"{_PYTHON}/models.py": _formatted(python.models(api)),
        f"{_PYTHON}/params.py": _formatted(python.params(api)),
        f"{_PYTHON}/resources.py": _formatted(python.resources(api)),
        f"{_JAVASCRIPT}/shapes.js": javascript.shapes(api),
        f"{_JAVASCRIPT}/resources.js": javascript.resources(api),
        f"{_JAVASCRIPT}/api.d.ts": javascript.declarations(api),
        "clients/postman/crypto-checkout.postman_collection.json": postman.collection(api),
    }
    return {ROOT / path: text for path, text in written.items()}


def _formatted(source: str) -> str:
    ruff = [sys.executable, "-m", "ruff"]
    tidied = subprocess.run(
        [*ruff, "check", "--fix-only", "--quiet", "--select", "I,F401", "--stdin-filename", f"{_PYTHON}/x.py", "-"],
        input=source, capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout  # fmt: skip
    return subprocess.run(
        [*ruff, "format", "--quiet", "--stdin-filename", f"{_PYTHON}/x.py", "-"],
        input=tidied, capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout  # fmt: skip


def main() -> None:
    """Write what has changed."""
    import os

    import django

    # The document needs the settings, but neither database nor cache.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    os.environ.setdefault("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
    os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1")
    django.setup()
    for path, text in files(document()).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
