"""
Old entries of the audit log in files: lines of JSON, compressed, that can be read and checked without a database.

The first line says which positions follow and to what hash the whole log had been folded before; each further line is
an entry as exports of the log have it; the last one is the hash that the whole log folds to here, signed. Whoever has
the file can check every entry with SHA-256 alone (docs/audit.md).
"""

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TextIO
from uuid import UUID

from core import exact_json, secrets
from events.entries import BEGINNING, entry_hash, entry_text, folded
from events.errors import ArchiveBroken
from events.models import ChainHead, Cut, Event, Redaction, Seal
from events.redacting import line_of

_FORM: Final = "crypto-checkout audit archive 1"
_CHUNK: Final = 2_000
_TEXT: Final = ',"entry":'
_AFTER_TEXT: Final = len("}\n")


@dataclass(frozen=True, slots=True)
class Archive:
    """A file with the entries at positions ``first`` to ``last``; ``hash`` is what the whole log folds to there."""

    path: Path
    first: int
    last: int
    hash: str
    is_ours: bool  # signed by this installation


def write_archive(*, before: datetime, directory: Path) -> Archive | None:
    """
    Write what was sealed and happened before ``before``, and is in no file yet; return None when there is nothing.

    :raises ArchiveBroken: when an entry is not what was sealed; nothing is written then
    """
    cut = Cut.objects.order_by("-position").first()
    first, whole = (cut.position + 1, cut.hash) if cut else (1, BEGINNING)
    last = _last_before(first, before)
    if last < first:
        return None
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"audit-{first:012d}-{last:012d}.jsonl.gz"
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as raw:
            with gzip.open(raw, "wt", encoding="utf-8", newline="\n") as file:
                whole = _write(file, first, last, whole)
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return check_archive(path)


def read_archive(path: Path) -> Iterator[dict[str, Any]]:
    """
    Yield the entries of a file in order, each checked before it is told.

    :raises ArchiveBroken: at the first that is not what was sealed, or when the end is missing or another
    """
    for entry, _archive in _read(path):
        if entry is not None:
            yield entry


def check_archive(path: Path) -> Archive:
    """
    Read a file to its end and return what it holds.

    :raises ArchiveBroken: when it is not what was written
    """
    found: Archive | None = None
    for _entry, found in _read(path):  # noqa: B007 - the last one is it
        pass
    if found is None:
        raise ArchiveBroken(f"{path.name} has no end.")
    return found


def signed_text(position: int, digest: str) -> str:
    """Return what the signature of a cut, and of the end of a file, vouches for."""
    return f"cut:{position}:{digest}"


def _last_before(first: int, before: datetime) -> int:
    """Return the last position that was sealed before the first event of ``before`` or later."""
    head = ChainHead.objects.filter(pk=ChainHead.WHOLE).first()
    sealed = Event.objects.filter(position__gte=first, position__lte=head.number if head else 0)
    younger = sealed.filter(created_at__gte=before).order_by("position").values_list("position", flat=True).first()
    if younger is not None:
        return int(younger) - 1
    return head.number if head else 0


def _write(file: TextIO, first: int, last: int, whole: str) -> str:
    file.write(_as_line({"form": _FORM, "first": first, "last": last, "before": whole}))
    for begin in range(first, last + 1, _CHUNK):
        stretch = {"position__gte": begin, "position__lte": min(begin + _CHUNK - 1, last)}
        seals = list(Seal.objects.filter(**stretch).order_by("position"))
        events = {event.position: event for event in Event.objects.filter(**stretch)}
        previous = _hashes_before(seals)
        for seal in seals:
            event = events.get(seal.position)
            text = entry_text(event, number=seal.number, previous=previous[seal.pk]) if event else ""
            row = line_of(seal, text)
            if row is None:
                raise ArchiveBroken(f"The entry at position {seal.position} is not what was sealed.")
            file.write(row)
            whole = folded(whole, seal.hash)
    file.write(_as_line({"last": last, "hash": whole, "signature": secrets.signature(signed_text(last, whole))}))
    return whole


def _hashes_before(seals: list[Seal]) -> dict[Any, str]:
    """Return for each seal, by its key, the hash of the one before it in its chain."""
    wanted = {(seal.chain, seal.number - 1) for seal in seals}
    chains, numbers = {chain for chain, _ in wanted}, {number for _, number in wanted}
    known = {(seal.chain, seal.number): seal.hash for seal in Seal.objects.filter(chain__in=chains, number__in=numbers)}
    return {seal.pk: known.get((seal.chain, seal.number - 1), BEGINNING) for seal in seals}


def _read(path: Path) -> Iterator[tuple[dict[str, Any] | None, Archive | None]]:
    """Yield each entry, and at the end what the file is."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            yield from _checked(path, file)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as problem:
        raise ArchiveBroken(f"{path.name} cannot be read: {problem}") from problem


def _checked(path: Path, file: TextIO) -> Iterator[tuple[dict[str, Any] | None, Archive | None]]:
    head = json.loads(file.readline())
    if head["form"] != _FORM:
        raise ArchiveBroken(f"{path.name} is no archive of the audit log.")
    whole, is_ours = head["before"], True
    for position in range(head["first"], head["last"] + 1):
        row = file.readline()
        text = row[row.index(_TEXT) + len(_TEXT) : -_AFTER_TEXT]
        entry, told = exact_json.loads(text), json.loads(row)
        digest = told["hash"]
        if entry["position"] != position or entry_hash(text) != told.get("redacted", digest):
            raise ArchiveBroken(f"The entry at position {position} of {path.name} is not what was sealed.")
        is_ours = is_ours and _is_ours(told, entry)
        whole = folded(whole, digest)
        yield entry, None
    end = json.loads(file.readline())
    if (end["last"], end["hash"]) != (head["last"], whole) or file.read(1):
        raise ArchiveBroken(f"{path.name} does not end where it was said to.")
    is_ours = is_ours and secrets.is_signed(signed_text(end["last"], whole), end["signature"])
    yield None, Archive(path, head["first"], head["last"], whole, is_ours)


def _is_ours(told: dict[str, Any], entry: dict[str, Any]) -> bool:
    """Return whether nothing was taken out of an entry, or by nobody but this installation."""
    if "redacted" not in told:
        return True
    redaction = Redaction(event_id=UUID(entry["id"]), sealed_hash=told["hash"], hash=told["redacted"])
    return secrets.is_signed(redaction.signed_text, told["signature"])


def _as_line(told: dict[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":")) + "\n"
