"""What the strict policy and readable colours demand of templates and styles, checked at the source."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted([*(ROOT / "templates" / "paypages").rglob("*.html"), *(ROOT / "templates").glob("*.html")])
STYLES = sorted([*(ROOT / "static" / "core").glob("*.css"), *(ROOT / "static" / "paypages").glob("*.css")])
SCRIPTS = sorted((ROOT / "static" / "paypages").glob("*.js"))
BASE = (ROOT / "static" / "core" / "base.css").read_text()

TEXT_ON = [
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "sunken"),
    ("ink", "raised"),
    ("ink-soft", "ground"),
    ("ink-soft", "surface"),
    ("ink-soft", "sunken"),
    ("ink-faint", "ground"),
    ("ink-faint", "surface"),
    ("accent", "surface"),
    ("accent", "ground"),
    ("accent-strong", "accent-wash"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("good", "good-wash"),
    ("warn", "warn-wash"),
    ("bad", "bad-wash"),
]
BOUNDARY_ON = [("edge", "surface"), ("accent", "surface"), ("good", "line"), ("good", "surface")]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_inline_style_script_or_handler(path):
    text = path.read_text()

    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:", text, re.IGNORECASE)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("path", sorted((ROOT / "static").rglob("*.css")), ids=lambda path: path.name)
def test_every_rule_is_closed_before_the_next_one_opens(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    opened: list[str] = []

    for before, brace in re.findall(r"([^{}]*)([{}])", text):
        if brace == "}":
            opened.pop()
        else:
            assert all(outer.startswith("@") for outer in opened), f"{before.strip()} stands within {opened[-1]}"
            opened.append(before.strip())

    assert opened == []


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES, *SCRIPTS], ids=lambda path: path.name)
def test_nothing_is_loaded_from_another_host(path):
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"https?://|@import|url\(\s*['\"]?//", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_need_no_eval_and_write_no_markup_as_text(path):
    assert not re.search(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write", path.read_text())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), TEXT_ON)
def test_text_is_readable_in_both_schemes(scheme, front, back):
    colours = _tokens(scheme)

    assert _contrast(colours[front], colours[back]) >= Decimal("4.5")  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), BOUNDARY_ON)
def test_boundaries_can_be_seen_in_both_schemes(scheme, front, back):
    colours = _tokens(scheme)

    assert _contrast(colours[front], colours[back]) >= 3  # WCAG 2.2, 1.4.11


def _tokens(scheme: str) -> dict[str, str]:
    light, dark = BASE.split("prefers-color-scheme: dark", 1)
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light))
    return found | (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", dark)) if scheme == "dark" else {})


def _contrast(one: str, other: str) -> Decimal:
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + Decimal("0.05")) / (dim + Decimal("0.05"))


def _luminance(colour: str) -> Decimal:
    """Relative luminance, WCAG 2.2."""
    weights = (Decimal("0.2126"), Decimal("0.7152"), Decimal("0.0722"))
    parts = (Decimal(int(colour[start : start + 2], 16)) / 255 for start in (1, 3, 5))
    return sum(
        (
            weight * (part / Decimal("12.92") if part <= Decimal("0.04045") else _curve(part))
            for weight, part in zip(weights, parts, strict=True)
        ),
        Decimal(0),
    )


def _curve(part: Decimal) -> Decimal:
    return ((part + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
