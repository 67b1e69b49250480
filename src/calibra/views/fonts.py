"""Fonts of pictures: where a label holds Japanese, Chinese or Korean, an installed font that has the characters."""

from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from calibra.errors import CalibraWarning

CJK_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "Source Han Sans JP",
    "Source Han Sans",
    "IPAexGothic",
    "IPAGothic",
    "Takao PGothic",
    "TakaoPGothic",
    "VL PGothic",
    "Hiragino Sans",
    "Hiragino Kaku Gothic ProN",
    "Yu Gothic",
    "Meiryo",
    "MS Gothic",
    "Noto Serif CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK TC",
    "Noto Sans CJK KR",
    "Arial Unicode MS",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
)
"""Families with Japanese characters, the likeliest first."""

_FILE_NAMES = ("sanscjk", "sansjp", "sourcehan", "ipag", "takao", "vl-", "hiragino", "yugoth", "meiryo", "msgothic")
"""Parts of the names of their files."""
_CJK_BLOCKS = ((0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF), (0x20000, 0x323AF))
"""Radicals to unified ideographs with kana between, Hangul, compatibility and full-width forms, rare ideographs."""


def has_cjk(text: str) -> bool:
    """Whether a text holds Japanese, Chinese or Korean characters."""
    return any(first <= ord(char) <= last for char in text for first, last in _CJK_BLOCKS)


@cache
def installed_cjk_font() -> str | None:
    """The first of `CJK_FONTS` that is installed; None where none is."""
    found = _first_known()
    if found is None:
        _add_new_fonts()
        found = _first_known()
    return found


def _first_known() -> str | None:
    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CJK_FONTS if name in known), None)


def _add_new_fonts() -> None:
    """Make known such fonts, in all their weights, that were installed after matplotlib wrote its list of fonts."""
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for path in sorted(font_manager.findSystemFonts()):
        name = Path(path).stem.lower()
        if path in known or not any(part in name for part in _FILE_NAMES):
            continue
        try:
            font_manager.fontManager.addfont(path)
        except (OSError, RuntimeError):  # a file that is no font, or none that can be read
            continue


PNG_DPI = 144


class LabelledFigure(Figure):
    """A figure that finds a font for its labels when it is drawn, and shows itself in a notebook."""

    def _repr_png_(self) -> bytes:
        """The picture, for a notebook."""
        target = io.BytesIO()
        self.savefig(target, format="png", dpi=PNG_DPI)
        return target.getvalue()

    def draw(self, renderer: Any) -> None:
        """Draw, with a font that has the characters of the labels; where there is none, say so once a drawing."""
        texts = _texts(self)
        if not any(has_cjk(text.get_text()) for text in texts):
            super().draw(renderer)
            return
        font = installed_cjk_font()
        with warnings.catch_warnings():
            if font is None:
                warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            else:
                for text in texts:
                    families = list(text.get_fontfamily())
                    text.set_fontfamily([*(name for name in families if name != font), font])
            super().draw(renderer)
        if font is None:
            warnings.warn(
                "Labels hold Japanese, Chinese or Korean characters, and no font with them is installed: the picture "
                f"shows empty boxes. Install one, such as {CJK_FONTS[0]} (Debian: fonts-noto-cjk).",
                CalibraWarning,
                stacklevel=2,
            )


class ShownAxes(Axes):
    """Axes that show their figure in a notebook."""

    def _repr_png_(self) -> bytes | None:
        """The picture, for a notebook."""
        figure = self.get_figure(root=True)
        return figure._repr_png_() if isinstance(figure, LabelledFigure) else None


def _texts(figure: Figure) -> list[Text]:
    """Every text of a figure, the labels of ticks too, which are made on demand."""
    made = [label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in axis.get_ticklabels()]
    found = [artist for artist in figure.findobj(Text) if isinstance(artist, Text)]
    return list({id(text): text for text in (*found, *made)}.values())
