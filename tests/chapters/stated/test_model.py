"""The stated model against lme4, against counts by hand, against NUTS and against worlds whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.stated.fit import NEW_REP
from calibra.chapters.stated.lines import slope_margin
from calibra.chapters.stated.rows import low_and_high, most_used
from calibra.data.counting.reached import YoungCells
from calibra.reading.means import ALL_REPS
from calibra.reading.predictive import predictive_check
from tests.chapters.stated.worlds import LOG_ODDS, WEAK, cells_of, counted, fit_cells, logistic

LINE = cb.StatedModel(priors=WEAK, departure=False)
ROWS = ("r0", "r1", ALL_REPS, NEW_REP)
GRID = np.arange(1, 10) / 10
GRID_LOG_ODDS = np.log(GRID / (1.0 - GRID))


def support2(folder: Path, *, pooled: bool = False) -> cb.Judgments:
    """Physicians' stated probability of survival to two months, by group of diagnosis."""
    rows = pd.read_csv(folder / "support2" / "judgements.csv")
    rows = rows[rows["p"].notna()]
    frame = pd.DataFrame({"prospect": range(len(rows)), "rep": "all" if pooled else rows["segment"].to_numpy()})
    frame["rank"], frame["stated_prob"] = "A", rows["p"].to_numpy()
    frame["judged_at"] = pd.Timestamp("2026-01-01")
    alive = rows["outcome"].to_numpy() == 0
    frame["event_at"] = pd.Series(pd.Timestamp("2026-02-01"), frame.index).where(alive)
    columns = {name: name for name in frame}
    return cb.Judgments.from_frame(frame, scale=cb.RankScale(["A"]), as_of="2026-06-30", horizons=[60], columns=columns)


def test_lines_of_support2_are_those_of_lme4(shared_data: Path) -> None:
    # ACCEPTANCE A15: glmer, y ~ x + (1 + x | group). Weak priors: lines within .04, the fixed slope within .02.
    published = {
        "ARF/MOSF w/Sepsis": (0.382, 0.711),
        "CHF": (1.061, 0.513),
        "Cirrhosis": (0.249, 0.639),
        "Colon Cancer": (0.683, 0.652),
        "Coma": (0.025, 0.662),
        "COPD": (0.770, 0.650),
        "Lung Cancer": (0.173, 0.688),
        "MOSF w/Malig": (-0.367, 0.523),
    }
    fit = replace(LINE, within_days=60).fit(support2(shared_data), seed=1, engine="laplace", progress=False)
    lines = fit.lines().set_index("rep")
    assert int(lines.loc[ALL_REPS, "n"]) == 7456
    assert lines.loc[ALL_REPS, "slope"] == pytest.approx(0.6318, abs=0.02)
    for rep, line in published.items():
        assert lines.loc[rep, ["intercept", "slope"]].tolist() == pytest.approx(line, abs=0.04)


def test_the_pooled_line_of_support2_is_that_of_maximum_likelihood(shared_data: Path) -> None:
    # ACCEPTANCE A12: intercept .3692, slope .7089; stated exactly .50: n 1,057, alive .5658.
    judgments = support2(shared_data, pooled=True)
    fit = replace(LINE, within_days=60).fit(judgments, seed=1, engine="laplace", progress=False)
    row = fit.cells.table.set_index("stated").loc[0.5]
    assert (int(row["n"]), row["events"] / row["n"]) == (1057, pytest.approx(0.5658, abs=5e-5))
    intercept, slope = (draws[:, 0] for draws in fit.line_draws())
    assert float(np.median(intercept)) == pytest.approx(0.3692, abs=0.005)
    assert float(np.median(slope)) == pytest.approx(0.7089, abs=0.005)


def test_a_line_through_two_percentages_is_that_of_the_counts_by_hand() -> None:
    # 20 % stated: 3,000 of 10,000 came; 80 % stated: 7,000 of 10,000. logit .3 = −.8473, logit .2 = −1.3863: intercept
    # 0, slope .8473 / 1.3863 = .6112. Stated 50 % on average, 50 % came; each 10 points off.
    n = np.array([[10_000, 10_000]])
    fit = fit_cells(cells_of(n, np.array([[3_000, 7_000]]), np.array([0.2, 0.8])), LINE)
    row = fit.lines().set_index("rep").loc["r0"]
    assert row["intercept"] == pytest.approx(0.0, abs=0.005)
    assert row["slope"] == pytest.approx(0.6112, abs=0.005)
    assert (row["stated"], row["actual"]) == (pytest.approx(0.5), pytest.approx(0.5, abs=0.002))
    assert row["gap_points"] == pytest.approx(0.0, abs=0.2)
    assert row["error_points"] == pytest.approx(10.0, abs=0.2)
    assert row["prob_too_extreme"] > 0.99
    assert row["prob_too_high"] < 0.01
    assert row["prob_calibrated"] < 0.01
    assert fit.predict(0.8, rep="r0")["estimate"].tolist() == pytest.approx([0.7], abs=0.005)


def test_a_slope_matters_from_where_it_moves_the_odds_at_90_per_cent_by_the_margin() -> None:
    # log-odds of 90 % are log 9; slope 1 − m moves them by m log 9 = log 1.25.
    assert slope_margin(1.25) * np.log(9) == pytest.approx(np.log(1.25))


def world(seed: int, intercept: float = 0.0) -> tuple[cb.StatedFit, np.ndarray, np.ndarray]:
    """Forty reps of 300 statements, sd .6 and .2, correlation −.5, and their true lines."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((2, 40))
    intercepts = intercept + 0.6 * z[0]
    slopes = 0.7 + 0.2 * (-0.5 * z[0] + np.sqrt(0.75) * z[1])
    prob = logistic(intercepts[:, None] + slopes[:, None] * LOG_ODDS)
    return fit_cells(counted(rng, prob, 300)), intercepts, slopes


def test_lines_spread_and_a_rep_not_yet_seen_are_recovered() -> None:
    fit, intercepts, slopes = world(5)
    for draws, truth in zip(fit.line_draws(), (intercepts, slopes), strict=True):
        lower, upper = np.quantile(draws, [0.05, 0.95], axis=0)
        assert np.mean((lower <= truth) & (truth <= upper)) >= 0.78  # 36 of 40 expected; 31 is two deviations below
        assert np.corrcoef(draws.mean(axis=0), truth)[0, 1] > 0.8
    posterior = fit.posterior
    assert float(posterior["rep_intercept_scale"].mean()) == pytest.approx(0.6, abs=0.2)
    assert float(posterior["rep_slope_scale"].mean()) == pytest.approx(0.2, abs=0.1)
    assert float(posterior["rep_intercept_rep_slope_correlation"].mean()) < -0.1
    truth = logistic(intercepts[:, None] + slopes[:, None] * GRID_LOG_ODDS)
    row = fit.curves(GRID).set_index("rep").loc[NEW_REP]
    inside = (row["lower"].to_numpy() <= truth) & (truth <= row["upper"].to_numpy())
    assert inside.mean() == pytest.approx(0.9, abs=0.1)  # of 40 reps the share that lies in it: 2 deviations


def test_a_rep_with_few_statements_is_read_close_to_all_reps() -> None:
    rng = np.random.default_rng(2)
    prob = logistic(np.full((10, 1), -0.5) + 0.8 * LOG_ODDS)
    sizes = np.array([2, *[400] * 9])
    fit = fit_cells(counted(rng, prob, sizes))
    curves = fit.curves([0.5]).set_index("rep")
    assert abs(curves.loc["r0", "estimate"] - curves.loc[ALL_REPS, "estimate"]) < 0.05
    few, many, everyone, new = (curves.loc[rep, "upper"] - curves.loc[rep, "lower"] for rep in ROWS)
    assert few > many > everyone
    assert new > many


def s_shape() -> tuple[cb.StatedFit, np.ndarray]:
    """Twelve reps whose curves are steep in the middle and flat outside, and the true curve on the grid."""

    def bend(log_odds: np.ndarray) -> np.ndarray:
        return np.asarray(1.6 * np.tanh(2.0 * log_odds))

    rng = np.random.default_rng(4)
    own = 0.2 * rng.standard_normal((12, 1))
    return fit_cells(counted(rng, logistic(own + bend(LOG_ODDS)), 500)), logistic(own + bend(GRID_LOG_ODDS))


def test_where_no_line_holds_the_curve_follows_and_the_line_does_not() -> None:
    fit, truth = s_shape()
    intercept, slope = fit.line_draws()
    line = logistic(intercept[..., None] + slope[..., None] * GRID_LOG_ODDS)
    by_curve, by_line = (
        np.mean((np.quantile(draws, 0.05, axis=0) <= truth) & (truth <= np.quantile(draws, 0.95, axis=0)))
        for draws in (fit.curve_draws(GRID), line)
    )
    assert by_curve > 0.8
    assert by_line < 0.6
    straight = fit_cells(fit.cells, cb.StatedModel(departure=False))
    assert predictive_check(straight, seed=1).p_value < predictive_check(fit, seed=1).p_value


def test_values_used_most_and_the_ends_are_a_reps_own() -> None:
    n = np.array([[5, 40, 5, 0], [0, 10, 60, 30]])
    fit = fit_cells(cells_of(n, n // 2, np.array([0.1, 0.3, 0.7, 0.9])))
    assert most_used(fit, "r0", most=2) == [(0.1, 5), (0.3, 40)]
    assert low_and_high(fit, "r0") == (0.1, 0.3)
    assert low_and_high(fit, "r1") == (0.3, 0.9)


def test_one_percentage_none_and_all_events_are_valid_fits() -> None:
    one = fit_cells(cells_of(np.array([[30], [0]]), np.array([[30], [0]]), np.array([0.5])))
    assert one.diagnostics.ok
    lines = one.lines().set_index("rep")
    assert lines.loc["r1", ["stated", "actual", "gap_points", "prob_too_high"]].isna().all()
    assert lines.loc["r0", "prob_too_low"] > 0.9
    nothing = fit_cells(cells_of(np.array([[40, 40]]), np.array([[0, 0]]), np.array([0.2, 0.6])))
    assert nothing.predict(0.6, rep="r0")["upper"].item() < 0.2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda fit: fit.predict(70, rep="r0"), "`stated` must be numbers from 0 to 1; got '70'. Write 70 % as 0.7"),
        (lambda fit: fit.predict("70%"), "`stated` must be numbers from 0 to 1; got '70%'"),
        (lambda fit: fit.predict(0.7, rep=3), "`rep` must be the name of a rep, as text, one for each .* got 3"),
        (lambda fit: fit.predict([0.7, 0.3], rep=["r0"]), "one for each of the 2 percentages; got 1 names"),
        (lambda fit: fit.predict([0.7, 0.3], rep=["r0", 1]), "`rep` must be the name of a rep, as text"),
        (lambda fit: fit.curves([[0.1]]), "`stated` must be numbers from 0 to 1; got an array of 2 axes"),
        (lambda _: cb.StatedModel(departure="yes"), "`departure` must be True or False; got 'yes'"),
        (lambda _: cb.StatedModel(priors=3), "`priors` must be a StatedPriors; got 3"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong, words) -> None:
    fit = fit_cells(cells_of(np.array([[30, 30]]), np.array([[10, 20]]), np.array([0.3, 0.7])))
    with pytest.raises(cb.InputError, match=words):
        wrong(fit)


def test_a_rep_not_known_has_the_prediction_interval_and_says_so() -> None:
    fit = fit_cells(cells_of(np.array([[30, 30]]), np.array([[10, 20]]), np.array([0.3, 0.7])))
    stranger, nobody = fit.predict(0.7, rep="stranger"), fit.predict(0.7)
    assert stranger["known_rep"].tolist() == [False]
    assert stranger["lower"].item() == nobody["lower"].item()


def test_a_list_of_open_prospects_is_adjusted_rep_by_rep() -> None:
    fit = fit_cells(cells_of(np.array([[30, 30], [40, 40]]), np.array([[3, 9], [20, 36]]), np.array([0.3, 0.7])))
    stated, reps = [0.7, 0.3, 0.7, 0.5], ["r1", "r0", "r0", "stranger"]
    found = fit.predict(stated, rep=reps)
    assert found["rep"].tolist() == reps
    assert found["known_rep"].tolist() == [True, True, True, False]
    for row, (share, rep) in enumerate(zip(stated, reps, strict=True)):
        one = fit.predict(share, rep=rep)
        for name in ("estimate", "lower", "upper"):
            assert found[name][row] == pytest.approx(one[name].item(), rel=1e-12)
    assert found["estimate"][0] > 0.7 > found["estimate"][2]


def test_what_is_stated_of_young_prospects_alone_leaves_every_number_as_it_is() -> None:
    n, events = np.array([[40, 0, 60], [50, 0, 50], [0, 0, 0]]), np.array([[10, 0, 40], [20, 0, 30], [0, 0, 0]])
    cells = cells_of(n, events, np.array([0.2, 0.5, 0.8]))
    young = YoungCells(
        np.array([[9, 9, 9], [9, 9, 9], [9, 9, 9]]), np.ones((3, 3), dtype=int), np.full((3, 3), 0.4), np.full(3, -0.5)
    )
    fit = fit_cells(replace(cells, young=young))
    assert fit.posterior["tempo_change"].std() > 0.0
    parts, lines = fit.decomposition().set_index("rep"), fit.lines().set_index("rep")
    everyone = parts.loc[ALL_REPS]
    # Of all as one forecaster: 90 stated 20 %, 110 stated 80 %; stated mean (18 + 88)/200.
    assert lines.loc[ALL_REPS, "stated"] == pytest.approx(106 / 200)
    assert everyone["corp_miscalibration"] == pytest.approx(
        (90 * (30 / 90 - 0.2) ** 2 + 110 * (70 / 110 - 0.8) ** 2) / 200
    )
    assert np.isfinite(everyone.drop("engine").astype(float)).all()
    assert everyone["score"] == pytest.approx(0.25, abs=0.03)
    assert low_and_high(fit, ALL_REPS) == (0.2, 0.8)
    dots = cb.plot_stated_curve(fit).collections[-1].get_offsets()
    np.testing.assert_allclose(dots[:, 1], [100 * 30 / 90, 100 * 70 / 110])
    assert np.isnan(lines.loc["r2", "actual"])
    assert "n 0" in cb.plot_stated_curve(fit, rep="r2").get_title(loc="left")


def test_one_rep_is_read_without_the_others() -> None:
    """What stands on a card: as many numbers as one rep has, and those that all reps' curves hold of this one."""
    prob = logistic(np.array([-1.0, 0.0, 1.0])[:, None] + LOG_ODDS)
    fit = fit_cells(counted(np.random.default_rng(4), prob, 60))
    for row, rep in enumerate(fit.reps):
        own = fit.own_draws(rep, GRID)
        np.testing.assert_array_equal(own, fit.curve_draws(GRID)[:, row])
        assert fit.curve_draws(GRID, reps=slice(row, row + 1)).size == own.size == fit.posterior.n_draws * len(GRID)
    means = [fit.own_draws(rep, [0.5]).mean() for rep in fit.reps]
    assert means == sorted(means)
    assert means[0] < 0.4 < 0.6 < means[2]


@pytest.mark.nuts
@pytest.mark.slow
def test_laplace_and_nuts_agree() -> None:
    rng = np.random.default_rng(8)
    prob = logistic(0.5 * rng.standard_normal((6, 1)) + (0.8 + 0.2 * rng.standard_normal((6, 1))) * LOG_ODDS)
    cells = counted(rng, prob, 120)
    one, other = (fit_cells(cells, engine=engine, draws=2000) for engine in ("laplace", "nuts"))
    for mine, theirs in zip(
        (*one.line_draws(), one.curve_draws(GRID)), (*other.line_draws(), other.curve_draws(GRID)), strict=True
    ):
        sd = theirs.std(axis=0)
        assert np.all(np.abs(mine.mean(axis=0) - theirs.mean(axis=0)) < 0.2 * sd)
        assert np.all(np.abs(np.log(mine.std(axis=0) / sd)) < 0.2)


@pytest.mark.slow
def test_intervals_cover_on_average_over_worlds_drawn_from_the_priors() -> None:
    hits: dict[str, list[float]] = {"intercept": [], "slope": [], "curve": [], "new": []}
    sizes = np.array([10, 10, 40, 40, 40, 200, 200])
    for seed in range(120):
        rng = np.random.default_rng(seed)
        alpha, gamma = rng.normal(0.0, 1.0), rng.normal(1.0, 0.5)
        sd, sd_slope = abs(rng.normal(0.0, 0.5)), abs(rng.normal(0.0, 0.3))
        rho, z = 2.0 * rng.beta(2.0, 2.0) - 1.0, rng.standard_normal((2, 8))
        intercept, slope = alpha + sd * z[0], gamma + sd_slope * (rho * z[0] + np.sqrt(1.0 - rho**2) * z[1])
        prob = logistic(intercept[:, None] + slope[:, None] * LOG_ODDS)
        fit = fit_cells(counted(rng, prob[:7], sizes))
        truth = logistic(intercept[:, None] + slope[:, None] * GRID_LOG_ODDS)
        pairs = zip(
            hits,
            (*fit.line_draws(), fit.curve_draws(GRID), fit.new_rep_draws(GRID)),
            (intercept[:7], slope[:7], truth[:7], truth[7]),
            strict=True,
        )
        for name, draws, true in pairs:
            lower, upper = np.quantile(draws, [0.05, 0.95], axis=0)
            hits[name].append(float(np.mean((lower <= true) & (true <= upper))))
    for name, shares in hits.items():  # reps of one world share its truth: the spread over worlds is the error
        slack = 3.0 * np.std(shares) / np.sqrt(len(shares))
        assert abs(np.mean(shares) - 0.9) < 0.03 + slack, (name, np.mean(shares))


def test_the_parts_of_a_score_add_up_and_are_those_of_the_counts_where_these_are_many() -> None:
    # 20 % stated, 30 % of 10,000 came; 80 % stated, 70 % came: miscalibration .1² = .01, discrimination .2² = .04,
    # uncertainty .25; score .01 − .04 + .25 = .22. From the counts alone the same.
    n = np.array([[10_000, 10_000], [30, 0]])
    fit = fit_cells(cells_of(n, np.array([[3_000, 7_000], [6, 0]]), np.array([0.2, 0.8])), LINE)
    table = fit.decomposition().set_index("rep")
    row = table.loc["r0"]
    names = ("score", "miscalibration", "discrimination", "uncertainty")
    assert [row[name] for name in names] == pytest.approx([0.22, 0.01, 0.04, 0.25], abs=0.002)
    assert [row["corp_miscalibration"], row["corp_discrimination"]] == pytest.approx([0.01, 0.04], abs=1e-9)
    assert row["debiased"] == pytest.approx(0.01 - 0.21 / 9_999, abs=1e-9)
    assert row["debiased_lower"] < 0.01 < row["debiased_upper"]
    assert row["gamma"] == pytest.approx(0.6112, abs=0.005)
    assert row["delta"] == pytest.approx(1.0, abs=0.01)
    assert row["prob_calibrated"] < 0.01
    np.testing.assert_allclose(
        table["miscalibration_lower"] <= table["miscalibration"],
        table["miscalibration"] <= table["miscalibration_upper"],
    )
    # The rep who always states 20 %, of which a fifth came: nothing is told apart, and by chance alone nothing is off.
    assert table.loc["r1", "corp_discrimination"] == pytest.approx(0.0, abs=1e-12)
    assert table.loc["r1", "debiased"] == pytest.approx(-0.16 / 29)
    assert table.loc[ALL_REPS, "n"] == n.sum()


def test_two_reps_whose_faults_cancel_are_calibrated_together_and_not_apart() -> None:
    # Stated 50 %: of one rep 70 % come, of the other 30 %, of both together 50 %.
    fit = fit_cells(cells_of(np.full((2, 1), 20_000), np.array([[14_000], [6_000]]), np.array([0.5])), LINE)
    table = fit.decomposition().set_index("rep")
    assert table["miscalibration"].tolist() == pytest.approx([0.0, 0.04, 0.04], abs=0.002)
    assert table["corp_miscalibration"].tolist() == pytest.approx([0.0, 0.04, 0.04], abs=1e-9)
    assert table["debiased"].iloc[0] == pytest.approx(0.0, abs=1e-4)


def test_the_debiased_error_of_calibrated_reps_is_0_on_average_and_that_of_counts_is_not() -> None:
    rng = np.random.default_rng(7)
    fit = fit_cells(counted(rng, np.tile(logistic(LOG_ODDS), (60, 1)), 120), LINE)
    reps = fit.decomposition().set_index("rep").drop(index=[ALL_REPS])
    error = reps["debiased"].std() / np.sqrt(len(reps))
    assert abs(reps["debiased"].mean()) < 3 * error
    assert reps["corp_miscalibration"].mean() > 10 * error
    assert reps["miscalibration"].mean() < reps["corp_miscalibration"].mean() / 2  # pooled: chance is taken off


def test_a_rep_without_statements_has_no_parts() -> None:
    fit = fit_cells(cells_of(np.array([[30], [0]]), np.array([[10], [0]]), np.array([0.5])))
    row = fit.decomposition().set_index("rep").loc["r1"]
    assert row[["score", "debiased", "corp_miscalibration", "prob_calibrated"]].isna().all()


def half_young(n: int = 4000, *, slower: float = 1.0, seed: int = 7) -> cb.Judgments:
    """Six reps alike over 180 days, half of the judgments younger than 90; events come evenly over 90 days."""
    rng = np.random.default_rng(seed)
    age, stated = rng.integers(0, 180, n), rng.choice([0.1, 0.3, 0.5, 0.7, 0.9], n)
    days = np.ceil(90 * rng.random(n) * np.where(age < 90, slower, 1.0))
    came = (rng.random(n) < stated) & (days <= age)
    frame = pd.DataFrame({"prospect": range(n), "rep": [f"r{i}" for i in rng.integers(0, 6, n)], "rank": "A"})
    frame["judged_at"] = pd.Timestamp("2026-06-30") - pd.to_timedelta(age, unit="D")
    frame["event_at"] = (frame["judged_at"] + pd.to_timedelta(days, unit="D")).where(came)
    frame["stated_prob"] = stated
    columns = {name: name for name in frame}
    return cb.Judgments.from_frame(frame, scale=cb.RankScale(["A"]), as_of="2026-06-30", horizons=[90], columns=columns)


def test_young_judgments_narrow_the_curves_and_do_not_move_them() -> None:
    judgments = half_young()
    both = [
        cb.StatedModel(within_days=90, young=young).fit(judgments, seed=1, engine="laplace")
        for young in ("count", "leave out")
    ]
    widths, curves = [], []
    for fit in both:
        rows = fit.curves().query("rep == 'r0'")
        widths.append((rows["upper"] - rows["lower"]).mean())
        curves.append(rows["estimate"].to_numpy())
    # half as many again, their answers in by half on average: about a sixth of all information
    assert 0.80 < widths[0] / widths[1] < 0.97
    assert np.abs(curves[0] - GRID).max() < 0.08
    assert both[0].n.sum() == both[1].n.sum()  # mature ones
    assert np.isfinite(both[0].posterior["tempo_change"]).all()


@pytest.mark.nuts
def test_the_engines_agree_where_young_judgments_count() -> None:
    judgments = half_young(800)
    means = {}
    for engine in ("laplace", "nuts"):
        fit = cb.StatedModel(within_days=90, departure=False).fit(judgments, seed=1, engine=engine, progress=False)  # type: ignore[arg-type]
        curve = fit.curve_draws(GRID)[:, 0]
        means[engine], spread = curve.mean(axis=0), curve.std(axis=0)
    assert np.abs(means["laplace"] - means["nuts"]).max() < 0.25 * spread.max()


def test_what_young_means_is_refused_in_words() -> None:
    with pytest.raises(cb.InputError, match="`young` must be 'count' or 'leave out'; got 'some'"):
        cb.StatedModel(young="some")  # type: ignore[arg-type]
