"""
The pages at /docs/, made from docs/ by a static generator.

They are built once for what docs/ says, into a folder named after a digest of it: whoever needs them first
builds them (``make run`` before it starts, ``manage.py build_docs`` for an image), everybody else finds them.
"""

import fcntl
import hashlib
import mimetypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from django.conf import settings

_CONFIGURATION: Final = "properdocs.yml"
_SHARED: Final = ("static/core/base.css", "static/paypages/icon.svg")
_KEPT: Final = 3  # builds of former versions, which another process may still serve
_DIGITS: Final = 20
_HIDDEN: Final = ("sitemap.xml", "sitemap.xml.gz")  # they would name a host that nobody told the generator
_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the site: its bytes are read when it is asked for."""

    path: Path
    content_type: str


@dataclass(frozen=True, slots=True)
class Site:
    """A build: every file by its address below /docs/."""

    version: str
    documents: dict[str, Document]


class BuildFailed(Exception):
    """The generator did not make the pages; the text is what it said."""


@lru_cache(maxsize=1)
def site() -> Site:
    """
    Return the pages of today's docs/, building them when nobody has yet.

    :raises BuildFailed: when that cannot be done
    """
    folder = build()
    return Site(version=folder.name, documents=dict(_documents(folder)))


def build() -> Path:
    """
    Build the pages unless they are there, and return their folder.

    :raises BuildFailed: when the generator refuses, such as for a link that leads nowhere
    """
    root: Path = settings.DOCS_ROOT
    folder = root / _digest()
    if folder.is_dir():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as everyone:  # processes that start together build once
        fcntl.flock(everyone, fcntl.LOCK_EX)
        if not folder.is_dir():
            _generate(folder)
            _forget_old_ones(root, folder)
    return folder


def _generate(folder: Path) -> None:
    scratch = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(scratch, ignore_errors=True)
    command = [sys.executable, "-m", "properdocs", "build", "--strict"]
    done = subprocess.run(
        [*command, "--config-file", str(settings.ROOT / _CONFIGURATION), "--site-dir", str(scratch)],
        cwd=settings.ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},  # nothing is written beside the sources
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise BuildFailed(done.stderr.strip() or done.stdout.strip())
    scratch.rename(folder)


def _forget_old_ones(root: Path, newest: Path) -> None:
    others = sorted(
        (one for one in root.iterdir() if one.is_dir() and one != newest), key=lambda one: one.stat().st_mtime
    )
    for old in others[: -_KEPT or None]:
        shutil.rmtree(old, ignore_errors=True)


def _digest() -> str:
    root: Path = settings.ROOT
    digest = hashlib.sha256(version("properdocs").encode())
    for path in [root / _CONFIGURATION, *(root / name for name in _SHARED), *_sources(root / "docs")]:
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:_DIGITS]


def _sources(docs: Path) -> list[Path]:
    return sorted(path for path in docs.rglob("*") if path.is_file() and path.suffix != ".pyc")


def _documents(folder: Path) -> Iterator[tuple[str, Document]]:
    for path in folder.rglob("*"):
        address = path.relative_to(folder).as_posix()
        if path.is_file() and address not in _HIDDEN:
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            document = Document(path, f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
            yield address.removesuffix(".html").removesuffix("index") if path.suffix == ".html" else address, document
