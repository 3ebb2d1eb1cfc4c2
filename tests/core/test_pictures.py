"""Pictures that somebody sends: what is taken, what is refused, and that nothing of a file survives but its pixels."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.pictures import Picture, UnreadablePicture, clean

BOX, LIMIT = (480, 160), 12_000
RED = (220, 30, 60)


def written(image, form="PNG", **how):
    file = BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


def cleaned(content) -> Picture:
    return clean(content, box=BOX, limit=LIMIT)


def opened(picture):
    return Image.open(BytesIO(picture.content))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width, height, packed):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_one_that_we_drew(form):
    picture = cleaned(written(Image.new("RGB", (300, 100), RED), form))

    assert (picture.media_type, picture.width, picture.height) == ("image/png", 300, 100)
    assert opened(picture).size == (300, 100)
    assert all(abs(got - meant) < 8 for got, meant in zip(opened(picture).getpixel((150, 50)), RED, strict=True))


def test_it_is_made_to_fit_its_box_and_keeps_its_shape_and_transparency():
    image = Image.new("RGBA", (2000, 1000), (0, 0, 0, 0))
    image.paste((*RED, 255), (500, 250, 1500, 750))

    picture = cleaned(written(image))

    assert (picture.width, picture.height) == (320, 160)
    assert opened(picture).convert("RGBA").getpixel((2, 2))[3] == 0
    assert opened(picture).convert("RGBA").getpixel((160, 80)) == (*RED, 255)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_even_noise_is_made_to_fit_the_limit(mode):
    noise = Image.effect_noise((900, 900), 90).convert(mode)

    picture = cleaned(written(noise))

    assert len(picture.content) <= LIMIT
    assert picture.width == picture.height >= 40


def test_what_a_camera_or_an_editor_wrote_beside_the_pixels_is_gone():
    exif = Image.Exif()
    exif[0x010E] = "taken at home"  # ImageDescription
    exif[0x0112] = 6  # Orientation: a quarter turn
    texts = PngInfo()
    texts.add_text("Comment", "taken at home")
    image = Image.new("RGB", (120, 60), RED)
    profile = b"taken at home" * 20

    for content in (
        written(image, "JPEG", exif=exif, comment=b"taken at home", icc_profile=profile),
        written(image, "PNG", exif=exif, pnginfo=texts, icc_profile=profile),
        written(image, "WEBP", exif=exif.tobytes(), icc_profile=profile),
    ):
        picture = cleaned(content)
        assert b"taken" in content
        assert (picture.width, picture.height) == (60, 120)  # turned upright, as the camera meant it
        assert b"taken" not in picture.content
        assert not opened(picture).getexif()
        assert opened(picture).info.keys() <= {"transparency", "jfif", "jfif_version", "jfif_density", "jfif_unit"}


def test_a_second_file_behind_the_picture_is_gone():
    payload = b"<script>alert(1)</script><?php system($_GET[0]); ?>PK\x03\x04"

    for content in (
        written(Image.new("RGB", (20, 20), RED)) + payload,
        written(Image.new("RGB", (20, 20), RED), "JPEG", comment=payload),
        written(Image.new("RGB", (20, 20), RED)).replace(b"IEND", b"IEND" + payload),
    ):
        assert payload in content
        picture = cleaned(content)
        assert b"script" not in picture.content
        assert b"php" not in picture.content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"GIF89a" + b"\0" * 40,
        written(Image.new("RGB", (8, 8)), "GIF"),
        written(Image.new("RGB", (8, 8)), "BMP"),
        written(Image.new("RGB", (8, 8)), "TIFF"),
        written(Image.new("RGB", (8, 8)), "PDF"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0nothing",
        written(Image.new("RGB", (80, 80), RED))[:-30],
        png_of(40, 40, zlib.compress(b"\0" * 10)),
        png_of(40, 40, b"not packed at all"),
        b"RIFF\x10\0\0\0WEBPVP8 \0\0",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_picture_of_ours_is_refused(content):
    with pytest.raises(UnreadablePicture):
        cleaned(content)


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (5_001, 1), (1, 5_001), (2_001, 2_000)])
def test_a_bomb_is_refused_by_what_its_header_says_before_anything_is_unpacked(width, height, monkeypatch):
    def unpack(*_):
        raise AssertionError("it was unpacked")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)

    with pytest.raises(UnreadablePicture):
        cleaned(png_of(width, height, zlib.compress(b"\0" * 1_000_000)))


def test_a_bomb_in_a_text_of_the_file_is_refused():
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 80_000_000))
    content = png_of(4, 4, zlib.compress((b"\0" + b"\0" * 12) * 4)).replace(
        struct.pack(">I", len(zlib.compress((b"\0" + b"\0" * 12) * 4))) + b"IDAT",
        bomb + struct.pack(">I", len(zlib.compress((b"\0" + b"\0" * 12) * 4))) + b"IDAT",
    )

    with pytest.raises(UnreadablePicture):
        cleaned(content)
