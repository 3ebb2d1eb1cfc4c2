"""PDF 1.4 with one page and vector shapes, written by hand: it needs ten operators (ISO 32000-1, section 8.5)."""

import zlib
from itertools import groupby
from typing import Final

from PIL import Image

from api.qr.layout import INK, PAPER, Box, Drawing
from api.qr.png import fitted

_ARC: Final = 0.5523  # where a Bézier curve's handles lie to follow a quarter of a circle
_LOGO_PIXELS: Final = 512


def write(drawing: Drawing) -> bytes:
    """Return ``drawing`` as a PDF whose page is ``drawing.size`` points wide and high."""
    content = [_colour(PAPER), f"0 0 {drawing.size} {drawing.size} re f"]
    for is_ink, boxes in groupby(drawing.boxes, key=lambda box: box.is_ink):
        content.append(_colour(INK if is_ink else PAPER))
        content.extend(_outline(drawing, box) for box in boxes)
    resources = "<< >>"
    objects: list[bytes] = []
    if drawing.logo is not None and drawing.logo_box is not None:
        content.append(_placed_logo(drawing, drawing.logo, drawing.logo_box))
        resources = "<< /XObject << /Logo 5 0 R >> >>"
        objects.append(_image_object(drawing.logo))
    page = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {drawing.size} {drawing.size}] "
        f"/Resources {resources} /Contents 4 0 R >>"
    )
    return _document(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page.encode(),
            _stream("\n".join(content).encode(), "/Filter /FlateDecode"),
            *objects,
        ]
    )


def _document(objects: list[bytes]) -> bytes:
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(file))
        file += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(file)
    file += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    for offset in offsets:
        file += f"{offset:010} 00000 n \n".encode()
    file += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(file)


def _outline(drawing: Drawing, box: Box) -> str:
    """Return the path operators of ``box``; a PDF counts upwards from the bottom left corner."""
    scale = drawing.scale
    left, right = box.x * scale, (box.x + box.width) * scale
    top, bottom = drawing.size - box.y * scale, drawing.size - (box.y + box.height) * scale
    if not box.radius:
        return f"{_n(left)} {_n(bottom)} {_n(right - left)} {_n(top - bottom)} re f"
    r = box.radius * scale
    h = r * (1 - _ARC)
    steps = (
        ((left + r, top), "m"),
        ((right - r, top), "l"),
        ((right - h, top, right, top - h, right, top - r), "c"),
        ((right, bottom + r), "l"),
        ((right, bottom + h, right - h, bottom, right - r, bottom), "c"),
        ((left + r, bottom), "l"),
        ((left + h, bottom, left, bottom + h, left, bottom + r), "c"),
        ((left, top - r), "l"),
        ((left, top - h, left + h, top, left + r, top), "c"),
    )
    return " ".join(f"{' '.join(_n(value) for value in values)} {operator}" for values, operator in steps) + " f"


def _placed_logo(drawing: Drawing, logo: Image.Image, box: Box) -> str:
    scale = drawing.scale * box.width / max(logo.size)
    width, height = logo.width * scale, logo.height * scale
    left = (box.x + box.width / 2) * drawing.scale - width / 2
    bottom = drawing.size - (box.y + box.height / 2) * drawing.scale - height / 2
    return f"q {_n(width)} 0 0 {_n(height)} {_n(left)} {_n(bottom)} cm /Logo Do Q"


def _image_object(logo: Image.Image) -> bytes:
    image = fitted(logo, min(max(logo.size), _LOGO_PIXELS))
    flat = Image.new("RGB", image.size, PAPER)
    flat.paste(image, (0, 0), image)
    return _stream(
        flat.tobytes(),
        f"/Type /XObject /Subtype /Image /Width {flat.width} /Height {flat.height} "
        "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode",
    )


def _stream(data: bytes, entries: str) -> bytes:
    packed = zlib.compress(data, 9)
    return f"<< {entries} /Length {len(packed)} >>\nstream\n".encode() + packed + b"\nendstream"


def _colour(rgb: tuple[int, int, int]) -> str:
    return " ".join(f"{part / 255:.3f}" for part in rgb) + " rg"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
