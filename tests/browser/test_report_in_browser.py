"""The demo's report in a real browser: every section, every picture, no request, no sideways scroll."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import calibra as cb
from calibra.calibration import Calibration
from tests.browser.opened import SIZES, Opened

pytestmark = pytest.mark.browser

SECTIONS = ("glance", "came-in", "trust", "all-reps", "promises", "lead-times", "thresholds", "how-many", "cards")
HOSTILE = {
    "Aoki": "<script>document.title='x'</script>", "Endo": "w" * 200, "Ito": "שלום עולם", "Mori": "佐藤 花子",
    "Sato": "\u202eoverride\nnewline",
}  # fmt: skip


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    """The demo's world, some of its reps under names that test a page."""
    world = cb.simulate_judgments(seed=1)
    frame, rep = world.frame.copy(), world.columns["rep"]
    frame[rep] = frame[rep].replace(HOSTILE)
    judgments = cb.Judgments.from_frame(frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    return cb.calibrate(judgments, seed=1, engine="laplace", draws=400)


@pytest.fixture(scope="module", params=["en", "ja"])
def report(request: pytest.FixtureRequest, calibration: Calibration, tmp_path_factory: Any) -> Path:
    return calibration.report(tmp_path_factory.mktemp("report") / "report.html", lang=request.param, standings=True)


@pytest.fixture(params=list(SIZES))
def opened(request: pytest.FixtureRequest, browser: Any, report: Path) -> Iterator[Opened]:
    found = Opened(browser, report, SIZES[request.param])
    yield found
    found.context.close()


def test_every_section_is_there_and_nothing_is_asked_for_or_complained_of(opened: Opened) -> None:
    heights = opened.ask(f"{list(SECTIONS)}.map(id => document.getElementById(id).getBoundingClientRect().height)")
    assert min(heights) > 40
    assert opened.ask("document.querySelectorAll('article.card').length") == 20
    assert opened.said == []
    assert [url for url in opened.asked if url != opened.address and not url.startswith("data:")] == []
    assert (
        opened.ask("performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith('data:'))")
        == []
    )


def test_every_picture_is_drawn(opened: Opened) -> None:
    opened.ask("document.querySelectorAll('article.card').forEach(card => card.style.contentVisibility = 'visible')")
    boxes = opened.ask(
        """[...document.querySelectorAll('svg[role=img]')].map(svg => {
            const box = svg.getBoundingClientRect();
            const marks = [...svg.querySelectorAll('circle, polyline, polygon')];
            const drawn = marks.every(mark => {
                const inner = mark.getBoundingClientRect();
                return inner.width > 0 && inner.height > 0
                    && inner.left >= box.left - 12 && inner.right <= box.right + 12;
            });
            return [box.width, box.height, marks.length, drawn];
        })"""
    )
    assert len(boxes) > 20 * 5 * 2  # every rep and rank in one picture, and on the cards
    assert [box for box in boxes if not (box[0] > 40 and box[1] >= 18 and box[2] > 0 and box[3])] == []


def test_nothing_scrolls_sideways_but_tables_in_their_own_container(opened: Opened) -> None:
    opened.ask("document.querySelectorAll('article.card').forEach(card => card.style.contentVisibility = 'visible')")
    assert opened.ask("document.documentElement.scrollWidth <= window.innerWidth")
    assert opened.ask(
        """[...document.querySelectorAll('body *')].filter(element => {
            const box = element.getBoundingClientRect();
            return box.right > window.innerWidth + 1 && !element.closest('.scroll') && !element.closest('svg');
        }).map(element => element.outerHTML.slice(0, 80))"""
    ) == []  # fmt: skip


def test_text_is_large_enough_and_stands_out_from_its_ground(opened: Opened) -> None:
    """Body text of 12 pixels and more; contrast of at least 4.5 (WCAG 2.1, 1.4.3), ground white or the wash."""
    found = opened.ask(
        """(() => {
            const light = colour => {
                const parts = colour.match(/[0-9.]+/g).slice(0, 3).map(Number).map(value => {
                    const share = value / 255;
                    return share <= 0.03928 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4);
                });
                return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
            };
            const ground = light('rgb(244, 246, 248)');
            const texts = [...document.querySelectorAll('p, li, th, td span, h1, h2, h3, h4, a, summary, figcaption')];
            return texts.filter(text => text.textContent.trim()).map(text => {
                const style = getComputedStyle(text);
                return [(ground + 0.05) / (light(style.color) + 0.05), parseFloat(style.fontSize), text.className];
            });
        })()"""
    )
    assert [row for row in found if row[0] < 4.5 or row[1] < 12] == []


def test_a_rep_is_found_by_name_and_the_rest_comes_back(browser: Any, report: Path) -> None:
    found = Opened(browser, report, SIZES["desktop"])
    visible = "[...document.querySelectorAll('article.card')].filter(card => !card.hidden).length"
    field = found.page.locator("#search")
    field.fill("佐藤")
    assert found.ask(visible) == 1
    field.fill("nobody of this name")
    assert found.ask(visible) == 0
    assert found.page.locator("#nobody-found").is_visible()
    field.fill("")
    assert found.ask(visible) == 20
    assert found.said == []
    found.context.close()


def test_without_javascript_everything_but_the_search_is_there(browser: Any, report: Path) -> None:
    found = Opened(browser, report, SIZES["desktop"], java_script_enabled=False)
    assert found.page.locator("article.card").count() == 20
    assert not found.page.locator("#search").is_visible()
    found.page.locator(".index a").first.click()
    assert found.page.url.endswith("#rep-1")
    found.context.close()


def test_japanese_characters_have_glyphs(browser: Any, report: Path) -> None:
    """A character without a glyph is drawn as the same box as one that no font has."""
    found = Opened(browser, report, SIZES["desktop"])
    widths = found.ask(
        """(() => {
            const canvas = document.createElement('canvas');
            canvas.width = canvas.height = 40;
            const pen = canvas.getContext('2d');
            pen.font = '24px ' + getComputedStyle(document.body).fontFamily;
            return ['\\u{10FFFF}', '読', '佐', 'ズ', '仮'].map(char => {
                pen.clearRect(0, 0, 40, 40);
                pen.fillText(char, 4, 30);
                return canvas.toDataURL();
            });
        })()"""
    )
    if widths[1] == widths[0]:
        pytest.skip("no font with Japanese characters is installed")
    assert len(set(widths)) == len(widths)
    found.context.close()


def test_hostile_names_change_nothing(opened: Opened) -> None:
    assert opened.ask("document.title") != "x"
    assert opened.ask("document.querySelectorAll('script').length") == 1
    acting = "e => [...e.attributes].some(a => a.name.startsWith('on'))"
    assert opened.ask(f"[...document.querySelectorAll('*')].filter({acting}).length") == 0


def test_it_prints_on_paper_within_its_margins(browser: Any, report: Path, tmp_path: Path) -> None:
    """A4 with margins of 14 mm leaves 182 mm, 688 pixels."""
    found = Opened(browser, report, (688, 1017))
    found.page.emulate_media(media="print")
    wide = found.ask(
        "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().width > 690).length"
    )
    assert wide == 0
    found.page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert (tmp_path / "report.pdf").stat().st_size > 50_000
    found.context.close()
