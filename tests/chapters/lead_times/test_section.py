"""The section of lead times: what its blocks say, in both languages."""

import re
from collections.abc import Iterator
from functools import partial

import pytest

import calibra as cb
from calibra.chapters.lead_times.findings import findings
from calibra.chapters.lead_times.open_prospects import open_prospects
from calibra.chapters.lead_times.section import section
from calibra.tables import plain_rows
from calibra.views.blocks import Cell, Picture, Row, Section, Table, Text
from calibra.views.page import Page, make_page
from tests.chapters.lead_times.fits import REPS, alone, fits, plateau, quick, young
from tests.chapters.lead_times.worlds import competing, judgments_of


def page_of(fit: cb.LeadTimeFit, *, lang: str = "en", pseudonyms: str | None = None) -> Page:
    days, ending = competing(20, seed=1)
    any_judgments = judgments_of(days, ending, rep=fit.reps[0])
    return make_page(fit.reps, any_judgments, lang=lang, event="opportunity", pseudonyms=pseudonyms, several=False)


def section_of(fit: cb.LeadTimeFit, **page: str) -> Section:
    (made,) = section(fit, page_of(fit, **page))
    return made


def tables(made: Section) -> list[Table]:
    return [block for block in made.blocks if isinstance(block, Table)]


def words(made: Section) -> Iterator[str]:
    """Every text of a section."""
    yield made.title
    for block in made.blocks:
        if isinstance(block, Text):
            yield block.text
        elif isinstance(block, Table):
            yield from (block.caption, block.note, *(column.text for column in block.columns))
            yield from (text for row in block.rows for cell in row.cells for text in (cell.text, cell.sub))
        elif isinstance(block, Picture):
            yield from (block.caption, block.note)


def cells(row: Row) -> list[Cell]:
    return list(row.cells)


def test_quartiles_and_promises_of_each_rank_stand_with_their_intervals() -> None:
    row = plain_rows(plateau().lead_times())[0]
    first = cells(tables(section_of(plateau()))[0].rows[0])
    read = partial(page_of(plateau()).say.read, row)
    assert [cell.text for cell in first[:2]] == ["A", f"{row['n']:,}"]
    quartiles = ("quarter_days", "median_days", "three_quarters_days")
    assert [cell.text for cell in first[2:5]] == [read(name, unit="whole") for name in quartiles]
    assert first[5].text == f"{read('share_inside_promise')} in 60 days"
    assert first[6].text == read("open_past_promise")


def test_a_promise_that_cannot_be_judged_says_why() -> None:
    a, b = tables(section_of(young()))[0].rows
    assert [cells(row)[5].text for row in (a, b)] == [
        "60 days are past day 50, the last of this fit",
        "known from 10 November 2026 at the earliest",
    ]
    assert {cells(row)[6].text for row in (a, b)} == {"–"}
    assert [cells(row)[5].text for row in tables(section_of(quick()))[0].rows] == ["nothing promised"] * 2


def test_each_rep_has_a_row_with_tempo_exits_and_open_prospects() -> None:
    table = tables(section_of(plateau()))[1]
    rows = {row.name: cells(row) for row in table.rows}
    assert list(rows) == list(REPS)
    name, median, finding, sure, exits, chased = rows["Cy"]
    assert (name.href, finding.text, finding.tone, sure.text) == (
        "rep-3",
        "slower than all reps",
        "below",
        "over 99\xa0%",
    )
    assert median.sub == f"{plateau().tempo().events[2]} of {int(plateau().n[2].sum())}"
    assert "below" in median.picture
    prospects = open_prospects(plateau())["Cy"]
    assert chased.text == f"{prospects.n_chased} of {prospects.n}"
    assert chased.sub.startswith(f"{prospects.left.estimate:.1f} (")
    assert f"chance unknown of {prospects.n_unknown}" in chased.sub
    assert exits.sub == ""
    assert rows["Bo"][4].sub == "more often than with all reps"
    assert rows["Di"][4].sub == "less often than with all reps"


def test_where_nothing_is_found_the_chances_of_both_sides_stand() -> None:
    row = cells(tables(section_of(plateau()))[1].rows[0])
    assert row[2].text == "cannot tell yet"
    assert re.fullmatch(r"slower .+ %, faster .+ %", row[3].text.replace("\xa0", " "))


def test_the_section_shows_findings_in_their_own_words() -> None:
    for fit in fits().values():
        say = page_of(fit).say
        shown = {say.tell(each) for each in findings(fit) if each.key.rpartition(".")[2].startswith(("exits", "never"))}
        told = [block.text for block in section_of(fit).blocks if isinstance(block, Text)]
        assert set(told[2:]) == shown


def test_the_picture_has_a_curve_for_each_rank_and_says_what_it_rests_on() -> None:
    (picture,) = [block for block in section_of(plateau()).blocks if isinstance(block, Picture)]
    assert picture.svg.count('class="curve rank') == picture.svg.count('class="seen rank') == 2
    assert picture.note.endswith("n 4,000 judgments.")


def test_one_rep_alone_is_in_line_with_all() -> None:
    (row,) = tables(section_of(alone()))[1].rows
    assert cells(row)[2].text == "in line"


def test_pseudonyms_replace_every_name() -> None:
    told = " ".join(words(section_of(plateau(), pseudonyms="a secret text")))
    assert not re.search(rf"\b({'|'.join(REPS)})\b", told)
    assert "Rep " in told


@pytest.mark.parametrize("name", ["plateau", "young", "quick", "alone"])
def test_no_english_is_left_in_japanese(name: str) -> None:
    fit = fits()[name]
    for text in words(section_of(fit, lang="ja")):
        assert not re.search(r"[a-zA-Z]{4,}", text.replace("laplace", "").replace("{days}", "")), text
    assert section_of(fit, lang="ja").anchor == "lead-times"
