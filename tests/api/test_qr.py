"""Every code that can be ordered is read back by a decoder."""

import base64
import itertools
import re
from io import BytesIO
from xml.etree import ElementTree as ET

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from api import qr
from api.qr.logos import AssetMark

ADDRESS = "TQn9Y2khEsLMWn1aXKURNC62XLFPqpTUcN"
LONG_URI = (
    "ethereum:0xdAC17F958D2ee523a2206206994597C13D831ec7@11155111/transfer"
    "?address=0x52908400098527886E0F7030069857D2E4169EE7&uint256=1649000000000000000000"
)


def decoded(image: Image.Image) -> str:
    found = zxingcpp.read_barcodes(image.convert("L"))
    assert len(found) == 1, "no code, or more than one"
    return found[0].text


def opened(content: bytes, file_format: str) -> Image.Image:
    if file_format == "png":
        return Image.open(BytesIO(content))
    if file_format == "pdf":
        return pypdfium2.PdfDocument(content)[0].render(scale=2).to_pil()
    return drawn_svg(content)


def drawn_svg(content: bytes) -> Image.Image:
    """The outlines of our own SVG, drawn with Pillow: absolute M, relative h v a z."""
    document = ET.fromstring(content)
    modules = float(document.get("viewBox").split()[2])
    scale = 12
    image = Image.new("RGB", (round(modules * scale),) * 2, "white")
    pen = ImageDraw.Draw(image)
    for path in document.iter("{http://www.w3.org/2000/svg}path"):
        for outline in path.get("d").split("z")[:-1]:
            points = []
            x = y = 0.0
            for command, arguments in re.findall(r"([Mhva])([^Mhva]*)", outline):
                values = [float(value) for value in arguments.split()]
                if command == "a" and len(points) == 1:  # a dot: two half circles
                    radius, left, middle = values[0], x, y
                    box = [left, middle - radius, left + 2 * radius, middle + radius]
                    pen.ellipse([value * scale for value in box], fill=path.get("fill"))
                    break
                moves = {"M": (values[0] - x, values[-1] - y), "h": (values[0], 0), "v": (0, values[0])}
                across, down = moves.get(command) or (values[5], values[6])
                x, y = x + across, y + down
                points.append((x * scale, y * scale))
            else:
                pen.polygon(points, fill=path.get("fill"))
    return image


@pytest.mark.parametrize("text", [ADDRESS, LONG_URI], ids=["address", "long uri"])
@pytest.mark.parametrize(("size", "file_format", "style"), list(itertools.product(qr.SIZES, qr.FORMATS, qr.STYLES)))
def test_every_code_can_be_read(text, size, file_format, style):
    content = qr.draw(qr.Order(text=text, size=size, format=file_format, style=style))

    assert decoded(opened(content, file_format)) == text


@pytest.mark.parametrize("text", [ADDRESS, LONG_URI], ids=["address", "long uri"])
@pytest.mark.parametrize(("size", "file_format", "style"), list(itertools.product(qr.SIZES, ["png", "pdf"], qr.STYLES)))
def test_every_code_can_be_read_with_a_logo_in_it(text, size, file_format, style):
    logo = Image.new("RGBA", (300, 200), (220, 30, 60, 255))

    content = qr.draw(qr.Order(text=text, size=size, format=file_format, style=style, logo=logo))

    assert decoded(opened(content, file_format)) == text


@pytest.mark.parametrize("code", ["USDT", "BTC", "DOGE", "NOBODYKNOWSIT"])
@pytest.mark.parametrize("text", [ADDRESS, LONG_URI], ids=["address", "long uri"])
def test_every_code_can_be_read_with_an_asset_s_mark_in_it(text, code):
    content = qr.draw(qr.Order(text=text, size=512, logo=AssetMark(code).image()))

    assert decoded(opened(content, "png")) == text


def test_marks_differ_by_asset():
    corners = {code: AssetMark(code).image().getpixel((48, 8)) for code in ("USDT", "BTC", "NEW")}

    assert corners == {"USDT": (20, 122, 92, 255), "BTC": (200, 104, 0, 255), "NEW": (17, 24, 39, 255)}
    assert AssetMark("USDT").version != AssetMark("BTC").version


def test_a_png_has_exactly_the_size_asked_for():
    for size in qr.SIZES:
        content = qr.draw(qr.Order(text=ADDRESS, size=size))

        assert Image.open(BytesIO(content)).size == (size, size)


def test_a_logo_is_visible_in_the_middle():
    red = Image.new("RGBA", (64, 64), (220, 30, 60, 255))

    png = Image.open(BytesIO(qr.draw(qr.Order(text=ADDRESS, size=512, logo=red))))
    svg = qr.draw(qr.Order(text=ADDRESS, size=512, format="svg", logo=red))
    page = pypdfium2.PdfDocument(qr.draw(qr.Order(text=ADDRESS, size=512, format="pdf", logo=red)))[0].render().to_pil()

    assert png.getpixel((256, 256)) == (220, 30, 60)
    assert b"data:image/png;base64," in svg
    assert page.getpixel((256, 256)) == (220, 30, 60)


@pytest.mark.parametrize(("shape", "longest"), [((160, 160), 82), ((480, 40), 82), ((24, 12), 24)])
def test_a_logo_makes_no_code_heavy(shape, longest):
    noise = Image.effect_noise(shape, 90).convert("RGBA")

    svg = qr.draw(qr.Order(text=ADDRESS, size=512, format="svg", logo=noise)).decode()

    inside = Image.open(BytesIO(base64.b64decode(svg.split("base64,")[1].split('"')[0])))
    assert max(inside.size) == pytest.approx(longest, abs=6)
    assert len(inside.getcolors()) <= 32


def test_a_logo_is_left_out_where_the_code_would_become_unreadable():
    red = Image.new("RGBA", (64, 64), (220, 30, 60, 255))

    image = Image.open(BytesIO(qr.draw(qr.Order(text=LONG_URI, size=128, logo=red)))).convert("RGB")

    assert (220, 30, 60) not in {colour for _, colour in image.getcolors(65536)}


def test_the_same_order_gives_the_same_bytes():
    for file_format in qr.FORMATS:
        order = qr.Order(text=ADDRESS, format=file_format, style="modern")

        assert qr.draw(order) == qr.draw(order)
