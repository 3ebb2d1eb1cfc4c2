"""
Pictures from outside: looked at within limits, and written anew.

What goes out of here was drawn by us, pixel by pixel: no metadata, no second file behind the first, no format but PNG
and JPEG. What comes in is told by its content; names and media types are what somebody claims.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

PIXELS: Final = 4_000_000  # of what comes in, decoded: four bytes each
SIDE: Final = 5_000
_FORMATS: Final = ("PNG", "JPEG", "WEBP")
# What Pillow raises when a file is not what its beginning says.
_BROKEN: Final = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
_SHRINK: Final = 0.8  # of the sides, from one attempt to fit to the next
_COLOURS: Final = 64
_QUALITY: Final = 88


class UnreadablePicture(ValueError):
    """It is no PNG, JPEG or WebP, is broken, or has too many pixels."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is safe to hand out; sides in pixels."""

    media_type: str
    content: bytes
    width: int
    height: int


def clean(content: bytes, *, box: tuple[int, int], limit: int) -> Picture:
    """
    Return the picture in ``content``, drawn anew, within ``box`` (pixels) and ``limit`` (bytes).

    :raises UnreadablePicture: when it is none that can be taken
    """
    image = _decoded(content)
    scale = min(1.0, box[0] / image.width, box[1] / image.height)
    while True:
        small = _scaled(image, scale)
        for media_type, written in _encoded(small):
            if len(written) <= limit:
                return Picture(media_type, written, small.width, small.height)
        scale *= _SHRINK


def _decoded(content: bytes) -> "Image.Image":
    """Return the pixels alone, upright, as RGB or RGBA: a new image has no metadata."""
    from PIL import Image, ImageOps

    try:
        opened = Image.open(io.BytesIO(content), formats=_FORMATS)
        if opened.width * opened.height > PIXELS or max(opened.size) > SIDE:  # the header says so: nothing is unpacked
            raise UnreadablePicture
        image = ImageOps.exif_transpose(opened)
        mode = "RGBA" if image.has_transparency_data else "RGB"
        fresh = Image.new(mode, image.size)
        fresh.paste(image.convert(mode))
    except (*_BROKEN, Image.DecompressionBombError) as problem:
        raise UnreadablePicture from problem
    return fresh


def _scaled(image: "Image.Image", scale: float) -> "Image.Image":
    from PIL import Image

    if scale == 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _encoded(image: "Image.Image") -> Iterator[tuple[str, bytes]]:
    """Write ``image`` ever smaller: as it is, then with less of what eyes miss."""
    yield "image/png", _written(image, "PNG", optimize=True)
    if image.mode == "RGB":
        yield "image/jpeg", _written(image, "JPEG", quality=_QUALITY, optimize=True)
    else:
        yield "image/png", _written(image.quantize(_COLOURS), "PNG", optimize=True)


def _written(image: "Image.Image", form: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **how)
    return file.getvalue()
