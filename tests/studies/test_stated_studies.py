"""The studies of stated percentages and of what is added: a few worlds each, and tables that say what was counted."""

from pathlib import Path

import numpy as np
import pytest

from studies import added, added_sbc, stated, stated_worlds, stated_young


def test_a_world_of_the_priors_says_what_is_covered_and_where_the_truth_stands() -> None:
    rows = [stated_worlds.prior_world(1, index) for index in range(3)]
    for row in rows:
        places = [value for name, value in row.items() if name.startswith("@")]
        assert len(places) == 9
        assert all(0.0 < place < 1.0 for place in places)
    assert np.mean([row["curve, 200"] for row in rows]) > 0.6
    table = stated.coverage_table(rows)
    mean = 100 * np.mean([row["slope, 40"] for row in rows])
    assert table["40 statements"][1].startswith(f"{mean:.1f} % (")


def test_sentences_are_counted_by_how_sure_they_are_and_held_against_the_truth() -> None:
    n = np.full((2, 11), 200)
    events = np.rint(n * np.where([[True], [False]], 0.5, stated_worlds.STATED)).astype(int)
    fit = stated_worlds.fit_counts(n, events, seed=1)  # rep 1: half come, whatever is stated; rep 2: as stated
    so, not_so = (stated_worlds.sentences(fit, n, prob, slope) for prob, slope in (
        (events / n, np.array([0.0, 1.0])), (np.tile(stated_worlds.STATED, (2, 1)), np.array([1.0, 1.0])),
    ))  # fmt: skip
    assert so["said from 0.99"] == not_so["said from 0.99"] == 1.0
    assert so["sure from 0.99"] >= 0.99
    assert (so["true from 0.99"], not_so["true from 0.99"]) == (1.0, 0.0)
    table = stated.sentence_table([so | {"said from 0.9": 2.0, "true from 0.9": 1.0, "said from 0.95": 1.0}])
    assert table["true"] == ["50.0 %", "0.0 %", "100.0 %"]


def test_where_no_line_fits_the_curve_holds_more_of_the_truth_than_the_line_and_it_is_told() -> None:
    for kind in stated_worlds.BENDS:
        row = stated.misfit_world(kind, 2, 0, per_rep=200)
        assert row["curve"] > row["line"]
        assert row["told"] == 1.0
    heap = stated.misfit_world("heap at .5", 2, 1, per_rep=200)
    assert heap["curve at .5"] > heap["line at .5"] + 0.3


def test_an_interval_that_misses_is_counted_as_one_that_misses() -> None:
    draws = np.linspace(0.0, 1.0, 1001)[:, None] + np.array([0.0, 2.0])
    assert stated_worlds.covers(draws, np.array([0.5, 0.5])).tolist() == [1.0, 0.0]


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    made: list[int] = []

    def one(index: int) -> dict[str, float]:
        made.append(index)
        return {"index": float(index)}

    stated.run_until(one, 30, tmp_path / "rows.npz", float("inf"))
    rows = stated.run_until(one, 40, tmp_path / "rows.npz", float("inf"))
    assert made == list(range(40))
    assert [row["index"] for row in rows] == made
    assert len(stated.run_until(one, 60, tmp_path / "rows.npz", 0.0)) == 40  # the time is up


def test_what_a_rank_is_worth_is_a_hundredth_where_it_adds_and_nothing_where_it_does_not() -> None:
    assert added.worth("adds") == pytest.approx(0.01, rel=0.1)
    assert added.worth("adds nothing") == 0.0


def test_it_is_said_that_the_rank_adds_where_it_does_alone() -> None:
    assert added.one_world("adds", 0)["adds"] == 1.0
    row = added.one_world("adds nothing", 0)
    assert row["adds"] == 0.0
    assert row["hardly"] + row["unknown"] == 1.0


def test_half_of_the_judgments_young_the_curves_are_read_more_narrowly() -> None:
    rows = [stated_young.young_world(3, index) for index in range(4)]
    widths = [np.mean([row[f"{young}: width"] for row in rows]) for young in ("count", "leave out")]
    assert widths[0] < widths[1]
    assert np.mean([row["count: curve, 200"] for row in rows]) > 0.6


def test_a_world_with_young_judgments_says_where_the_truth_stands_the_pace_of_late_too() -> None:
    row = stated_young.young_prior_world(4, 228)  # its reps state so surely that 1 − p is 0 in floats
    places = {name: value for name, value in row.items() if name.startswith("@")}
    assert len(places) == 10
    assert all(0.0 < place < 1.0 for place in places.values())


def test_a_world_without_an_answer_is_counted_as_failed() -> None:
    rows = [stated_worlds.prior_world(1, index) for index in range(3)]
    assert "0 failed" in stated.sbc_table(rows, "StatedModel")
    assert "1 failed" in stated.sbc_table([*rows, {"#failed": 1.0}], "StatedModel")


@pytest.mark.parametrize("reading", added_sbc.READINGS)
def test_a_world_of_the_priors_of_a_reading_says_where_the_truth_stands(reading: str) -> None:
    rows = [added_sbc.prior_world(reading, 1, index) for index in range(2)]
    for row in rows:
        assert len(row) > 8
        assert all(0.0 < place < 1.0 for name, place in row.items() if name.startswith("@"))
    assert "2 worlds" in added_sbc.sbc_parts({reading: rows})[0]


def test_truths_are_drawn_from_the_priors_that_are_stated() -> None:
    cells = added_sbc._cells(np.random.default_rng(0))
    declaration = added_sbc.AddedModel().declare(cells, added_sbc.layout_of(cells))["base"]
    truths = [added_sbc.draw_truth(declaration, np.random.default_rng(index))[0] for index in range(400)]
    drawn = np.array([truth["intercept"][0] for truth in truths])
    assert drawn.mean() == pytest.approx(0.0, abs=0.3)
    assert drawn.std() == pytest.approx(1.5, rel=0.1)  # AddedPriors.intercept
