"""Promised against delivered: what is said of all reps, and the tables of all reps and of each."""

import pytest

from calibra.chapters.promises.chapter import PROMISES
from calibra.errors import HorizonError
from calibra.reading.means import ALL_REPS
from calibra.wording import choose_wording
from tests.chapters.ranks.calibrated import all_findings, answers, calibrated, page_of, texts


def said(name: str) -> list[str]:
    """What is said of promises, blanks made plain."""
    return [str(found).replace("\u00a0", " ") for found in all_findings(name) if found.chapter == "promises"]


def test_averages_that_are_surely_kept_or_not_stand_in_one_sentence() -> None:
    first, shared = said("high")
    assert first == (
        "Meant and came within 90 days, all reps together: A more than meant (over 99 %); B more than meant (over "
        "99 %); C more than meant (over 99 %)."
    )
    assert shared.startswith("Of 100 called ")
    assert said("no event") == []


def test_a_bar_is_told_by_where_the_rank_begins_and_not_by_what_it_delivers() -> None:
    _, early, meant = said("bars")
    row = calibrated("bars").promises[90].table.set_index(["rep", "rank"]).loc[(ALL_REPS, "A")]
    ends = f"{100 * row['bar']:.0f} % ({100 * row['bar_lower']:.0f}–{100 * row['bar_upper']:.0f})"
    assert early == (
        f"All reps together start to call a prospect A from {ends}; it is meant from 60 %: earlier than meant "
        "(over 99 % sure)."
    )
    assert "it is meant from 20 %: as meant" in meant
    _, late, unsure = said("other bars")
    assert "it is meant from 30 %: later than meant" in late
    assert unsure.endswith("it is meant from 17.6 %. Whether that is as meant cannot be told yet.")
    found = [one for one in all_findings("other bars") if one.key.startswith("promises.starts")]
    assert [(one.rank, one.side, one.role) for one in found] == [("A", "above", "found"), ("B", "", "unknown")]


def test_promises_are_a_mapping_by_horizon_and_an_answer_where_nothing_is_promised() -> None:
    calibration = calibrated("nothing_promised")
    assert "promises" in calibration.answered
    assert dict(calibration.promises) == {}
    with pytest.raises(HorizonError, match="got 60"):
        calibration.promises[60]
    assert "promises" not in calibration.tables()
    page = page_of("nothing_promised")
    (section,) = PROMISES.section(calibration.promises, page)
    table = next(block for block in section.blocks if block.kind == "table")
    assert [row.cells[-1].text for row in table.rows] == ["nothing meant"] * 3
    assert any("Nothing is meant by the scale within 60 days" in text for text in texts(section.blocks))
    assert len(PROMISES.card(calibration.promises, page.reps[0], page)) == 1


def test_a_promise_is_written_with_the_digits_it_was_given_with() -> None:
    say = choose_wording("en", "event")
    assert [say.given(share).replace("\u00a0", " ") for share in (0.025, 0.07, 0.29, 0.6)] == [
        "2.5 %", "7 %", "29 %", "60 %",
    ]  # fmt: skip
    _, promises = answers("mixed")
    (section,) = PROMISES.section(promises, page_of("mixed"))
    table = next(block for block in section.blocks if block.kind == "table")
    assert [row.cells[1].text.replace("\u00a0", " ") for row in table.rows] == ["60 %", "35 %", "2.5 %"]
    card = PROMISES.card(promises, "Below", page_of("mixed"))[0]
    assert card.rows[2].cells[2].text.replace("\u00a0", " ") == "2.5 %"


def test_a_bar_without_thresholds_and_a_promise_not_fitted_cannot_be_compared() -> None:
    def verdicts(name: str) -> list[str]:
        (section,) = PROMISES.section(answers(name)[1], page_of(name))
        return [row.cells[-1].text for row in section.blocks[1].rows]

    assert verdicts("bars alone")[:2] == ["cannot be compared yet"] * 2
    assert verdicts("young") == ["less than meant (94\u00a0%)", "nothing meant", "cannot be compared yet"]
    assert verdicts("bars")[:2] == ["a line is meant: see below"] * 2


def test_a_card_has_every_rank_at_the_first_horizon_and_those_promised_at_each_other() -> None:
    _, promises = answers("two horizons")
    page = page_of("two horizons")
    first, second = PROMISES.card(promises, page.reps[0], page)
    assert [row.cells[0].text for row in first.rows] == ["A", "B", "C"]
    assert [row.cells[0].text for row in second.rows] == ["C"]
    row = promises[90].table.set_index(["rep", "rank"]).loc[(page.reps[0], "C")]
    assert second.rows[0].cells[1].sub == f"{row['events']}/{row['n']}"
    bar = promises.thresholds[60].bars().set_index(["rep", "rank"]).loc[(page.reps[0], "A"), "estimate"]
    assert first.rows[0].cells[0].sub.startswith(f"from {100 * bar:.0f}")
    assert first.rows[2].cells[0].sub == ""


def test_a_card_of_one_rank_says_nothing_of_where_it_begins() -> None:
    (table,) = PROMISES.card(answers("one_rank")[1], "Aoki", page_of("one_rank"))
    assert table.columns[0].text == "Rank"
