"""
Translations as programs read them, made from the catalogues that people edit.

``locale/<language>/LC_MESSAGES/django.po`` is written by hand and kept with the code; the ``.mo`` beside it is made
from it when a program starts and finds it missing or of another time. Nothing has to be installed or run for that.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


def compile_outdated(folders: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """
    Compile each catalogue below ``folders`` whose ``.mo`` is not of its time; return the catalogues compiled.

    A folder that cannot be written to leaves its pages in English, and a line in the log.
    """
    outdated = [source for folder in folders for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po"))]
    return [source for source in outdated if not _is_current(source) and _compiled(source)]


def _is_current(source: Path) -> bool:
    # The same time, not a later one: a checkout of an older version brings older catalogues.
    target = source.with_suffix(".mo")
    return target.exists() and target.stat().st_mtime_ns == source.stat().st_mtime_ns


def _compiled(source: Path) -> bool:
    from babel.messages.mofile import write_mo  # not at every start: mostly there is nothing to do
    from babel.messages.pofile import read_po

    target = source.with_suffix(".mo")
    draft = target.with_suffix(f".{os.getpid()}.draft")
    try:
        written = source.stat()
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.parent.name)
        with draft.open("wb") as file:
            write_mo(file, catalogue)
        os.utime(draft, ns=(written.st_atime_ns, written.st_mtime_ns))
        draft.replace(target)  # at once: other programs start at the same time
    except OSError as problem:
        log.warning("catalogue_not_compiled", catalogue=str(source), problem=str(problem))
        with suppress(OSError):
            draft.unlink()
        return False
    return True
