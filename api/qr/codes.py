"""From a text to a file: choose the error correction that fits, lay out the shapes, write them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q

from api.qr import pdf, png, svg
from api.qr.layout import QUIET, Drawing, Matrix, lay_out

SIZES: Final = (128, 256, 512, 1024)
STYLES: Final = ("classic", "modern", "rounded")
FORMATS: Final[Mapping[str, str]] = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}

_WRITERS: Final[Mapping[str, Callable[[Drawing], bytes]]] = {"png": png.write, "svg": svg.write, "pdf": pdf.write}
_LEVELS: Final = (ERROR_CORRECT_Q, ERROR_CORRECT_M, ERROR_CORRECT_L)
# Below this many pixels a module, cameras and decoders lose the code.
_LEAST_MODULE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Order:
    """What to draw: ``size`` in pixels (points in a PDF), ``logo`` for the middle or None."""

    text: str
    size: int = 256
    format: str = "png"
    style: str = "classic"
    logo: Image.Image | None = None


def draw(order: Order) -> bytes:
    """
    Return the code as a file of ``order.format``.

    A logo needs the highest error correction; where the code would become too fine for its size
    the logo is left out, because a code that cannot be read is of no use to anyone.
    """
    if order.logo is not None:
        matrix = _encode(order.text, ERROR_CORRECT_H)
        if _module_size(matrix, order.size) >= _LEAST_MODULE:
            return _WRITERS[order.format](lay_out(matrix, size=order.size, style=order.style, logo=order.logo))
    return _WRITERS[order.format](lay_out(_sturdiest(order.text, order.size), size=order.size, style=order.style))


def _sturdiest(text: str, size: int) -> Matrix:
    """Return the code with the highest error correction whose modules are still coarse enough."""
    for level in _LEVELS:
        matrix = _encode(text, level)
        if _module_size(matrix, size) >= _LEAST_MODULE:
            break
    return matrix


def _encode(text: str, level: int) -> Matrix:
    code = qrcode.QRCode(error_correction=level, border=0)
    code.add_data(text)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def _module_size(matrix: Matrix, size: int) -> float:
    return size / (len(matrix) + 2 * QUIET)
