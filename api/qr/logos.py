"""
The picture in the middle of a code: the merchant's own logo, or the initial of its name.

A logo is kept in the merchant's settings as a ``data:`` URL, so that drawing asks no network.
"""

import base64
import binascii
import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from api.qr.layout import INK, PAPER
from merchants.models import Merchant

_SIDE: Final = 256
_PREFIXES: Final = ("data:image/png;base64,", "data:image/jpeg;base64,")
_MAX_PIXELS: Final = 4_000_000  # decoded, four bytes each


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo that has not been drawn yet; ``version`` changes when it does."""

    data_url: str
    initial: str

    @property
    def version(self) -> str:
        """What tells one logo from another."""
        return hashlib.sha256(f"{self.data_url}\n{self.initial}".encode()).hexdigest()

    def image(self) -> Image.Image:
        """Return the picture; a stored one that cannot be read gives way to the initial."""
        return _decoded(self.data_url) or _monogram(self.initial)


def logo_of(merchant: Merchant) -> Logo:
    """Return the logo of ``merchant``."""
    stored = merchant.settings.get("logo")
    initial = next((character for character in merchant.business_name.upper() if character.isalnum()), "•")
    return Logo(stored if isinstance(stored, str) else "", initial)


def _decoded(data_url: str) -> Image.Image | None:
    prefix = next((known for known in _PREFIXES if data_url.startswith(known)), None)
    if prefix is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(
                BytesIO(base64.b64decode(data_url[len(prefix) :], validate=True)), formats=("PNG", "JPEG")
            )
            if image.width * image.height > _MAX_PIXELS:
                return None
            return image.convert("RGBA")
    except (binascii.Error, OSError, ValueError, SyntaxError, Image.DecompressionBombWarning):
        return None


def _monogram(initial: str) -> Image.Image:
    image = Image.new("RGBA", (_SIDE, _SIDE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, _SIDE - 1, _SIDE - 1), radius=_SIDE // 5, fill=(*INK, 255))
    font = ImageFont.load_default(size=_SIDE * 0.66)
    pen.text((_SIDE / 2, _SIDE / 2), initial, font=font, fill=(*PAPER, 255), anchor="mm")
    return image
