"""Reduced runs of the trust studies, and checks of their simulators; the full tables are in docs/studies/trust_*.md."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from calibra.chapters.design import AS_OF, SCALE
from calibra.chapters.lead_times.curves import incidence
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.lead_times.worlds import Times, draw_times, exact_cells
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.chapters.thresholds.worlds import signal_counts
from calibra.checks.recovery import (
    Design,
    coverage_study,
    false_flag_study,
    power_study,
    simulation_based_calibration,
)
from calibra.checks.recovery.rows import run_worlds
from calibra.checks.recovery.sbc import SbcRun, fit_world, place_of
from calibra.checks.recovery.typical import later_by, points_lower, share_higher, typical_pool, typical_probabilities
from calibra.errors import FitError, InputError
from calibra.inference.nuts.repeated import RepeatedNuts
from studies.trust_pages import write_pages
from studies.trust_pieces import sbc_file

SMALL = Design.even(n_reps=4, n_per_rep=12)


def made_up_run(pit):
    return SbcRun("made up", "laplace", ("a",), pit[:, None], np.zeros(len(pit), dtype=bool), 0, 0, 1)


# simulation-based calibration -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "n_worlds"),
    [(RankModel(), 25), (ThresholdModel(), 8), (LeadTimeModel(), 5)],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.current
def test_ranks_of_the_truth_are_uniform_in_a_reduced_run(model, n_worlds):
    run = simulation_based_calibration(model, design=SMALL, n_worlds=n_worlds, seed=3)
    assert run.failing == ()
    assert run.n_worlds == n_worlds
    assert "All ranks look uniform" in str(run)


def test_a_biased_and_a_too_narrow_posterior_are_caught():
    rng = np.random.default_rng(0)
    truth, noise = rng.standard_normal(1000), rng.standard_normal(1000)
    seen = truth + noise  # posterior of the truth: Normal(seen / 2, sd √½)
    assert made_up_run(stats.norm.cdf(truth, seen / 2, np.sqrt(0.5))).failing == ()
    assert made_up_run(stats.norm.cdf(truth, seen / 2 + 0.15, np.sqrt(0.5))).failing == ("a",)
    assert made_up_run(stats.norm.cdf(truth, seen / 2, 0.85 * np.sqrt(0.5))).failing == ("a",)


def test_ties_are_broken_evenly():
    rng = np.random.default_rng(0)
    places = [place_of(0.0, np.zeros(99), rng) for _ in range(2000)]
    assert stats.kstest(places, "uniform").pvalue > 0.001


def test_a_world_begun_again_gives_the_same_ranks(tmp_path):
    kept = tmp_path / "worlds.npz"
    options = {"design": SMALL, "seed": 5}
    simulation_based_calibration(RankModel(), n_worlds=2, cache=kept, **options)
    resumed = simulation_based_calibration(RankModel(), n_worlds=3, cache=kept, **options)
    at_once = simulation_based_calibration(RankModel(), n_worlds=3, **options)
    np.testing.assert_array_equal(resumed.pit, at_once.pit)


def test_worlds_that_are_kept_are_not_run_again(tmp_path):
    kept, calls = tmp_path / "worlds.npz", []
    run_worlds(lambda i: calls.append(i) or {"x": float(i)}, n_worlds=3, cache=kept)
    rows = run_worlds(lambda i: calls.append(i) or {"x": float(i)}, n_worlds=5, cache=kept)
    assert calls == [0, 1, 2, 3, 4]
    assert [row["x"] for row in rows] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_world_without_an_answer_is_counted():
    def fails(index):
        raise FitError("no answer")

    assert run_worlds(fails, n_worlds=2, cache=None) == [{"#failed": 1.0}, {"#failed": 1.0}]


@pytest.mark.slow
@pytest.mark.nuts
@pytest.mark.engines  # compiling takes longer than all other tests of the studies
def test_nuts_with_swapped_counts_agrees_with_laplace_on_each_world():
    sampler = RepeatedNuts()
    for index in (1, 2):
        world = RankModel().draw_world(SMALL, np.random.default_rng(index))
        nuts = world.fitted(fit_world(world, seed=index, sampler=sampler, draws=1000)).checked().ranked()
        laplace = world.fitted(fit_world(world, seed=index, sampler=None, draws=1000)).checked().ranked()
        for name, values in laplace.items():
            assert abs(nuts[name].mean() - values.mean()) < 0.35 * values.std(), name


# simulators -----------------------------------------------------------------------------------------------------------


def test_the_truth_of_a_rank_world_is_read_as_the_log_odds_that_made_it():
    world = RankModel().draw_world(SMALL, np.random.default_rng(1))
    fit = world.true_fit(fit_world(world, seed=1, sampler=None))
    assert isinstance(fit, RankFit)
    truth, scores = world.truth["event"], SCALE.scores(SMALL.n.sum(axis=0)).values
    curved = np.cross(np.ones(3), scores)  # what a level and a slope on three ranks cannot say
    eta = truth["rank_mean"] + truth["level"][:, None] + np.outer(truth["slope"], scores)
    off = np.log(fit.probability_draws()[0]) - np.log1p(-fit.probability_draws()[0]) - eta
    along = off @ curved / np.linalg.norm(curved)
    np.testing.assert_allclose(np.abs(along), np.abs(truth["residual"]), rtol=1e-9)
    np.testing.assert_allclose(off @ np.stack([np.ones(3), scores], axis=1), 0.0, atol=1e-9)


def test_signals_are_cut_as_normal_tails_say():
    n, events = signal_counts(
        np.random.default_rng(1), np.array([400_000]), np.array([0.3]), np.array([1.0]), np.array([[1.0, 0.0]])
    )
    hit = 0.3 * np.array([stats.norm.sf(0), stats.norm.cdf(0) - stats.norm.cdf(-1), stats.norm.cdf(-1)])
    np.testing.assert_allclose(events[0] / 400_000, hit, atol=0.003)
    assert n.sum() == 400_000


def test_times_follow_the_incidence_of_their_hazards():
    bounds, n = np.array([0.0, 15.5, 45.5, 90.5]), np.array([[200_000]])
    event, exit_ = np.array([[[0.02, 0.005, 0.01]]]), np.array([[[0.004, 0.01, 0.002]]])
    times = draw_times(np.random.default_rng(1), event, exit_, bounds, n=n, longest_days=200)
    for day in (10.0, 30.0, 80.0):
        expected = incidence(event, exit_, bounds, np.array([day]))
        assert (times.is_event & (times.days <= day)).mean() == pytest.approx(expected.event.item(), abs=0.004)
        assert (~times.is_event & (times.days <= day)).mean() == pytest.approx(expected.exit.item(), abs=0.004)


def test_exact_person_days_of_three_judgments():
    # an event on day 10.0, followed 10.0; an exit on day 60.0: 30.5 + 29.5; one open at age 40: 30.5 + 10.0
    zero = np.zeros(3, dtype=np.int64)
    times = Times(zero, zero, np.array([10.0, 60.0, 70.0]), np.array([True, False, True]), np.array([200, 200, 40]))
    one = Design(np.array([[3, 1, 1]]))
    cells = exact_cells(times, n=one.n, reps=("r",), scale=SCALE, as_of=AS_OF, edges_days=(30, 90))
    np.testing.assert_allclose(cells.exposure.exposure_days[0, 0], [10.0 + 30.5 + 30.5, 29.5 + 10.0])
    np.testing.assert_array_equal(cells.exposure.events[0, 0], [1, 0])
    np.testing.assert_array_equal(cells.exposure.exits[0, 0], [0, 1])


def test_identical_reps_are_one_rep_and_extreme_ones_stand_apart():
    alike = ThresholdModel().draw_world(SMALL, np.random.default_rng(2), reps="identical")
    assert np.ptp(alike.truth["event"]["deviation"], axis=0).max() == 0.0
    apart = RankModel().draw_world(SMALL, np.random.default_rng(2), reps="extreme").truth["event"]
    np.testing.assert_allclose(apart["level"][:2], 2.5 * apart["level_scale"] * np.array([1.0, -1.0]))


def test_the_declared_shift_changes_the_fit_only_where_it_is_asked_for():
    exact, fitted = (ThresholdModel().draw_world(SMALL, np.random.default_rng(2), exact=flag) for flag in (True, False))
    for world, same in ((exact, True), (fitted, False)):
        assert isinstance(world.frame, ThresholdFit)
        assert isinstance(world.true_frame, ThresholdFit)
        own, true = world.frame.declaration.block_basis, world.true_frame.declaration.block_basis
        assert np.allclose(own, true) is same


def test_gaps_are_as_asked():
    prob, mix = typical_probabilities(SMALL), SMALL.n.sum(axis=0)
    moved = points_lower(prob, mix, np.array([0.0, 10.0, -15.0]))
    np.testing.assert_allclose(100.0 * (prob - moved) @ mix / mix.sum(), [0.0, 10.0, -15.0], atol=1e-6)
    pool = typical_pool(SMALL)
    cuts = share_higher(pool, np.array([10.0]))
    phi, d = pool.base_rate, pool.discrimination
    tails = [phi * stats.norm.sf(c - d) + (1 - phi) * stats.norm.sf(c) for c in (pool.cutpoints[0], cuts[0, 0])]
    assert tails[1] - tails[0] == pytest.approx(0.10, abs=1e-6)
    early, late = later_by(SMALL, np.array([-30.0, 30.0]))
    assert early < 0.0 < late


# coverage, flags, power -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "n_worlds"), [(RankModel(), 40), (LeadTimeModel(), 12)], ids=lambda value: type(value).__name__
)
def test_coverage_of_a_reduced_study_is_nominal(model, n_worlds):
    found = coverage_study(model, design=SMALL, n_worlds=n_worlds, seed=2)
    assert found.is_nominal.all()
    assert found.n_worlds + found.n_without == n_worlds
    assert "hold the truth" in str(found)


def test_nothing_is_said_of_reps_who_are_alike():
    found = false_flag_study(design=Design.even(n_reps=10, n_per_rep=60), n_worlds=1, seed=1)
    assert found.holds.all()
    assert found.rate.max() <= 0.05


def test_far_reps_are_found_on_the_right_side():
    found = power_study(
        design=Design.even(n_reps=8, n_per_rep=60), kind="outcomes", gaps=(20.0,), n_per_rep=(20, 300), n_worlds=2,
        seed=1,
    )  # fmt: skip
    assert found.found[1] > 0.7
    assert found.wrong_side.max() == 0.0
    assert 20 <= found.judgments_until_found(power=0.7)[20.0] <= 300


@pytest.mark.current
def test_pages_say_how_many_worlds_stand_behind_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    design = replace(SMALL)
    simulation_based_calibration(
        RankModel(), design=design, n_worlds=3, seed=1, cache=sbc_file(tmp_path, "rank", "laplace", 1)
    )
    (page,) = write_pages(tmp_path)
    text = page.read_text(encoding="utf-8")
    assert page.name == "trust_sbc.md"
    assert "## RankModel, laplace, N = 3" in text
    assert "| log-likelihood |" in text


# doors ----------------------------------------------------------------------------------------------------------------


def test_what_cannot_be_studied_is_refused():
    with pytest.raises(InputError, match="`n` must hold whole numbers of judgments"):
        Design(np.array([[1.5, 2.0, 3.0]]))
    with pytest.raises(InputError, match="`longest_days` must reach the last edge \\(90\\); got 60"):
        Design(np.array([[1, 2, 3]]), longest_days=60)
    with pytest.raises(InputError, match="the model asks for segment"):
        RankModel(adjust_for=("segment",)).draw_world(SMALL, np.random.default_rng(0))
    with pytest.raises(InputError, match="`n_worlds` must be 2 or more; got 1"):
        simulation_based_calibration(RankModel(), design=SMALL, n_worlds=1, seed=1)
    with pytest.raises(InputError, match="`engine` must be 'laplace' or 'nuts'; got 'auto'"):
        simulation_based_calibration(RankModel(), design=SMALL, n_worlds=2, engine="auto", seed=1)
    with pytest.raises(InputError, match="`n_worlds` must be 1 or more; got 0"):
        coverage_study(RankModel(), design=SMALL, n_worlds=0, seed=1)
    with pytest.raises(InputError, match="`kind` must be 'outcomes', 'shares' or 'lead times'; got 'x'"):
        power_study(design=SMALL, kind="x", gaps=(10.0,), n_per_rep=(20,), n_worlds=1, seed=1)
    with pytest.raises(InputError, match="500 per cent off cannot be had by day 90"):
        later_by(SMALL, np.array([500.0]))
