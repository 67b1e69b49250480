"""RankModel with case mix and teams: means are of probabilities, a rep is read in the rep's own team."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

import calibra as cb
from calibra.chapters.lead_times.new_rep import new_rep_draws as new_lead_time_draws
from calibra.chapters.ranks.mix import average_probability, mix_weights, team_weights
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.ranks.population import new_rep_draws, population_spread
from calibra.errors import InputError
from calibra.inference.declare.odd_reps import OddReps
from calibra.inference.posterior import Posterior
from calibra.reading.means import ALL_REPS
from tests.chapters.ranks.worlds import counts, grouped


@pytest.fixture(scope="module")
def by_segment():
    """12 reps alike; half and half of two segments: A .80 and .04, B .60 and .02, events as expected to the unit."""
    n = np.full((12, 2, 2), 200)
    return RankModel(adjust_for=("segment",)).fit(
        grouped(n, np.rint(n * np.array([[0.80, 0.04], [0.60, 0.02]])).astype(int), ranks="AB", segment=["x", "y"]),
        seed=1,
    )


def _teams(rates, *, n_reps, each=300):
    """Counts (rep, rank, team) as expected, reps dealt to teams in turn; rates (rank, team)."""
    n = np.zeros((n_reps, *np.shape(rates)), dtype=int)
    for rep in range(n_reps):
        n[rep, :, rep % n.shape[2]] = each
    return n, np.rint(n * np.asarray(rates)).astype(int)


@pytest.fixture(scope="module")
def four_teams():
    """12 reps alike but for the team; the first team has .4 times the rates of the others."""
    rates = np.array([0.5, 0.2])[:, None] * np.array([0.4, 1.0, 1.0, 1.0])
    n, events = _teams(rates, n_reps=12)
    return RankModel(team="team").fit(grouped(n, events, ranks="AB", team=["E", "N", "S", "W"]), seed=1)


def test_a_rank_of_a_rep_never_seen_means_the_mean_probability_and_not_the_logistic_of_the_mean(by_segment):
    # half of .80 and .04, half of .60 and .02; the logistic of the mean log-odds is .29 and .15
    table = by_segment.expected()
    np.testing.assert_allclose(table["estimate"], [0.42, 0.31], atol=0.01)
    assert (table["lower"] < [0.42, 0.31]).all()
    assert (table["upper"] > [0.42, 0.31]).all()


def test_a_mean_over_cases_is_the_sum_of_the_probabilities_by_hand():
    # log-odds 0 with effects log 4 and log ¼: .8 and .2; three quarters and one: .65
    effects = np.log([[4.0, 0.25]])
    found = average_probability(np.zeros((1, 1, 1)), effects, np.array([[[0.75, 0.25]]]))
    assert found.item() == pytest.approx(0.65)


def test_weights_keep_the_own_team_and_take_all_reps_cases():
    # rep 0 in team 0 with 10 of case 0; rep 1 in team 1 with 30 of case 1; one rank
    n = np.zeros((2, 1, 2, 2), dtype=np.int64)
    n[0, 0, 0, 0], n[1, 0, 1, 1] = 10, 30
    own = mix_weights(n, case_mix="own", has_teams=True, within_team=False)
    assert own[0, 0].tolist() == [[1.0, 0.0], [0.0, 0.0]]
    everyone = mix_weights(n, case_mix="all reps", has_teams=True, within_team=False)
    assert everyone[0, 0].tolist() == [[0.25, 0.0], [0.75, 0.0]]
    together = mix_weights(n, case_mix="all reps", has_teams=True, within_team=True)
    np.testing.assert_allclose(together[0, 0], [[0.125, 0.125], [0.375, 0.375]])
    assert team_weights(n, 1)[1, 0].tolist() == [[0.0, 0.0], [0.0, 1.0]]
    with pytest.raises(InputError, match="`case_mix` must be 'own' or 'all reps'; got 'mine'"):
        mix_weights(n, case_mix="mine", has_teams=True, within_team=False)


def test_a_rep_whose_team_is_unknown_may_be_of_any():
    log_odds = np.linspace(np.log(0.19 / 0.81), np.log(0.87 / 0.13), 6)
    rates = 1.0 / (1.0 + np.exp(-np.stack([log_odds, log_odds - 1.2])))
    n, events = _teams(rates, n_reps=24)
    fit = RankModel(team="team").fit(grouped(n, events, ranks="AB", team=list("UVWXYZ")), seed=1)
    row = fit.expected("A").iloc[0]
    assert row["lower"] < 0.20
    assert row["upper"] > 0.86
    known = fit.expected("A", team="U").iloc[0]
    assert known["upper"] < 0.26
    assert known["estimate"] == pytest.approx(0.19, abs=0.02)
    with pytest.raises(InputError, match="`team` must be one of U, V, W, X, Y …; got 'Q'"):
        fit.expected("A", team="Q")


def test_a_team_of_a_fit_without_teams_is_refused():
    fit = RankModel().fit(counts([[30, 20]] * 3, [[9, 4]] * 3), seed=1, draws=100)
    with pytest.raises(InputError, match="`team` needs a fit with teams; got 'East'"):
        fit.expected(team="East")


def test_the_gap_of_a_team_is_the_gap_of_its_reps(four_teams):
    # all reps .425 and .17, .2975 at equal ranks; the first team .14: 15.75 points below, within the team none
    profiles = four_teams.profiles().set_index("rep")
    row = profiles.loc["rep 00"]
    assert row["gap_points"] == pytest.approx(-15.75, abs=1.5)
    assert row["finding"] == "below the others"
    assert abs(row["gap_within_team_points"]) < 1.5
    assert row["gap_within_team_points_lower"] < 0 < row["gap_within_team_points_upper"]


def test_two_reps_are_compared_in_their_own_teams_or_as_if_in_one(four_teams):
    ours, within = (
        cb.compare(four_teams, reps=("rep 00", "rep 01"), within_team=asked).table.set_index("quantity")["estimate"]
        for asked in (False, True)
    )
    assert ours["probability at rank A"] == pytest.approx(-30.0, abs=3.0)
    assert ours["mean probability"] == pytest.approx(-21.0, abs=2.0)
    assert abs(within["probability at rank A"]) < 3.0


def test_teams_are_rows_of_the_tables(four_teams):
    table = four_teams.probabilities().set_index(["rep", "rank"])
    row = table.loc[("(team E)", "A")]
    assert row["estimate"] == pytest.approx(0.2, abs=0.025)
    assert (row["n"], row["events"], row["raw_rate"]) == (900, 180, 0.2)
    assert table.index.get_level_values(0).unique()[:5].tolist() == [
        ALL_REPS, "(team E)", "(team N)", "(team S)", "(team W)",
    ]  # fmt: skip
    order = four_teams.order().set_index("rep")
    assert order.loc["(team N)", "estimate"] == pytest.approx(0.3, abs=0.03)
    assert order.loc["(team N)", "n_better"] == 900
    assert order.loc["rep 05", "n_better"] == 300


def test_a_known_rep_is_scored_in_the_own_team(four_teams):
    own = four_teams.probability_draws().mean(axis=0)
    assert own[0, 0] == pytest.approx(0.2, abs=0.02)
    assert own[1, 0] == pytest.approx(0.5, abs=0.02)


def with_draws(fit, draws, odd):
    """The fit with these draws and odd reps."""
    posterior = Posterior(draws, fit.posterior.dims, fit.posterior.coords, fit.diagnostics)
    return replace(fit, posterior=posterior, declaration=replace(fit.declaration, odd_reps=odd))


ODD = OddReps(("level", "slope"), (0.8, 0.4), 0.1)


@pytest.mark.parametrize("odd", [None, ODD])
def test_the_spread_of_a_population_is_integrated(odd):
    # against the trapezium rule over one normal of each scale, or two
    fit = RankModel().fit(counts(np.full((30, 2), 200), np.tile([120, 40], (30, 1))), seed=1, draws=200)
    z = np.linspace(-12.0, 12.0, 20_001)
    mass = norm.pdf(z) * (z[1] - z[0])
    for scale in (0.02, 1.5):
        draws = dict(fit.posterior.draws) | {"level_scale": np.full(200, scale), "slope_scale": np.zeros(200)}
        draws["rank_mean"] = np.tile([0.4, -1.4], (200, 1))
        found = with_draws(fit, draws, odd)
        moments = np.zeros((2, 2))
        for share, added in [(1.0, (0.0, 0.0))] if odd is None else [(0.9, (0.0, 0.0)), (0.1, odd.sd)]:
            sd = np.sqrt(scale**2 + added[0] ** 2 + (added[1] * fit.scores.values) ** 2)
            over = expit(np.array([0.4, -1.4]) + sd * z[:, None])
            moments += share * np.stack([mass @ over, mass @ over**2])
        truth = np.sqrt(moments[1] - moments[0] ** 2)
        np.testing.assert_allclose(population_spread(found)[0], truth, rtol=2e-3)
        np.testing.assert_allclose(new_rep_draws(found).reshape(-1, 2).std(axis=0), truth, rtol=0.12 if odd else 0.06)


def test_the_spread_says_of_whom_it_is(by_segment):
    table = by_segment.spread()
    assert table["of"].tolist() == ["population"] * 3 + ["these reps"] * 2 + ["population"] * 2
    assert table["quantity"].tolist()[2] == "level_slope_correlation"
    assert table["quantity"].tolist()[3:] == ["probability at rank A", "probability at rank B"] * 2
    assert table["unit"].tolist() == ["log-odds"] * 2 + ["correlation"] + ["points"] * 4


@pytest.mark.parametrize("odd", [None, ODD])
def test_the_spread_of_a_population_and_a_rep_never_seen_know_how_level_and_slope_correlate(odd):
    # level 1, slope 0.8, scores ±1 or so: at ρ −.9 the two nearly cancel at the best rank and add up at the worst
    fit = RankModel().fit(counts(np.full((30, 2), 200), np.tile([120, 40], (30, 1))), seed=1, draws=400)
    rng, scores = np.random.default_rng(0), fit.scores.values
    for rho in (-0.9, 0.6):
        draws = dict(fit.posterior.draws) | {"level_scale": np.full(400, 1.0), "slope_scale": np.full(400, 0.8)}
        draws |= {"rank_mean": np.tile([0.4, -1.4], (400, 1)), "level_slope_correlation": np.full(400, rho)}
        pairs = rng.multivariate_normal([0.0, 0.0], [[1.0, 0.8 * rho], [0.8 * rho, 0.64]], 1_000_000)
        if odd is not None:
            pairs += (rng.random((len(pairs), 1)) < odd.share) * rng.normal(0.0, odd.sd, pairs.shape)
        truth = 1.0 / (1.0 + np.exp(-np.array([0.4, -1.4]) - pairs[:, :1] - pairs[:, 1:] * scores))
        changed = with_draws(fit, draws, odd)
        np.testing.assert_allclose(population_spread(changed)[0], truth.std(axis=0), rtol=4e-3)
        new = new_rep_draws(changed).reshape(-1, 2)
        np.testing.assert_allclose(new.std(axis=0), truth.std(axis=0), rtol=0.06)
        assert np.corrcoef(new.T)[0, 1] == pytest.approx(np.corrcoef(truth.T)[0, 1], abs=0.06)


def test_a_rep_of_no_segment_the_team_has_is_read_at_all_reps_cases():
    n = np.zeros((3, 2, 2), dtype=int)
    n[:, 0], n[0, 1] = 100, 50
    fit = RankModel(adjust_for=("segment",)).fit(grouped(n, n // 2, ranks="AB", segment=["x", "y"]), seed=1, draws=100)
    assert isinstance(fit.expected(), pd.DataFrame)
    assert np.isfinite(fit.probabilities()["estimate"]).all()


def test_the_lead_times_of_a_rep_never_seen_are_averaged_over_cases_and_not_at_an_average_case():
    # half and half of two segments, 90 of 100 and 2 of 100 with an event by day 60: .46; at the mean log hazard .20
    rng, rows = np.random.default_rng(0), []
    for rep in range(6):
        for segment, n_events in (("x", 90), ("y", 2)):
            days = np.r_[rng.integers(0, 60, n_events), np.full(100 - n_events, 200)]
            rows.append(pd.DataFrame({"rep": f"rep {rep}", "segment": segment, "days": days}))
    frame = pd.concat(rows, ignore_index=True).assign(rank="A", n=1, maturity=0)
    frame["ending"] = np.where(frame["days"] < 60, 1, 3)
    judgments = cb.Judgments.from_cells(
        frame, scale=cb.RankScale(["A"]), as_of="2026-01-01", horizons=[], columns={name: name for name in frame}
    )
    model = cb.LeadTimeModel(interval_edges_days=(9, 19, 29, 39, 49, 59, 199), adjust_for=("segment",))
    fit = model.fit(judgments, seed=1, engine="laplace", draws=200)
    new = new_lead_time_draws(fit).curves(np.array([59.5]), reps=slice(0, 1)).event[:, 0, 0, 0]
    assert new.mean() == pytest.approx(0.46, abs=0.03)
