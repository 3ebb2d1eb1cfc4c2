"""
Documents as PDF, to be kept: A4 pages with the text as text.

The fonts come with packages: Noto Sans for Latin, Greek and Cyrillic, Noto Sans Arabic, and Noto Sans CJK, which
is large and read only when a text needs it. What none of them can write is replaced by a mark, and the document
then says where everything can be read. In languages that run from right to left the pages are turned round.
"""

import io
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias

from core.writing import locale_of

_FAMILY: Final = "Noto Sans"
_ARABIC: Final = "Noto Sans Arabic"
_EASTERN: Final = "Noto Sans CJK"
_FONTS: Final = {
    _FAMILY: ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
    _ARABIC: ("fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"),
    # Drawn for Japan; it holds every character of Chinese and Korean, too.
    _EASTERN: ("noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"),
}
_USUAL: Final = (_FAMILY, _ARABIC)
# Both hold every weight, and cutting one out takes seconds: bold is the regular one with a line around it.
_BOLD_LINE: Final = 0.022  # of the size of the type
_MM_PER_POINT: Final = 0.3528
_UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"
_NOTHING: Final = "\N{LEFT-TO-RIGHT MARK}"  # in the usual font, without a width
_MARGIN: Final = 20  # millimetres
_SIZE: Final = 10.5  # points
_LEADING: Final = 0.52  # millimetres of a line for each point of its type
_Colour: TypeAlias = tuple[int, int, int]
_INK: Final[_Colour] = (20, 25, 34)
_SOFT: Final[_Colour] = (74, 84, 100)
_LINE: Final[_Colour] = (221, 226, 234)
_LOGO: Final = (48, 16)  # millimetres
_NAMES: Final = 35  # millimetres
_VALUES: Final = 50


class Paper:
    """
    The pages as they are written, from top to bottom. Lengths in millimetres, sizes of type in points.

    ``lost_note`` is written among the footnotes when characters had to be replaced: it says where they can be read.
    """

    def __init__(self, *, title: str, language: str, lost_note: str) -> None:
        from fpdf import FPDF  # with its fonts' tools: only who makes a document waits for it

        self._pdf: FPDF = FPDF(format="A4")
        self._pdf.set_title(title)
        self._pdf.set_lang(language)
        self._pdf.set_margin(_MARGIN)
        self._pdf.set_auto_page_break(auto=True, margin=_MARGIN)
        for family in _USUAL:
            self._pdf.add_font(family, fname=_file(family))
        self._pdf.set_fallback_fonts([_ARABIC], exact_match=False)
        self._pdf.set_text_shaping(use_shaping_engine=True, language=language)
        self._pdf.add_page()
        self._start: Literal["L", "R"] = "R" if locale_of(language).text_direction == "rtl" else "L"
        self._has_eastern = False
        self._lost = False
        self._lost_note = lost_note

    def logo(self, content: bytes, *, width: int, height: int) -> None:
        """Draw a picture (PNG or JPEG, sides in pixels) at the top, as large as its room allows."""
        scale = min(_LOGO[0] / width, _LOGO[1] / height)
        self._pdf.image(io.BytesIO(content), x=self._from(width * scale), w=width * scale, h=height * scale)
        self._pdf.ln(4)

    def heading(self, merchant: str, title: str) -> None:
        """Write who it is from, and what it is."""
        self._write(merchant, size=11, colour=_SOFT)
        self._write(title, size=24, bold=True)
        self._pdf.ln(3)

    def section(self, title: str) -> None:
        """Begin a part."""
        self._pdf.ln(6)
        self._write(title, size=13, bold=True)
        self._pdf.ln(1)

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Write values beside their names."""
        for name, value in pairs:
            top = self._pdf.get_y()
            self._pdf.set_x(self._from(_NAMES))
            self._cell(name, width=_NAMES, colour=_SOFT, align=self._start)
            self._pdf.set_xy(_MARGIN + (_NAMES if self._start == "L" else 0), top)
            self._write(value, width=self._pdf.epw - _NAMES)

    def row(self, name: str, value: str, *, bold: bool = False) -> None:
        """Write a text and, at the other side, a value; below each other where they do not fit."""
        width = self._pdf.epw - _VALUES
        top = self._pdf.get_y()
        self._pdf.set_x(self._from(width))
        self._write(name, width=width, bold=bold)
        bottom = self._pdf.get_y()
        if bottom > top:  # not on a new page
            self._pdf.set_xy(_MARGIN + (width if self._start == "L" else 0), top)
            self._cell(value, width=_VALUES, bold=bold, align="R" if self._start == "L" else "L")
            self._pdf.set_xy(_MARGIN, bottom)
        else:
            self._write(value, bold=bold)

    def small(self, text: str) -> None:
        """Write a line in small, soft type."""
        self._write(text, size=8.5, colour=_SOFT)

    def footnotes(self, notes: Iterable[str]) -> None:
        """Write notes below a line; before them, if so, that characters are missing."""
        self._pdf.ln(6)
        self.rule()
        if self._lost:
            self.small(self._lost_note)
        for note in notes:
            self.small(note)

    def finish(self) -> bytes:
        """Return the file."""
        return bytes(self._pdf.output())

    def gap(self) -> None:
        """Leave a little room."""
        self._pdf.ln(2)

    def rule(self) -> None:
        """Draw a line across."""
        self._pdf.set_draw_color(*_LINE)
        self._pdf.set_line_width(0.2)
        self._pdf.line(_MARGIN, self._pdf.get_y() + 1.5, self._pdf.w - _MARGIN, self._pdf.get_y() + 1.5)
        self._pdf.ln(3)

    def _write(
        self, text: str, *, size: float = _SIZE, bold: bool = False, colour: _Colour = _INK, width: float = 0
    ) -> None:
        self._use(size, colour, bold=bold)
        text = self._writable(text)
        self._pdf.multi_cell(width, size * _LEADING, text, align=self._start, new_x="LMARGIN", new_y="NEXT")

    def _cell(self, text: str, *, width: float, align: str, bold: bool = False, colour: _Colour = _INK) -> None:
        self._use(_SIZE, colour, bold=bold)
        self._pdf.cell(width, _SIZE * _LEADING, self._writable(text), align=align)

    def _use(self, size: float, colour: _Colour, *, bold: bool) -> None:
        self._pdf.set_font(_FAMILY, size=size)
        self._pdf.set_text_color(*colour)
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(size * _MM_PER_POINT * _BOLD_LINE)
        self._pdf.text_mode = "FILL_STROKE" if bold else "FILL"

    def _from(self, width: float) -> float:
        """Return where something ``width`` wide begins that stands where lines start."""
        return _MARGIN if self._start == "L" else self._pdf.w - _MARGIN - width

    def _writable(self, text: str) -> str:
        if not all(_can_write(each, _USUAL) for each in text) and any(_can_write(each, (_EASTERN,)) for each in text):
            self._read_eastern()
        written = "".join(each if _can_write(each, _FONTS) else _UNKNOWN for each in text)
        self._lost = self._lost or written != text
        if not all(_can_write(each, (_FAMILY,)) for each in written):
            self._name_the_usual_font()
        return written

    def _name_the_usual_font(self) -> None:
        # fpdf2 takes it for named on the page when a text began in another, and names it within that text only.
        x, y = self._pdf.get_x(), self._pdf.get_y()
        self._pdf.set_xy(_MARGIN, _MARGIN)  # where no page ends
        self._pdf.cell(text=_NOTHING)
        self._pdf.set_xy(x, y)

    def _read_eastern(self) -> None:
        if not self._has_eastern:
            self._pdf.add_font(_EASTERN, fname=_file(_EASTERN))
            self._pdf.set_fallback_fonts([_ARABIC, _EASTERN], exact_match=False)
            self._has_eastern = True


def _can_write(character: str, families: Iterable[str]) -> bool:
    return character.isspace() or any(ord(character) in _characters(family) for family in families)


def _file(family: str) -> str:
    package, name = _FONTS[family]
    return str(files(package) / name)


@lru_cache(maxsize=len(_FONTS))
def _characters(family: str) -> frozenset[int]:
    """Return every character that a font can write."""
    from fontTools.ttLib import TTFont

    with TTFont(_file(family), lazy=True) as font:
        return frozenset(font.getBestCmap())
