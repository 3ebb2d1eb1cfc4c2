"""Whatever colour a merchant likes: what is made of it can be read, in both schemes."""

import random
import re
from pathlib import Path

import pytest

from core.colours import DARK, LIGHT, contrast, fit

BASE = (Path(__file__).resolve().parents[2] / "static" / "core" / "base.css").read_text()
_DICE = random.Random(4)
COLOURS = [
    *(f"#{_DICE.randrange(1 << 24):06x}" for _ in range(200)),
    *("#000000", "#ffffff", "#ffff00", "#00ff00", "#0000ff", "#ff0000", "#777777", "#1e242e", "#f2f4f8"),
]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_that_of_wcag(one, other, expected):
    assert contrast(one, other) == pytest.approx(expected, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_becomes_one_that_can_be_read(colour, scheme):
    made = fit(colour, scheme)

    assert contrast(made.on_accent, made.accent) >= 4.5  # text on buttons
    assert contrast(made.on_accent, made.strong) >= 4.5  # and below the pointer
    assert contrast(made.strong, made.wash) >= 4.5
    for ground in scheme.grounds:  # links, outlines of focus, dots
        assert contrast(made.accent, ground) >= 4.5
        assert contrast(made.strong, ground) >= 4.5
    assert all(re.fullmatch("#[0-9a-f]{6}", each) for each in (made.accent, made.strong, made.wash))


def test_a_colour_that_can_be_read_stays_what_it_is():
    assert fit("#2c49c9", LIGHT).accent == "#2c49c9"
    assert fit("#9bafff", DARK).accent == "#9bafff"


def test_a_colour_is_changed_no_more_than_needed():
    made = fit("#ffd400", LIGHT)

    assert 4.5 <= contrast(made.accent, "#f2f4f8") < 4.75


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_grounds_are_those_of_the_style_sheet(scheme):
    light, dark = BASE.split("prefers-color-scheme: dark", 1)
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", dark if scheme.is_dark else light))

    assert scheme.grounds == (tokens["surface"], tokens["ground"], tokens["sunken"])
    assert scheme.surface == tokens["surface"]
