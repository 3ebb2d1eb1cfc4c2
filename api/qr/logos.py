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
_MARK_SIDE: Final = 96
# Dark enough for white letters.
_COLOURS: Final = {
    "ADA": (0, 51, 173),
    "BCH": (10, 140, 100),
    "BNB": (156, 112, 0),
    "BTC": (200, 104, 0),
    "DOGE": (140, 112, 20),
    "ETH": (70, 92, 190),
    "LTC": (52, 93, 157),
    "POL": (110, 52, 210),
    "SOL": (106, 54, 200),
    "TRX": (194, 38, 38),
    "USDC": (32, 100, 180),
    "USDT": (20, 122, 92),
    "XRP": (35, 41, 47),
}
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


@dataclass(frozen=True, slots=True)
class AssetMark:
    """A disc in the colour that an asset is known by, with its code: nobody's registered picture, and yet known."""

    code: str

    @property
    def version(self) -> str:
        """What tells one mark from another."""
        return f"asset:{self.code}"

    def image(self) -> Image.Image:
        """Return the picture."""
        image = Image.new("RGBA", (_MARK_SIDE, _MARK_SIDE), (0, 0, 0, 0))
        pen = ImageDraw.Draw(image)
        pen.ellipse((0, 0, _MARK_SIDE - 1, _MARK_SIDE - 1), fill=(*_COLOURS.get(self.code, INK), 255))
        size = _MARK_SIDE * min(0.34, 0.78 * 1.55 / max(len(self.code), 1))
        font = ImageFont.load_default(size=size)
        middle = _MARK_SIDE / 2
        stroke = max(round(size / 24), 1)
        fill = (*PAPER, 255)
        pen.text((middle, middle), self.code, font=font, fill=fill, anchor="mm", stroke_width=stroke, stroke_fill=fill)
        return image


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
