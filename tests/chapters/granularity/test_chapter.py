"""How many ranks the data tell apart: said once, beside the table of neighbours."""

import numpy as np
import pytest

from calibra.chapters.granularity.chapter import GRANULARITY
from calibra.chapters.granularity.merges import Granularity, Merge
from calibra.reading.by_horizon import ByHorizon
from calibra.reading.means import ALL_REPS, WITHIN_REPS
from calibra.views.blocks import Table, Text
from calibra.views.page import Page, make_page
from calibra.wording import choose_wording
from tests.calibrated import calibrated
from tests.chapters.phrases import english_left, plain, told_in_all_forms, unlike_phrases

SPLITS = {
    "all": (("A",), ("B",), ("C",), ("D",), ("E",)),
    "merged": (("A",), ("B", "C", "D"), ("E",)),
    "unsure": (("A",), ("B", "C"), ("D",), ("E",)),
    "one": (("A", "B", "C", "D", "E"),),
}
"""What is told to the ranks that are left."""
APART_PROBS = {"all": (1.0, 0.95, 0.92, 0.999), "unsure": (1.0, 0.1, 0.6, 0.999)}
"""What is told to how sure it is that neighbours lie apart; else as of `merged`."""


def granularity(key: str, days: int | None = 90, *, set_apart: tuple[str, ...] = ()) -> Granularity:
    """An answer with the evidence of all reps and of one."""
    groups, n = SPLITS[key], 12
    columns = {
        "rep": np.repeat(np.array([ALL_REPS, WITHIN_REPS, "Abe"], dtype=object), 4),
        "better": np.array(list("ABCD") * 3, dtype=object),
        "worse": np.array(list("BCDE") * 3, dtype=object),
        "estimate": np.array([19.0, 1.2, 0.8 if key == "all" else -0.8, 8.0] * 3),
        "lower": np.array([15.0, -2.0, -4.0, 6.0] * 3),
        "upper": np.array([24.0, 4.0, 2.0, 9.0] * 3),
        "prob_apart": np.array(APART_PROBS.get(key, (1.0, 0.1, 0.02, 0.999)) * 3),
        "n_better": np.full(n, 100),
        "n_worse": np.full(n, 150),
    }
    merges = (
        Merge(("B",), ("C",), -0.4, 0.2, 0.1, done=True),
        Merge(("B", "C"), ("D",), 0.1, 0.25, 0.2, done=True),
        Merge(("A",), ("B",), 30.0, 9.0, 1.0, done=False),
    )
    settings = {"within_days": days, "engine": "laplace", "interval_prob": 0.9}
    return Granularity(groups, merges, columns, set_apart, 1.25, settings)


def page_of(lang: str) -> Page:
    judgments = calibrated().judgments
    return make_page(["Abe"], judgments, lang=lang, event="opportunity", pseudonyms=None, several=True)


def test_both_languages_name_the_same_things_under_the_same_keys() -> None:
    assert unlike_phrases("granularity") == []


@pytest.mark.parametrize("key", SPLITS)
def test_the_answer_is_one_finding(key: str) -> None:
    (finding,) = GRANULARITY.findings(ByHorizon({90: granularity(key)}))
    told = "all" if key == "all" else "parts"
    assert (finding.key, finding.within_days, finding.rep) == (f"granularity.{told}", 90, None)
    assert granularity(key).sentence() == str(finding)


def test_each_pair_is_told_apart_worth_merging_or_not_known_yet() -> None:
    # of all merges together .1 is lost, and one time in ten more than .1 + 1.28 × .25 = .4
    assert granularity("merged").sentence() == (
        "Outcomes within 90 days, 5 ranks: told apart, by more than the margin: A and B, D and E; worth merging, for "
        "they are as good as equal: B+C+D (log score lost in outcomes of reps held out of the fit, per 1,000 of 700 "
        "judgments: 0.1, and hardly more than 0.4). Whether a rank should be split cannot be seen from ranks alone."
    )
    assert "; cannot be told yet: C and D. Whether" in granularity("unsure").sentence()
    assert granularity("unsure").verdicts == {
        ("A", "B"): "told apart",
        ("B", "C"): "worth merging",
        ("C", "D"): "cannot tell yet",
        ("D", "E"): "told apart",
    }


def test_reps_whose_ranks_stand_the_wrong_way_round_are_named() -> None:
    _, finding = GRANULARITY.findings(ByHorizon({90: granularity("merged", set_apart=("Abe", "Baba"))}))
    assert str(finding) == (
        "Left out where ranks are compared, for their better ranks bring fewer events: Abe and Baba."
    )


def test_the_number_of_ranks_and_the_horizon_are_said() -> None:
    told = "the data tell all 5 ranks apart, by more than 1.25 times on the odds."
    assert granularity("all").sentence() == f"Outcomes within 90 days: {told}"
    assert granularity("all", None).sentence() == f"Outcomes (horizon not stated): {told}"
    assert ": worth merging, for they are as good as equal: A+B+C+D+E (" in granularity("one").sentence()


@pytest.mark.parametrize("several", [True, False])
def test_everything_can_be_said_in_both_languages(several: bool) -> None:
    found = [granularity(key, days).finding for key in SPLITS for days in (90, None)]
    found += granularity("merged", set_apart=("阿部",)).findings
    for lang in ("en", "ja"):
        texts = told_in_all_forms(found, choose_wording(lang, "win", several=several))
        assert not any("{" in text or "None" in text for text in texts)
    assert english_left(texts) == []


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_section_holds_the_finding_and_the_neighbours_of_all_reps(lang: str) -> None:
    found, page = ByHorizon({90: granularity("merged"), 180: granularity("all", 180)}), page_of(lang)
    (section,) = GRANULARITY.section(found, page)
    texts = [block for block in section.blocks if isinstance(block, Text)]
    tables = [block for block in section.blocks if isinstance(block, Table)]
    assert [text.text for text in texts] == [page.say.tell(told.finding) for told in found.values()]
    assert [len(table.rows) for table in tables] == [4, 4]
    if lang == "ja":
        told = [section.title, *(text.text for text in texts)]
        told += [cell.text + cell.sub for table in tables for row in table.rows for cell in row.cells]
        assert english_left(told) == []


def test_a_row_holds_the_pair_the_difference_and_how_sure_it_is() -> None:
    (section,) = GRANULARITY.section(ByHorizon({90: granularity("merged")}), page_of("en"))
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    rows = [[plain(f"{cell.text} | {cell.sub}") for cell in row.cells] for row in table.rows]
    assert rows[0] == ["A and B | ", "19 (15–24) | n 250", "over 99 % | ", "told apart | "]
    assert rows[2][1] == "−1 (−4–2) | n 250"
    assert ["cannot_tell" in row.cells[1].picture for row in table.rows] == [False, True, True, False]
    assert plain(table.note).startswith("In brackets: 90 % interval. n: judgments at least 90 days old.")
