"""
Collect what customers read and bring it into the catalogues: ``make messages``. See docs/languages.md.

Only what customers see is translated: the templates of their pages and the modules that serve them. Members
and staff work in English.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from config.env import ROOT

TEMPLATES: Final = ("templates/paypages/**/*.html", "templates/4*.html", "templates/500.html")
MODULES: Final = (
    "paypages/**/*.py",
    "payments/services/refunds.py",  # what is wrong with an address for a refund
)
DOMAIN: Final = "django"

_KEYWORDS: Final = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}
_WIDTH: Final = 118
# Headers that say who and when: the repository's log knows.
_CHANGING: Final = tuple(
    f'"{name}:'
    for name in (
        "Generated-By",
        "Last-Translator",
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Project-Id-Version",
        "Report-Msgid-Bugs-To",
    )
)


def extracted(root: Path = ROOT) -> Catalog:
    """Return every text that customers read, in the order of the files."""
    catalogue = Catalog(charset="utf-8")
    for path, text in _sources(root):
        found = extract("python", BytesIO(text.encode()), _KEYWORDS, ("Translators:",), {"encoding": "utf-8"})
        for _, message, comments, context in found:
            catalogue.add(message, context=context, locations=[(path, 0)], auto_comments=comments)
    return catalogue


def catalogues(root: Path = ROOT) -> dict[str, Path]:
    """Return the catalogue of each language that there is, by its folder's name: ``de``, ``zh_Hans``."""
    return {path.parent.parent.name: path for path in sorted((root / "locale").glob(f"*/LC_MESSAGES/{DOMAIN}.po"))}


def read(path: Path) -> Catalog:
    """Return the catalogue in a file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def update(path: Path, texts: Catalog) -> list[str]:
    """Bring ``texts`` into the catalogue at ``path``, keeping what is translated; return what still is not."""
    catalogue = read(path)
    catalogue.update(texts, no_fuzzy_matching=True, update_creation_date=False)
    write(path, catalogue)
    return [str(message.id) for message in catalogue if message.id and not has_text(message.string)]


def write(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue so that it changes where a text changed, and nowhere else."""
    file = BytesIO()
    write_po(file, catalogue, width=_WIDTH, ignore_obsolete=True, include_lineno=False)
    lines = file.getvalue().decode().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(_CHANGING)), encoding="utf-8")


def has_text(string: object) -> bool:
    """Return whether a translation is there, in each of its plural forms."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


def _sources(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each file with its texts as Python calls ``gettext`` for them."""
    for pattern in (*TEMPLATES, *MODULES):
        for path in sorted(root.glob(pattern)):
            name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
            yield name, _as_python(text, name) if path.suffix == ".html" else text


def _as_python(template: str, name: str) -> str:
    # What is no text becomes words of X, which Python reads as names as long as no line is indented.
    return "\n".join(line.strip() for line in templatize(template, origin=name).splitlines())


def main() -> int:
    """Update every catalogue; say what is left to translate."""
    texts = extracted()
    for language, path in catalogues().items():
        missing = update(path, texts)
        sys.stdout.write(f"{language}: {len(texts) - len(missing)} of {len(texts)} texts\n")
        for text in missing:
            sys.stdout.write(f"  to translate: {text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
