"""
Where the shapes of a code go. Coordinates are modules, from the top left corner, quiet zone included.

Every shape is a rectangle with rounded corners: a square module has radius 0, a dot half its side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from PIL import Image

Matrix: TypeAlias = tuple[tuple[bool, ...], ...]

QUIET: Final = 4  # modules of white around the code, ISO/IEC 18004 section 5.3.8
INK: Final = (17, 24, 39)
PAPER: Final = (255, 255, 255)

_FINDER: Final = 7  # modules along the side of a finder pattern
_LOGO_SHARE: Final = 0.2  # of the code's side: 4 % of its area, well within what level H repairs
_LOGO_MARGIN: Final = 0.6
_DOT: Final = 0.86


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle with rounded corners; ``is_ink`` False paints it in the paper's colour."""

    x: float
    y: float
    width: float
    height: float
    radius: float = 0.0
    is_ink: bool = True


@dataclass(frozen=True, slots=True)
class Drawing:
    """A code ready to be written: ``modules`` along the side, ``size`` of the side in pixels or points."""

    size: int
    modules: int
    boxes: tuple[Box, ...]
    logo: Image.Image | None = None
    logo_box: Box | None = None

    @property
    def scale(self) -> float:
        """Pixels or points a module takes."""
        return self.size / self.modules


def lay_out(matrix: Matrix, *, size: int, style: str, logo: Image.Image | None = None) -> Drawing:
    """Return the shapes of ``matrix`` in ``style``, with ``logo`` in the middle."""
    modules = len(matrix) + 2 * QUIET
    boxes = list(_LAYOUTS[style](matrix))
    logo_box = None
    if logo is not None:
        side = len(matrix) * _LOGO_SHARE
        start = (modules - side) / 2
        logo_box = Box(start, start, side, side)
        room = side + 2 * _LOGO_MARGIN
        boxes.append(Box(start - _LOGO_MARGIN, start - _LOGO_MARGIN, room, room, room / 8, is_ink=False))
    return Drawing(size, modules, tuple(boxes), logo, logo_box)


def _classic(matrix: Matrix) -> Iterator[Box]:
    for y, row in enumerate(matrix):
        for x, length in _runs(row):
            yield Box(x + QUIET, y + QUIET, length, 1)


def _modern(matrix: Matrix) -> Iterator[Box]:
    yield from _finders(matrix, outer=2.0, inner=1.0)
    gap = (1 - _DOT) / 2
    for x, y in _data(matrix):
        yield Box(x + QUIET + gap, y + QUIET + gap, _DOT, _DOT, _DOT / 2)


def _rounded(matrix: Matrix) -> Iterator[Box]:
    yield from _finders(matrix, outer=1.4, inner=0.8)
    kept = set(_data(matrix))
    for y in range(len(matrix)):
        row = tuple((x, y) in kept for x in range(len(matrix)))
        for x, length in _runs(row):
            yield Box(x + QUIET, y + QUIET + 0.03, length, 0.94, 0.47)


_LAYOUTS: Final = {"classic": _classic, "modern": _modern, "rounded": _rounded}


def _finders(matrix: Matrix, *, outer: float, inner: float) -> Iterator[Box]:
    """Yield the three large corner patterns: a ring of 7, white of 5, a core of 3 modules."""
    far = len(matrix) - _FINDER
    for x, y in ((0, 0), (far, 0), (0, far)):
        left, top = x + QUIET, y + QUIET
        yield Box(left, top, 7, 7, outer)
        yield Box(left + 1, top + 1, 5, 5, max(outer - 1, 0), is_ink=False)
        yield Box(left + 2, top + 2, 3, 3, inner)


def _data(matrix: Matrix) -> Iterator[tuple[int, int]]:
    """Yield the dark modules outside the finder patterns."""
    far = len(matrix) - _FINDER
    for y, row in enumerate(matrix):
        for x, is_dark in enumerate(row):
            in_finder = ((x < _FINDER or x >= far) and y < _FINDER) or (x < _FINDER and y >= far)
            if is_dark and not in_finder:
                yield x, y


def _runs(row: tuple[bool, ...]) -> Iterator[tuple[int, int]]:
    """Yield start and length of each run of dark modules."""
    start = None
    for x, is_dark in enumerate((*row, False)):
        if is_dark and start is None:
            start = x
        elif not is_dark and start is not None:
            yield start, x - start
            start = None
