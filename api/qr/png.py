"""PNG: drawn larger than asked for and scaled down, so that curves are smooth and edges even."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageOps

from api.qr.layout import INK, PAPER, Box, Drawing

_OVERSAMPLING: Final = 4
_LESS_FROM: Final = 512  # pixels from which half as much is smooth enough
_CRISP_ABOVE: Final = 6  # pixels a module from which an uneven edge cannot be seen


def write(drawing: Drawing) -> bytes:
    """Return ``drawing`` as a PNG of exactly its size."""
    grid = _Grid.of(drawing)
    side = drawing.size * grid.oversampling
    # One channel is enough for two colours; they get their tint at the end.
    shade = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(shade)
    for box in drawing.boxes:
        left, top = grid.place(box.x), grid.place(box.y)
        right, bottom = grid.place(box.x + box.width) - 1, grid.place(box.y + box.height) - 1
        fill = 0 if box.is_ink else 255
        if box.radius:
            pen.rounded_rectangle((left, top, right, bottom), radius=grid.length(box.radius), fill=fill)
        else:
            pen.rectangle((left, top, right, bottom), fill=fill)
    shade = shade.resize((drawing.size, drawing.size), Image.Resampling.BOX)
    image = ImageOps.colorize(shade, black=INK, white=PAPER)
    if drawing.logo is not None and drawing.logo_box is not None:
        _put_logo(image, drawing.logo, drawing.logo_box, grid)
    file = BytesIO()
    (image.quantize(64) if drawing.logo is None else image).save(file, "PNG")
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class _Grid:
    """How modules become pixels: whole pixels each where a fraction would blur fine modules."""

    scale: float
    offset: float
    oversampling: int

    @classmethod
    def of(cls, drawing: Drawing) -> "_Grid":
        scale = drawing.scale
        if scale < _CRISP_ABOVE:
            scale = int(scale) or scale
        oversampling = _OVERSAMPLING // 2 if drawing.size >= _LESS_FROM else _OVERSAMPLING
        return cls(scale, (drawing.size - scale * drawing.modules) / 2, oversampling)

    def place(self, modules: float) -> int:
        """Return where a coordinate lies, in pixels before scaling down."""
        return round((modules * self.scale + self.offset) * self.oversampling)

    def length(self, modules: float) -> float:
        """Return a length in pixels before scaling down."""
        return modules * self.scale * self.oversampling


def _put_logo(image: Image.Image, logo: Image.Image, box: Box, grid: _Grid) -> None:
    small = fitted(logo, round(box.width * grid.scale))
    middle = [round(at * grid.scale + grid.offset) for at in (box.x + box.width / 2, box.y + box.height / 2)]
    image.paste(small, (middle[0] - small.width // 2, middle[1] - small.height // 2), small)


def fitted(logo: Image.Image, room: int) -> Image.Image:
    """Return ``logo`` with transparency, as large as a square of ``room`` pixels allows."""
    scale = room / max(logo.size)
    size = (max(round(logo.width * scale), 1), max(round(logo.height * scale), 1))
    return logo.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
