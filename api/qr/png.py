"""PNG: drawn larger than asked for and scaled down, so that curves are smooth and edges even."""

from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

from api.qr.layout import INK, PAPER, Drawing

_OVERSAMPLING: Final = 4
_CRISP_ABOVE: Final = 6  # pixels a module from which an uneven edge cannot be seen


def write(drawing: Drawing) -> bytes:
    """Return ``drawing`` as a PNG of exactly its size."""
    scale, offset = _grid(drawing)
    side = drawing.size * _OVERSAMPLING
    image = Image.new("RGB", (side, side), PAPER)
    pen = ImageDraw.Draw(image)
    for box in drawing.boxes:
        left, top = (_place(corner, scale, offset) for corner in (box.x, box.y))
        right, bottom = (_place(corner, scale, offset) - 1 for corner in (box.x + box.width, box.y + box.height))
        pen.rounded_rectangle(
            (left, top, right, bottom),
            radius=box.radius * scale * _OVERSAMPLING,
            fill=INK if box.is_ink else PAPER,
        )
    if drawing.logo is not None and drawing.logo_box is not None:
        box = drawing.logo_box
        room = round(box.width * scale * _OVERSAMPLING)
        logo = fitted(drawing.logo, room)
        middle = _place(box.x + box.width / 2, scale, offset)
        image.paste(logo, (middle - logo.width // 2, middle - logo.height // 2), logo)
    image = image.resize((drawing.size, drawing.size), Image.Resampling.BOX)
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def fitted(logo: Image.Image, room: int) -> Image.Image:
    """Return ``logo`` with transparency, as large as a square of ``room`` pixels allows."""
    scale = room / max(logo.size)
    size = (max(round(logo.width * scale), 1), max(round(logo.height * scale), 1))
    return logo.convert("RGBA").resize(size, Image.Resampling.LANCZOS)


def _grid(drawing: Drawing) -> tuple[float, float]:
    """Return pixels a module and the offset; whole pixels where a fraction would blur fine modules."""
    scale = drawing.scale
    if scale < _CRISP_ABOVE:
        scale = int(scale) or scale
    return scale, (drawing.size - scale * drawing.modules) / 2


def _place(modules: float, scale: float, offset: float) -> int:
    return round((modules * scale + offset) * _OVERSAMPLING)
