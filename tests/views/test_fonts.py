"""Pictures with Japanese labels: an installed font has the characters, and its absence is said."""

import warnings
from pathlib import Path

import pytest
from matplotlib import font_manager

from calibra.chapters.ranks.pictures import plot_probabilities
from calibra.errors import CalibraWarning
from calibra.views import fonts
from calibra.views.style import make_axes, save_picture
from tests.hostile import counts_fit


def test_japanese_names_fall_back_on_an_installed_font_and_latin_stays_as_it_was(tmp_path: Path) -> None:
    if fonts.installed_cjk_font() is None:
        pytest.skip("no font with Japanese characters is installed")
    axes = plot_probabilities(counts_fit(["佐藤", "Sato"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of every character no font has
        save_picture(axes, tmp_path / "names.png")
    families = axes.get_yticklabels()[1].get_fontfamily()
    assert families[0] == "sans-serif"
    assert families[-1] == fonts.installed_cjk_font()


def test_a_font_newer_than_matplotlibs_list_is_found_in_every_weight(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    if fonts.installed_cjk_font() is None:
        pytest.skip("no font with Japanese characters is installed")
    listed = font_manager.fontManager.ttflist
    files = {font.fname for font in listed if font.name in fonts.CJK_FONTS}
    older = [font for font in listed if font.fname not in files]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", older)
    fonts.installed_cjk_font.cache_clear()
    axes = make_axes(width=2, height=1)
    axes.set_title("読みのズレ", fontweight="bold")
    axes.set_xlabel("見込みランク")
    save_picture(axes, tmp_path / "title.png")
    assert "findfont" not in caplog.text


def test_without_such_a_font_the_empty_boxes_are_announced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "installed_cjk_font", lambda: None)
    axes = make_axes(width=2, height=1)
    axes.set_title("読みのズレ")
    with pytest.warns(CalibraWarning, match=r"no font with them is installed.*Install one, such as Noto Sans CJK JP"):
        save_picture(axes, tmp_path / "title.png")


def test_latin_labels_ask_for_no_other_font(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "installed_cjk_font", lambda: pytest.fail("no label asks for it"))
    axes = make_axes(width=2, height=1)
    axes.set_title("Łódź – Ω")
    save_picture(axes, tmp_path / "title.png")


@pytest.mark.parametrize(
    ("text", "found"), [("Abe", False), ("あべ", True), ("阿部", True), ("\uff21\uff22\uff25", True), ("아베", True)]
)
def test_characters_that_need_such_a_font_are_recognised(text: str, found: bool) -> None:
    assert fonts.has_cjk(text) == found
