"""The section of thresholds: one row a rep, one column a threshold, the verdict and how sure it is."""

from collections.abc import Iterable

import pytest

import calibra as cb
from calibra.chapters.ranks.chapter import Ranks
from calibra.chapters.thresholds.advice import ThresholdAdvice
from calibra.chapters.thresholds.answer import Thresholds
from calibra.chapters.thresholds.findings import count_verdicts
from calibra.chapters.thresholds.section import threshold_section
from calibra.reading.by_horizon import ByHorizon
from calibra.views.blocks import Section, Table, Text
from calibra.views.page import Page, make_page
from tests.calibrated import calibrated
from tests.chapters.phrases import english_left, plain
from tests.chapters.thresholds.advices import advices
from tests.goldens.worlds import one_rep


def page_of(reps: Iterable[str], lang: str = "en", *, pseudonyms: str | None = None) -> Page:
    judgments = calibrated().judgments
    return make_page(reps, judgments, lang=lang, event="opportunity", pseudonyms=pseudonyms, several=False)


def section_of(name: str, lang: str = "en") -> Section:
    advice = advices()[name]
    (section,) = threshold_section(answer(advice), page_of(dict.fromkeys(advice.columns["rep"]), lang))
    return section


def answer(advice: ThresholdAdvice | None) -> Thresholds:
    return Thresholds(ByHorizon(), advice, ByHorizon(), Ranks({}, 1.25), 1.25)


def table_of(section: Section) -> Table:
    table = section.blocks[-1]
    assert isinstance(table, Table)
    return table


def cells(name: str) -> list[list[str]]:
    rows = table_of(section_of(name)).rows
    return [[plain(f"{cell.text} | {cell.sub}") for cell in row.cells] for row in rows]


def test_a_row_holds_todays_share_the_step_the_verdict_the_aim_and_what_was_counted() -> None:
    assert cells("moves from recent shares")[0] == [
        "rep 0 | n 280",
        "17 % of the recent 60 → 14 % | tighten (97 %); aim 9.7 % (9.7–9.7); counted 18 %",
    ]
    assert cells("moves")[1][1] == "3.5 % (3.5–3.5) → 5.5 % | loosen (over 99 %); aim 9.7 % (9.7–9.7); counted 18 %"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cannot tell", "cannot tell yet (more than 2,000)"),
        ("leaning to loosen", "cannot tell yet (about 400), leaning: loosen (85 %)"),
        ("tells nothing", "cannot tell yet"),
        ("keep", ""),
    ],
)
def test_what_cannot_be_told_yet_says_how_many_more_and_where_it_leans_on_pointing(name: str, told: str) -> None:
    assert plain(table_of(section_of(name)).rows[0].cells[1].hover) == told


@pytest.mark.parametrize(
    ("name", "told", "tone"),
    [
        ("keep", "18 % (18–18) | keep (over 99 %); counted 18 %", ""),
        ("cannot tell", "| cannot tell yet; counted", "pale"),
        ("tells nothing", "| cannot tell yet; counted", "pale"),
        ("moved already", "7.2 % (5.0–10) | moved already; counted 18 %", ""),
        ("leaning to loosen", "| cannot tell yet; counted", "pale"),
        ("met by all", "| promise met by all; counted", "reach"),
        ("out of reach", "18 % (18–18) | promise out of reach; counted", "reach"),
        ("tighten without an aim", "tighten (over 99 %); no aim: the model does not fit; counted 20 %", "below"),
    ],
)
def test_each_verdict_has_its_words_and_colour(name: str, told: str, tone: str) -> None:
    assert told in cells(name)[0][1]
    assert table_of(section_of(name)).rows[0].cells[1].tone == tone


def test_thresholds_of_several_horizons_name_them_and_count_under_each() -> None:
    table = table_of(section_of("two horizons"))
    assert [column.text for column in table.columns] == ["Rep", "A: within 90 days", "B or better: within 180 days"]
    assert table.rows[0].cells[0].sub == ""
    assert plain(table.rows[0].cells[1].sub).endswith(", n 280")
    assert "judgments at least 90, 180 days old" in table.note


def test_the_section_says_the_finding_and_not_another_sentence() -> None:
    for lang in ("en", "ja"):
        section = section_of("moves", lang)
        page = page_of(["rep 0", "rep 1"], lang)
        assert Text(page.say.tell(count_verdicts(advices()["moves"]))) in section.blocks


def test_nothing_english_is_left_in_the_japanese_section() -> None:
    for name in advices():
        section = section_of(name, "ja")
        table = table_of(section)
        texts = [block.text for block in section.blocks if isinstance(block, Text)]
        texts += [cell for row in table.rows for cell in (c for one in row.cells for c in (one.text, one.sub))]
        texts += [section.title, table.note, *(column.text for column in table.columns)]
        assert english_left(texts, known={"rep"}) == []


def test_reps_stand_under_the_names_shown() -> None:
    advice = advices()["moves"]
    page = page_of(["rep 0", "rep 1"], pseudonyms="a secret key")
    table = table_of(threshold_section(answer(advice), page)[0])
    assert not any("rep 0" in cell.text for row in table.rows for cell in row.cells)
    assert [row.cells[0].href for row in table.rows] == ["rep-1", "rep-2"]


def test_without_advice_there_is_no_section() -> None:
    assert threshold_section(answer(None), page_of(["rep 0"])) == []


def test_the_chapter_gives_its_section_of_a_calibration() -> None:
    judgments, _ = one_rep()
    found = cb.calibrate(judgments, seed=1, draws=200, engine="laplace", parts=["thresholds"], progress=False)
    chapter = {chapter.key: chapter for chapter in found.chapters()}["thresholds"]
    (section,) = chapter.section(found.thresholds, page_of(["Aoki"]))
    assert table_of(section).rows[0].cells[1].text
    assert "80\u00a0% intervals" in table_of(section).note
