"""SVG: one path for all the ink, so that no hairline shows between neighbours."""

import base64
from io import BytesIO
from itertools import groupby
from typing import Final

from PIL import Image

from api.qr.layout import INK, PAPER, Box, Drawing
from api.qr.png import fitted

_COLOURS: Final = 32
_LEAST_PIXELS: Final = 16


def write(drawing: Drawing) -> bytes:
    """Return ``drawing`` as an SVG document."""
    side = drawing.modules
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="QR code" ',
        f'width="{drawing.size}" height="{drawing.size}" viewBox="0 0 {side} {side}">',
        f'<rect width="{side}" height="{side}" fill="{_colour(PAPER)}"/>',
        *_paths(drawing),
    ]
    if drawing.logo is not None and drawing.logo_box is not None:
        parts.append(_image(drawing.logo, drawing.logo_box, round(drawing.logo_box.width * drawing.scale)))
    parts.append("</svg>")
    return "".join(parts).encode()


def _paths(drawing: Drawing) -> list[str]:
    """Return the shapes in their order, neighbours of one colour joined in one path."""
    return [
        f'<path fill="{_colour(INK if is_ink else PAPER)}" d="{"".join(_outline(box) for box in boxes)}"/>'
        for is_ink, boxes in groupby(drawing.boxes, key=lambda box: box.is_ink)
    ]


def _outline(box: Box) -> str:
    x, y, width, height = (_number(value) for value in (box.x, box.y, box.width, box.height))
    if not box.radius:
        return f"M{x} {y}h{width}v{height}h-{width}z"
    r = _number(box.radius)
    if box.width == box.height == 2 * box.radius:
        across = _number(box.width)
        return f"M{x} {_number(box.y + box.radius)}a{r} {r} 0 0 1 {across} 0a{r} {r} 0 0 1 -{across} 0z"
    across, down = _number(box.width - 2 * box.radius), _number(box.height - 2 * box.radius)
    corner = f"a{r} {r} 0 0 1"
    return (
        f"M{_number(box.x + box.radius)} {y}h{across}{corner} {r} {r}v{down}{corner} -{r} {r}"
        f"h-{across}{corner} -{r} -{r}v-{down}{corner} {r} -{r}z"
    )


def _image(logo: Image.Image, box: Box, pixels: int) -> str:
    """Return ``logo`` with no more pixels than the code has there, and few colours: pay pages load two codes."""
    file = BytesIO()
    fitted(logo, max(min(pixels, max(logo.size)), _LEAST_PIXELS)).quantize(_COLOURS).save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    place = " ".join(
        f'{name}="{_number(value)}"'
        for name, value in (("x", box.x), ("y", box.y), ("width", box.width), ("height", box.height))
    )
    return f'<image {place} href="data:image/png;base64,{data}"/>'


def _number(value: float) -> str:
    return f"{max(value, 0):.2f}".rstrip("0").rstrip(".")


def _colour(rgb: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)
