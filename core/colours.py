"""
Colours that people can read: anybody's colour is taken as far as needed towards black or white.

Contrast is that of WCAG 2.2: text needs 4.5 to 1 (1.4.3), parts of controls 3 to 1 (1.4.11). Everything that is made
here keeps the first, which is the harder one.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

READABLE: Final = 4.5
HEX: Final = re.compile(r"#[0-9a-f]{6}")

_RGB: TypeAlias = tuple[int, int, int]
_BLACK: Final[_RGB] = (0, 0, 0)
_WHITE: Final[_RGB] = (255, 255, 255)
_STEPS: Final = 100  # from a colour to black or white


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a colour stands on: ``grounds`` below texts and links, ``ink`` on buttons; ``surface`` tints its wash."""

    grounds: tuple[str, ...]
    surface: str
    ink: str
    is_dark: bool


@dataclass(frozen=True, slots=True)
class Accent:
    """A colour made fit for a scheme: for links and buttons, stronger below the pointer, and as a wash."""

    accent: str
    strong: str
    on_accent: str
    wash: str


# The tokens --surface, --ground and --sunken of static/core/base.css.
LIGHT: Final = Scheme(grounds=("#ffffff", "#f3f4f7", "#f2f4f8"), surface="#ffffff", ink="#ffffff", is_dark=False)
DARK: Final = Scheme(grounds=("#161b23", "#0d1016", "#1e242e"), surface="#161b23", ink="#0d1016", is_dark=True)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (#rrggbb), from 1 to 21: WCAG 2.2, "contrast ratio"."""
    bright, dim = sorted((_luminance(_parsed(one)), _luminance(_parsed(other))), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def fit(colour: str, scheme: Scheme) -> Accent:
    """Return ``colour`` (#rrggbb) and its relatives, each readable where ``scheme`` uses it."""
    end = _WHITE if scheme.is_dark else _BLACK
    accent = _readable(_parsed(colour), end, scheme.grounds)
    wash = _text(_mixed(_parsed(scheme.surface), accent, 14))
    strong = _readable(_mixed(accent, end, 22), end, (*scheme.grounds, wash))
    return Accent(_text(accent), _text(strong), scheme.ink, wash)


def _readable(colour: _RGB, end: _RGB, grounds: tuple[str, ...]) -> _RGB:
    """Return the first colour on the way to ``end`` that can be read on all of ``grounds``."""
    way = (_mixed(colour, end, step) for step in range(_STEPS + 1))
    return next(each for each in way if all(contrast(_text(each), ground) >= READABLE for ground in grounds))


def _mixed(one: _RGB, other: _RGB, percent: int) -> _RGB:
    red, green, blue = ((a * (_STEPS - percent) + b * percent) // _STEPS for a, b in zip(one, other, strict=True))
    return red, green, blue


def _parsed(colour: str) -> _RGB:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _text(colour: _RGB) -> str:
    return f"#{bytes(colour).hex()}"


def _luminance(colour: _RGB) -> float:
    """Return the relative luminance (WCAG 2.2), from 0 to 1."""
    red, green, blue = (part / 255 for part in colour)
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
