"""Translations are compiled when a program starts: whenever they are missing or not of their catalogue's time."""

import gettext
import os

import pytest

from core.catalogues import compile_outdated

CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Paid"
msgstr "{paid}"

#, fuzzy
msgid "Total"
msgstr "not looked at by anybody"
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(CATALOGUE.format(paid="Bezahlt"))
    return path


def said(source, text):
    with source.with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file).gettext(text)


def test_a_catalogue_without_translations_is_compiled(tmp_path, source):
    assert compile_outdated([tmp_path]) == [source]

    assert said(source, "Paid") == "Bezahlt"
    assert said(source, "Total") == "Total"
    assert sorted(path.name for path in source.parent.iterdir()) == ["django.mo", "django.po"]


def test_what_is_current_is_left_alone(tmp_path, source):
    compile_outdated([tmp_path])

    assert compile_outdated([tmp_path]) == []


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_catalogue_of_another_time_is_compiled_again_whether_it_is_younger_or_older(tmp_path, source, seconds):
    compile_outdated([tmp_path])
    before = source.stat().st_mtime
    source.write_text(CATALOGUE.format(paid="Beglichen"))
    os.utime(source, (before + seconds, before + seconds))

    assert compile_outdated([tmp_path]) == [source]
    assert said(source, "Paid") == "Beglichen"


def test_a_folder_that_cannot_be_written_to_stops_nothing(tmp_path, source):
    source.with_suffix(f".{os.getpid()}.draft").mkdir()

    assert compile_outdated([tmp_path]) == []
    assert not source.with_suffix(".mo").exists()


def test_no_folder_is_no_failure(tmp_path):
    assert compile_outdated([tmp_path / "nowhere"]) == []
