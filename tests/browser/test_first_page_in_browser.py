"""The first page on a screen, a phone, paper: one screen, one sheet, no text cut or over another, nothing bars."""

from pathlib import Path
from typing import Any

import pytest

import calibra as cb
from calibra.calibration import Calibration
from calibra.wording import LANGS
from tests.browser.opened import SIZES, Opened

pytestmark = pytest.mark.browser

LONG = "Maximiliane-Konstanze von und zu Hohenlohe-Schillingsfürst"
POINT = 96 / 72
"""Pixels of a point."""
SIZES_ON_PAPER = """(() => {
    const chapters = [...document.querySelectorAll('main > section:not(#cards)')];
    const sizes = which => chapters.flatMap(part => [...part.querySelectorAll(which)])
        .filter(part => part.getClientRects().length && part.textContent.trim())
        .map(part => parseFloat(getComputedStyle(part).fontSize));
    return {
        text: sizes('p:not(.note):not(.legend), li'),
        tables: sizes('td .value, td .sub, th, figcaption, .note'),
        zooms: chapters.map(part => parseFloat(getComputedStyle(part).zoom || 1)),
    };
})()"""
"""Sizes of the letters of the chapters, in pixels, and by how much they are zoomed."""
MOST_PAGES = 8
"""Sheets that the report of 14 reps takes without its cards."""


def calibrated(n_reps: int, n_each: int, **settings: Any) -> Calibration:
    """A simulated team, one of its reps with a very long name."""
    world = cb.simulate_judgments(seed=1, n_reps=n_reps, n_prospects=n_reps * n_each)
    frame, rep = world.frame.copy(), world.columns["rep"]
    frame[rep] = frame[rep].replace({frame[rep].iloc[0]: LONG})
    judgments = cb.Judgments.from_frame(frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    return cb.calibrate(judgments, seed=1, engine="laplace", draws=200, progress=False, **settings)


@pytest.fixture(scope="module")
def fourteen(tmp_path_factory: Any) -> dict[str, Path]:
    """The whole report of 14 reps in every language."""
    found, folder = calibrated(14, 250), tmp_path_factory.mktemp("fourteen")
    return {lang: found.report(folder / f"{lang}.html", lang=lang) for lang in LANGS}


@pytest.fixture(scope="module", params=[40, 300])
def many(request: pytest.FixtureRequest, tmp_path_factory: Any) -> dict[str, Path]:
    """Reports of many reps."""
    found, folder = calibrated(request.param, 60, parts=()), tmp_path_factory.mktemp("many")
    return {lang: found.report(folder / f"{lang}.html", lang=lang) for lang in LANGS}


def is_one_screen_and_one_sheet(browser: Any, report: Path) -> None:
    found = Opened(browser, report, SIZES["desktop"])
    assert found.ask("document.querySelector('.first').getBoundingClientRect().bottom") <= SIZES["desktop"][1]
    assert found.ask("document.querySelectorAll('.monday li').length") <= 5
    assert found.ask("document.querySelectorAll('.first figure.translation tbody tr').length") <= 15
    found.leave("main > section, nav, #notes, footer")
    assert found.pages() == 1
    found.context.close()


@pytest.mark.parametrize("lang", LANGS)
def test_the_first_page_of_fourteen_is_one_screen_and_one_sheet(browser: Any, fourteen: dict[str, Path], lang) -> None:
    is_one_screen_and_one_sheet(browser, fourteen[lang])


@pytest.mark.parametrize("lang", LANGS)
def test_the_first_page_of_many_is_one_screen_and_one_sheet(browser: Any, many: dict[str, Path], lang: str) -> None:
    is_one_screen_and_one_sheet(browser, many[lang])


@pytest.mark.parametrize("lang", LANGS)
def test_a_card_is_a_page_and_the_rest_of_the_report_few(browser: Any, fourteen: dict[str, Path], lang: str) -> None:
    found = Opened(browser, fourteen[lang], SIZES["desktop"])
    found.leave("#cards")
    assert found.pages() <= MOST_PAGES
    found.page.emulate_media(media="print")
    sizes = found.ask(SIZES_ON_PAPER)
    assert min(sizes["text"]) >= 9 * POINT - 0.01
    assert min(sizes["tables"]) >= 7 * POINT - 0.01
    assert max(sizes["zooms"]) == min(sizes["zooms"]) == 1
    found.context.close()
    cards = Opened(browser, fourteen[lang], SIZES["desktop"])
    cards.leave(".first, nav, main > section:not(#cards), #notes, footer")
    assert cards.pages() == 14
    cards.context.close()


TEXT_BOXES = """(() => {
    const walker = document.createTreeWalker(document.querySelector('.first'), NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const held = node.parentElement;
        if (!node.data.trim() || held.closest('style, title, thead th.name')) continue;
        if (getComputedStyle(held).display === 'none') continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) {
            if (box.width < 1) continue;
            const clips = [];
            for (let part = held; part && part !== document.body; part = part.parentElement) {
                const style = getComputedStyle(part);
                if (style.overflowX !== 'visible' || style.textOverflow === 'ellipsis') {
                    const outer = part.getBoundingClientRect();
                    clips.push(box.left < outer.left - 1 || box.right > outer.right + 1);
                }
            }
            found.push([node.data.trim().slice(0, 30), box.left, box.top, box.right, box.bottom, clips.some(Boolean)]);
        }
    }
    return found;
})()"""


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("lang", LANGS)
def test_no_text_is_cut_off_screen_or_over_another(browser: Any, fourteen: dict[str, Path], lang, size: str) -> None:
    found = Opened(browser, fourteen[lang], SIZES[size])
    boxes = found.ask(TEXT_BOXES)
    found.context.close()
    assert len(boxes) > 100
    assert [box for box in boxes if box[1] < 0 or box[3] > SIZES[size][0] + 0.5 or box[5]] == []
    over = [
        (a[0], b[0])
        for i, a in enumerate(boxes)
        for b in boxes[:i]
        if min(a[3], b[3]) - max(a[1], b[1]) > 1.5 and min(a[4], b[4]) - max(a[2], b[2]) > 5.0
    ]
    assert over == []


@pytest.mark.parametrize("lang", LANGS)
def test_on_a_phone_the_verdict_comes_first(browser: Any, fourteen: dict[str, Path], lang: str) -> None:
    found = Opened(browser, fourteen[lang], SIZES["phone"])
    first, picture = found.ask(
        "['.monday', '.picture-of-all'].map(part => document.querySelector(part).getBoundingClientRect().top)"
    )
    found.context.close()
    assert first < picture
    assert first < SIZES["phone"][1] / 2  # a doubt about what was given may stand above it


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("lang", LANGS)
def test_axe_finds_nothing_that_bars_anybody(browser: Any, fourteen: dict[str, Path], lang: str, size: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = Opened(browser, fourteen[lang], SIZES[size])
    found.ask("document.querySelectorAll('article.card').forEach(card => card.style.contentVisibility = 'visible')")
    told = axe.Axe().run(found.page).response
    found.context.close()
    assert len(told["passes"]) > 15  # it has looked
    assert [(each["id"], each["impact"]) for each in told["violations"]] == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", SIZES)
def test_no_label_of_a_curve_leaves_its_picture(browser: Any, fourteen: dict[str, Path], lang: str, size: str) -> None:
    found = Opened(browser, fourteen[lang], SIZES[size])
    boxes = found.ask(
        """[...document.querySelectorAll('svg.curves')].flatMap(svg => [...svg.querySelectorAll('text')].map(text => [
            text.textContent, text.getBoundingClientRect().right - svg.getBoundingClientRect().right]))"""
    )
    assert len(boxes) > 10
    assert [box for box in boxes if box[1] > 1] == []
    found.context.close()


@pytest.mark.parametrize("lang", LANGS)
def test_rows_that_say_nothing_are_one_sentence_on_paper_alone(
    browser: Any, fourteen: dict[str, Path], lang: str
) -> None:
    found = Opened(browser, fourteen[lang], SIZES["desktop"])
    shown = """[['tr.quiet', '.on-paper'].map(which => [...document.querySelectorAll(which)]
        .filter(part => part.getClientRects().length).length)][0]"""
    quiet, sentences = found.ask(shown)
    assert (quiet >= 3, sentences) == (True, 0)
    found.page.emulate_media(media="print")
    quiet, sentences = found.ask(shown)
    assert (quiet, sentences >= 1) == (0, True)
    found.context.close()
