"""Reduced runs of the threshold studies; the full ones are in docs/studies."""

import numpy as np
import pytest

from studies.threshold_coverage import compare_advice, direction_table, follow_steps, verdict_rows
from studies.threshold_public import run_salvirt, run_speed_dating
from studies.threshold_worlds import draw_typical_reps, markdown
from studies.threshold_wrong_model import best_share, directions


@pytest.fixture(scope="module")
def typical():
    return compare_advice(seed=5, n_worlds=2, n_judgments=200, typical=True, n_reps=20, draws=500)


def test_intervals_cover_about_as_often_as_they_say(typical):
    # 40 reps, 4 boundaries each, correlated: three standard errors of 40 are .14
    for name, inside in typical.covered.items():
        assert inside.mean() >= 0.76, name


def test_advised_moves_go_to_the_right_side(typical):
    rows = verdict_rows(typical)
    assert rows["moves advised: right side"][0] >= 0.95
    assert rows["promise kept, odds within the margin: no move advised"][0] >= 0.95


def test_following_the_advice_moves_bars_toward_the_aim_and_not_past(typical):
    closed, _ = verdict_rows(typical)["all reps, minimal move: part of the gap in the bar closed"]
    assert 0.0 < closed < 1.0


def test_the_direction_table_holds_every_row_with_a_number(typical):
    table = direction_table(typical)
    assert sum(map(int, table["n"])) == (~np.isnan(typical.prob_direction)).sum()


def test_capped_steps_close_the_gap_quarter_by_quarter():
    steps = follow_steps(seed=2, n_worlds=1, n_quarters=3, n_judgments=250, n_reps=12)
    assert steps["gap"][2] < 0.85 * steps["gap"][0]
    assert steps["past"][2] <= 0.1


def test_directions_of_a_wrong_model_are_held_against_a_truth_without_a_model():
    found = directions(kind="logistic noise", seed=1, n_worlds=1, n_reps=15, n_judgments=200)
    sure = found["stated"] >= 0.9
    assert found["right"][sure].mean() >= 0.75


def test_the_best_share_is_found_by_sorting():
    # the strongest 400 of 1,000 are events half of the time, the rest never: .4 keeps .5, all keep .2
    seen = np.arange(1000, 0, -1.0)
    y = np.r_[np.tile([True, False], 200), np.zeros(600, dtype=bool)]
    assert best_share(seen, y, 0.5) == pytest.approx(0.4)
    assert best_share(seen, y, 0.2) == pytest.approx(1.0)
    assert best_share(seen, y, 0.9) == 0.0


def test_salvirt_seller_1_gets_words_instead_of_a_number(shared_data):
    run = run_salvirt(shared_data, draws=500)
    said = run.advice.sentences("Seller 1")
    assert said
    assert all("the ranks do not separate outcomes so far" in line for line in said)
    assert not any("%" in line for line in said)


def test_speed_dating_is_weak_and_tells_little(shared_data):
    run = run_speed_dating(shared_data, n_judges=20, draws=200)
    assert run.raw_auc == pytest.approx(0.585, abs=0.06)  # ACCEPTANCE A11, all judges and ten steps
    assert (run.advice.columns["verdict"] == "cannot tell yet").mean() > 0.95


def test_simulated_counts_are_those_of_the_definition():
    rng = np.random.default_rng(1)
    reps = draw_typical_reps(rng, n_reps=3)
    n, events = reps.counts(rng, 40_000)
    np.testing.assert_allclose(events.sum(axis=1) / 40_000, reps.base_rate, atol=0.01)
    np.testing.assert_allclose(n.cumsum(axis=1)[:, :-1] / 40_000, reps.as_draws.shares[0], atol=0.01)


def test_markdown_is_a_table():
    assert markdown({"a": ["1"], "b": ["2"]}) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
