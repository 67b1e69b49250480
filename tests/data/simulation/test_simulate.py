"""The simulated world does what its truth says, in the directions its settings name."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from calibra.data.scale import RankScale
from calibra.data.simulation.simulate import SimulatedWorld, demo_scale, simulate_judgments
from calibra.errors import InputError

AS_OF = np.datetime64("2026-09-30", "D")
ALIKE = dict.fromkeys(("optimism_sd", "weight_sd", "noise_sd", "cut_sd", "tempo_sd", "patience_sd", "team_sd"), 0.0)
"""Reps who differ in nothing that moves an outcome; a test switches one difference on."""


def simulate_one_difference(**difference: float) -> SimulatedWorld:
    return simulate_judgments(**{"seed": 4, "n_reps": 6, "n_prospects": 600, "mix_spread": 0.0} | ALIKE | difference)


def days_to(world: SimulatedWorld, role: str) -> np.ndarray:
    """Days from judgment to the role's date as the frame has it; NaN where null."""
    days = (world.arrays[role] - world.arrays["judged_at"]).astype(float)
    return np.where(np.isnat(world.arrays[role]), np.nan, days)


@pytest.fixture(scope="module")
def big_world() -> SimulatedWorld:
    return simulate_judgments(seed=11, n_reps=4, n_prospects=400_000, min_age_days=180, span_days=365)


@pytest.fixture(scope="module")
def world() -> SimulatedWorld:
    return simulate_judgments(seed=1)


# --- the truth against what is realised -------------------------------------------------------------------------------


def realised(world: SimulatedWorld, role: str, within_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of judgments per rep × rank whose date of the role comes within the days, and their number."""
    names, ranks = np.array(world.truth.reps.names), np.array(world.scale.ranks)
    is_in = days_to(world, role) <= within_days
    cells = [[is_in[(world.arrays["rep"] == rep) & (world.arrays["rank"] == rank)] for rank in ranks] for rep in names]
    return np.array([[c.mean() for c in row] for row in cells]), np.array([[c.size for c in row] for row in cells])


@pytest.mark.parametrize("within_days", [14, 30, 90, 180])
@pytest.mark.parametrize(("cause", "role"), [("event", "event_at"), ("exit", "exit_at")])
def test_rates_in_a_large_frame_agree_with_the_truth(big_world, cause, role, within_days):
    truth = big_world.truth.incidence([within_days], cause=cause)[:, :, 0]
    rate, n = realised(big_world, role, within_days)
    # two independent samples of the same probability, each with its own binomial error; 40 cells a case
    n_latent = big_world.truth.n_latent * big_world.truth.rank_shares()
    error = np.sqrt(np.maximum(truth, 1e-4) * (1 - truth) * (1 / n + 1 / n_latent))
    assert n.min() > 300
    assert np.abs((rate - truth) / error).max() < 4.5


def test_rank_shares_in_a_large_frame_agree_with_the_truth(big_world):
    _, n = realised(big_world, "event_at", 90)
    share = n / n.sum(axis=1, keepdims=True)
    error = np.sqrt(share * (1 - share) * (1 / n.sum(axis=1, keepdims=True) + 1 / big_world.truth.n_latent))
    assert np.abs((share - big_world.truth.rank_shares()) / error).max() < 4.5


def test_all_reps_is_the_pooled_rate_of_a_large_frame(big_world):
    rate, n = realised(big_world, "event_at", 90)
    pooled = (rate * n).sum(axis=0) / n.sum(axis=0)
    np.testing.assert_allclose(big_world.truth.all_reps(90, n=n), pooled, atol=0.006)
    np.testing.assert_allclose(big_world.truth.all_reps(90), pooled, atol=0.008)


def test_all_reps_weighted_on_one_rep_is_that_rep(world):
    n = np.zeros((20, 5))
    n[7] = 3
    np.testing.assert_allclose(world.truth.all_reps(90, n=n), world.truth.probabilities(90)[7])


def test_the_bar_is_the_rate_of_prospects_seen_next_to_the_cut(big_world):
    truth, bars = big_world.truth, big_world.truth.bars(90)
    is_hit = truth.lives.is_event & (truth.lives.event_days <= 90)
    for r in range(4):
        for k in range(4):
            near = (truth.rep == r) & (np.abs(truth.lives.seen - truth.reps.cuts[r, k]) < 0.05)
            n = near.sum()
            # 0.004: the curvature inside the window and the truth's own Monte Carlo error
            assert abs(is_hit[near].mean() - bars[r, k]) < 4 * np.sqrt(bars[r, k] * (1 - bars[r, k]) / n) + 0.004


def test_a_bar_lies_between_the_rates_of_the_ranks_it_parts(world):
    prob, bars = world.truth.probabilities(90), world.truth.bars(90)
    assert np.all(prob[:, 1:] < bars)
    assert np.all(bars < prob[:, :-1])


def test_a_bar_counts_events_on_the_last_day_of_the_horizon():
    # a median of an hour: nearly every event of a world whose every prospect has a need comes on day 0 or 1
    truth = simulate_judgments(seed=1, n_reps=1, needs=1e6, median_days=0.04, exit_share=0.0).truth
    assert truth.bars(0).min() > 0.5
    assert truth.bars(1).min() > 0.95


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32),
    n_ranks=st.integers(1, 6),
    exit_share=st.sampled_from([0.0, 0.5, 1.0]),
    days=st.lists(st.integers(0, 1095), min_size=1, max_size=6),
)
def test_incidences_rise_with_days_and_never_sum_above_one(seed, n_ranks, exit_share, days):
    scale = RankScale([str(k) for k in range(n_ranks)])
    made = simulate_judgments(seed=seed, n_reps=3, n_prospects=5, scale=scale, exit_share=exit_share)
    truth = dataclasses.replace(made.truth, n_latent=500)
    given_any = truth.rank_shares() > 0
    event, end = truth.incidence(sorted(days))[given_any], truth.incidence(sorted(days), cause="exit")[given_any]
    assert np.all(np.diff(event, axis=1) >= 0)
    assert np.all(event + end <= 1 + 1e-12)
    np.testing.assert_allclose(truth.rank_shares().sum(axis=1), 1.0)


def test_more_latent_prospects_make_the_truth_more_exact(world):
    coarse = dataclasses.replace(world.truth, n_latent=5_000)
    ratio = coarse.monte_carlo_error(90) / world.truth.monte_carlo_error(90)
    np.testing.assert_allclose(np.median(ratio), np.sqrt(world.truth.n_latent / 5_000), rtol=0.05)
    assert np.abs(coarse.probabilities(90) - world.truth.probabilities(90)).max() < 0.2


# --- the settings do what their names say -----------------------------------------------------------------------------


def test_a_more_optimistic_rep_has_lower_outcomes_at_every_rank():
    world = simulate_one_difference(optimism_sd=0.6)
    prob = world.truth.probabilities(90)[np.argsort(world.truth.reps.optimism)]
    assert np.all(np.diff(prob, axis=0) < 0)


def test_a_more_optimistic_rep_gives_the_best_rank_more_often():
    world = simulate_one_difference(optimism_sd=0.6)
    assert np.all(np.diff(world.truth.rank_shares()[np.argsort(world.truth.reps.optimism), 0]) > 0)


@pytest.mark.parametrize(("difference", "sign"), [({"noise_sd": 0.6}, -1), ({"weight_sd": 0.4}, 1)])
def test_weight_sharpens_and_noise_blurs_what_ranks_tell(difference, sign):
    world = simulate_one_difference(**difference)
    reps, prob = world.truth.reps, world.truth.probabilities(90)
    trait = reps.noise if sign < 0 else reps.weight
    seen = world.truth.rank_shares()  # how strongly outcomes go with ranks, whatever the shares: variance explained
    mean = (seen * prob).sum(axis=1, keepdims=True)
    told = (seen * (prob - mean) ** 2).sum(axis=1)
    assert np.all(sign * np.diff(told[np.argsort(trait)]) > 0)


def test_a_slower_rep_has_fewer_events_early_but_in_the_end_as_many():
    world = simulate_one_difference(tempo_sd=0.4, exit_share=0.0, median_days=40.0)
    order = np.argsort(world.truth.reps.tempo)
    early, late = world.truth.incidence([30, 1095])[order].transpose(2, 0, 1)
    assert np.all(np.diff(early, axis=0) < 0)
    np.testing.assert_allclose(late[0], late[-1], atol=0.01)


def test_a_more_patient_rep_hands_back_later():
    world = simulate_one_difference(patience_sd=0.5)
    handed_back = world.truth.incidence([120], cause="exit")[np.argsort(world.truth.reps.patience), :, 0]
    assert np.all(np.diff(handed_back, axis=0) < 0)


def test_a_rep_with_late_timing_states_later_dates():
    world = simulate_judgments(seed=3, n_reps=6, n_prospects=60_000, rep_spread=1.0, mix_spread=0.0, **ALIKE)
    expected = days_to(world, "expected_at")
    median = [np.median(expected[world.arrays["rep"] == name]) for name in world.truth.reps.names]
    assert np.corrcoef(np.log(median), world.truth.reps.timing)[0, 1] > 0.98


def test_a_rep_who_drifts_upward_gives_more_of_the_best_rank_later():
    world = simulate_judgments(seed=5, n_reps=6, n_prospects=120_000, drift_sd=1.0, season_gap=0.0)
    truth = world.truth
    is_late = truth.age_days < 270
    change = [
        (truth.lives.rank[(truth.rep == r) & is_late] == 0).mean()
        - (truth.lives.rank[(truth.rep == r) & ~is_late] == 0).mean()
        for r in range(6)
    ]
    assert np.corrcoef(change, truth.reps.drift)[0, 1] > 0.9


def test_without_an_exit_share_nobody_exits():
    world = simulate_judgments(seed=1, n_prospects=2000, exit_share=0.0)
    assert np.isnat(world.arrays["exit_at"]).all()
    assert world.truth.incidence([1095], cause="exit").max() == 0.0


def test_an_event_on_the_day_of_an_exit_is_an_event():
    lives = simulate_judgments(seed=1, n_prospects=20_000, exit_share=1.0, median_days=30.0, exit_days=30.0).truth.lives
    is_tie = np.isfinite(lives.event_days) & (lives.event_days == lives.exit_days)
    assert is_tie.sum() > 50
    assert lives.is_event[is_tie].all()
    np.testing.assert_array_equal(lives.is_event ^ lives.is_exit, np.isfinite(lives.exit_days))


def test_more_exits_leave_fewer_events():
    few, many = (simulate_judgments(seed=1, n_reps=4, exit_share=share).truth for share in (0.2, 0.9))
    assert np.all(few.incidence([365], cause="exit") < many.incidence([365], cause="exit"))
    assert np.all(few.incidence([365]) > many.incidence([365]))


def test_the_first_quarter_of_the_year_brings_more_events():
    def gap(season_gap: float) -> float:
        world = simulate_judgments(seed=2, n_prospects=60_000, min_age_days=90, span_days=365, season_gap=season_gap)
        quarter = world.arrays["judged_at"].astype("datetime64[M]").astype(int) % 12 // 3
        is_hit = days_to(world, "event_at") <= 90
        return is_hit[quarter == 0].mean() - is_hit[quarter == 2].mean()

    assert gap(0.5) > 0.1
    assert abs(gap(0.0)) < 0.02


def test_the_season_turns_with_the_calendar_quarter():
    world = simulate_judgments(seed=2, n_prospects=100_000, span_days=365, season_gap=1.0)
    month = world.arrays["judged_at"].astype("datetime64[M]").astype(int) % 12 + 1
    mean = np.array([world.truth.lives.readiness[month == m].mean() for m in range(1, 13)])
    steps = np.repeat([1.0, -0.5, -0.5, 0.0], 3)
    np.testing.assert_allclose(mean - mean[-3:].mean(), steps, atol=0.08)


def test_segments_differ_by_their_gap():
    def gap(segment_gap: float) -> float:
        world = simulate_judgments(seed=2, n_prospects=60_000, min_age_days=90, segment_gap=segment_gap)
        is_hit = days_to(world, "event_at") <= 90
        return (
            is_hit[world.arrays["segment"] == "Enterprise"].mean() - is_hit[world.arrays["segment"] == "Small"].mean()
        )

    assert gap(0.6) > 0.15
    assert abs(gap(0.0)) < 0.02


def test_reps_have_segment_mixes_of_their_own_only_where_asked():
    assert np.ptp(simulate_judgments(seed=1, mix_spread=0.5).truth.reps.mix, axis=0).min() > 0.1
    assert np.ptp(simulate_judgments(seed=1, mix_spread=0.0).truth.reps.mix, axis=0).max() == 0.0


def test_without_spread_reps_are_identical_and_so_is_their_truth():
    truth = simulate_judgments(seed=1, n_reps=7, rep_spread=0.0, drift_sd=0.5).truth
    for prob in (
        truth.probabilities(90),
        truth.bars(90),
        truth.rank_shares(),
        truth.incidence([30, 365]).reshape(7, -1),
    ):
        assert np.ptp(prob, axis=0).max() == 0.0


def test_rep_spread_widens_the_differences():
    narrow, wide = (simulate_judgments(seed=1, rep_spread=s).truth.probabilities(90)[:, 0].std() for s in (0.3, 1.0))
    assert wide > 2 * narrow > 0


def test_extreme_reps_read_far_too_much_and_far_too_little():
    truth = simulate_judgments(seed=1, n_reps=8, rep_spread=0.0, extreme_reps=2).truth
    prob = truth.probabilities(90)[:, 0]
    np.testing.assert_allclose(truth.reps.optimism, [1.2, -1.2, 0, 0, 0, 0, 0, 0])
    assert prob[0] < prob[2] < prob[1]


def test_a_rep_without_bias_gives_about_the_asked_rank_shares():
    shares = [0.05, 0.15, 0.8]
    truth = simulate_judgments(seed=1, scale=RankScale([1, 2, 3]), rank_shares=shares, rep_spread=0.0).truth
    np.testing.assert_allclose(truth.rank_shares()[0], shares, atol=0.02)


def test_one_rank_is_a_world_too():
    world = simulate_judgments(seed=1, n_reps=1, n_prospects=50, scale=RankScale(["only"]))
    assert set(world.arrays["rank"]) == {"only"}
    assert world.truth.bars(90).shape == (1, 0)
    assert world.truth.probabilities(90).shape == (1, 1)


def test_skewed_readiness_has_a_long_upper_tail_and_keeps_its_scale():
    lives = simulate_judgments(
        seed=1, n_prospects=200_000, readiness_skew=0.5, segment_gap=0.0, season_gap=0.0
    ).truth.lives
    assert abs(lives.readiness.mean()) < 0.02
    assert abs(lives.readiness.std() - 1) < 0.05
    assert ((lives.readiness - lives.readiness.mean()) ** 3).mean() > 1.0


def test_criteria_are_ticked_more_often_for_readier_prospects(world):
    for name in ("budget", "authority", "need", "timing"):
        tick = world.arrays[name]
        assert world.truth.lives.readiness[tick].mean() > world.truth.lives.readiness[~tick].mean() + 0.4


# --- the frame --------------------------------------------------------------------------------------------------------


def test_nothing_later_than_as_of_is_in_the_frame(world):
    for role in ("judged_at", "event_at", "exit_at", "won_at"):
        dates = world.arrays[role]
        assert not (dates[~np.isnat(dates)] > AS_OF).any()


def test_the_frame_knows_exactly_the_ends_that_came_by_as_of(world):
    lives, age = world.truth.lives, world.truth.age_days
    is_known = lives.is_event & (lives.event_days <= age)
    np.testing.assert_array_equal(~np.isnat(world.arrays["event_at"]), is_known)
    np.testing.assert_array_equal(days_to(world, "event_at")[is_known], lives.event_days[is_known])
    is_handed_back = lives.is_exit & (lives.exit_days <= age)
    np.testing.assert_array_equal(days_to(world, "exit_at")[is_handed_back], lives.exit_days[is_handed_back])
    assert not (~np.isnat(world.arrays["event_at"]) & ~np.isnat(world.arrays["exit_at"])).any()


def test_the_truth_holds_ends_that_the_frame_cannot_know_yet(world):
    lives, age = world.truth.lives, world.truth.age_days
    is_later = lives.is_event & (lives.event_days > age)
    assert is_later.sum() > 300
    assert np.isnat(world.arrays["event_at"][is_later]).all()
    assert (world.truth.is_won & (world.truth.won_days > age)).sum() > 100


def test_an_earlier_snapshot_knows_less_of_recent_judgments(world):
    age = world.truth.age_days
    is_hit = ~np.isnat(world.arrays["event_at"])
    assert is_hit[age < 60].mean() < 0.5 * is_hit[age > 365].mean()


def test_a_minimum_age_makes_all_judgments_mature():
    world = simulate_judgments(seed=1, min_age_days=90)
    assert (AS_OF - world.arrays["judged_at"]).astype(int).min() >= 90


def test_wins_follow_events_and_only_wins_have_amounts(world):
    is_won = ~np.isnat(world.arrays["won_at"])
    assert 300 < is_won.sum() < 0.8 * (~np.isnat(world.arrays["event_at"])).sum()
    assert (world.arrays["won_at"][is_won] >= world.arrays["event_at"][is_won]).all()
    np.testing.assert_array_equal(np.isfinite(world.arrays["amount"]), is_won)
    assert world.arrays["amount"][is_won].min() >= 1


def test_no_win_share_means_no_wins_and_a_full_one_wins_all():
    assert not simulate_judgments(seed=1, win_share=0.0).truth.is_won.any()
    sure = simulate_judgments(seed=1, win_share=1.0).truth
    np.testing.assert_array_equal(sure.is_won, sure.lives.is_event)


def test_expected_dates_lie_after_the_judgment(world):
    assert days_to(world, "expected_at").min() >= 1


def test_touches_grow_with_the_days_followed(world):
    lives = world.truth.lives
    followed = np.minimum(np.minimum(lives.event_days, lives.exit_days), world.truth.age_days)
    touches = world.arrays["touches"]
    assert touches.min() >= 0
    assert touches[followed > 200].mean() > 2 * touches[followed < 50].mean()


def test_left_truncation_leaves_out_what_ended_before_and_dates_the_late_entries():
    day = np.datetime64("2025-10-01")
    full = simulate_judgments(seed=6)
    cut = simulate_judgments(seed=6, observed_from="2025-10-01")
    is_late = full.arrays["judged_at"] < day
    lives = full.truth.lives
    ended = full.arrays["judged_at"] + np.where(
        is_late, np.minimum(np.minimum(lives.event_days, lives.exit_days), 10_000), 0
    ).astype("timedelta64[D]")
    keep = ~is_late | (ended > day)
    assert 200 < (~keep).sum() < is_late.sum()
    np.testing.assert_array_equal(cut.truth.in_frame, keep)
    for role, values in full.arrays.items():
        np.testing.assert_array_equal(cut.arrays[role], values[keep])
    np.testing.assert_array_equal(np.isnat(cut.arrays["entered_at"]), ~is_late[keep])
    assert set(cut.arrays["entered_at"][is_late[keep]]) == {day}


def test_late_entry_taken_into_account_gives_the_truth_and_ignored_does_not():
    world = simulate_judgments(seed=3, n_reps=1, n_prospects=40_000, observed_from="2025-12-01", season_gap=0.0)
    event, exit_, entered = (days_to(world, role) for role in ("event_at", "exit_at", "entered_at"))
    age = (AS_OF - world.arrays["judged_at"]).astype(float)
    followed = np.fmin(np.fmin(event, exit_), age) + 1.0  # statsmodels wants times above 0 and entry before them
    is_end = ~np.isnan(event) | ~np.isnan(exit_)
    true = sum(world.truth.incidence([180], cause=cause)[0, :, 0] for cause in ("event", "exit"))
    handled, ignored = np.empty(5), np.empty(5)
    for k, rank in enumerate(world.scale.ranks):
        row = world.arrays["rank"] == rank
        for result, entry in ((handled, np.nan_to_num(entered + 1.0)[row]), (ignored, None)):
            curve = SurvfuncRight(followed[row], is_end[row], entry=entry)
            result[k] = 1 - curve.surv_prob[curve.surv_times <= 181][-1]
    np.testing.assert_allclose(handled, true, atol=0.02)
    assert np.all(ignored < true - 0.025)


def test_the_default_world_is_the_demo_organisation(world):
    assert world.scale == demo_scale()
    assert len(set(world.arrays["rep"])) == 20
    assert world.frame.shape[0] == 6000
    assert world.arrays["prospect"][122] == "P000123"
    assert len(set(world.arrays["prospect"])) == 6000
    assert world.arrays["judged_at"].max() - world.arrays["judged_at"].min() < np.timedelta64(540, "D")


def test_many_reps_still_have_names_of_their_own():
    names = simulate_judgments(seed=1, n_reps=250, n_prospects=10).truth.reps.names
    assert len(set(names)) == 250


def test_the_columns_name_every_column_of_the_frame(world):
    assert list(world.columns.values()) == list(world.frame.columns)
    assert {"prospect", "rep", "rank", "judged_at", "event_at"} <= set(world.columns)


def test_dates_of_the_frame_are_pandas_timestamps_of_the_same_days(world):
    frame = world.frame
    assert str(frame["event_at"].dtype) == "datetime64[us]"
    np.testing.assert_array_equal(frame["event_at"].to_numpy().astype("datetime64[D]"), world.arrays["event_at"])


def test_changing_a_frame_leaves_the_world_as_it_is(world):
    frame = world.frame
    before = world.arrays["touches"].copy()
    frame.loc[:, "touches"] = -1
    np.testing.assert_array_equal(world.arrays["touches"], before)
    assert world.frame["touches"].min() >= 0


# --- seeds ------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_frame_and_truth():
    first, second = (simulate_judgments(seed=8, n_reps=3, n_prospects=500) for _ in range(2))
    assert first.frame.equals(second.frame)
    np.testing.assert_array_equal(first.truth.probabilities(90), second.truth.probabilities(90))


def test_another_seed_gives_another_world():
    first, second = (simulate_judgments(seed=seed, n_reps=3, n_prospects=500) for seed in (8, 9))
    assert not first.frame.equals(second.frame)
    assert not np.array_equal(first.truth.reps.optimism, second.truth.reps.optimism)


def test_the_reps_do_not_depend_on_the_number_of_prospects():
    few, many = (simulate_judgments(seed=8, n_reps=3, n_prospects=n).truth for n in (10, 1000))
    np.testing.assert_array_equal(few.reps.cuts, many.reps.cuts)
    np.testing.assert_array_equal(few.probabilities(90), many.probabilities(90))


def test_the_global_random_state_is_neither_read_nor_moved():
    np.random.seed(0)  # noqa: NPY002  (the claim is about the global state)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    simulate_judgments(seed=1, n_prospects=10)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_dates_may_be_given_as_text_date_or_datetime64():
    worlds = [simulate_judgments(seed=1, n_prospects=20, as_of=day) for day in ("2026-09-30", AS_OF.item(), AS_OF)]
    assert worlds[0].frame.equals(worlds[1].frame)
    assert worlds[0].frame.equals(worlds[2].frame)
    assert {w.as_of for w in worlds} == {AS_OF.item()}


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"seed": -1}, "`seed` must be a whole number, 0 or more; got -1"),
        ({"seed": None}, "`seed` must be a whole number, 0 or more; got None"),
        ({"n_reps": 0}, "`n_reps` must be a whole number, 1 or more; got 0"),
        ({"n_reps": True}, "`n_reps` must be a whole number, 1 or more; got True"),
        ({"n_prospects": 2.5}, r"`n_prospects` must be a whole number, 1 or more; got 2\.5"),
        ({"span_days": 0}, "`span_days` must be a whole number, 1 or more; got 0"),
        ({"min_age_days": -1}, "`min_age_days` must be a whole number, 0 or more; got -1"),
        ({"n_teams": 0}, "`n_teams` must be a whole number, 1 or more; got 0"),
        ({"noise": 0.0}, r"`noise` must be a number above 0; got 0\.0"),
        ({"needs": -1.0}, r"`needs` must be a number above 0; got -1\.0"),
        ({"median_days": float("nan")}, "`median_days` must be a number above 0; got nan"),
        ({"exit_share": 1.2}, r"`exit_share` must be a share from 0 to 1; got 1\.2"),
        ({"mix_spread": "a lot"}, "`mix_spread` must be a share from 0 to 1; got 'a lot'"),
        ({"optimism_sd": -0.1}, r"`optimism_sd` must be a number, 0 or more; got -0\.1"),
        ({"tempo_sd": float("inf")}, "`tempo_sd` must be a number, 0 or more; got inf"),
        ({"readiness_skew": 3.0}, r"`readiness_skew` must be at most 1\.5; got 3\.0"),
        ({"extreme_reps": 21}, "`extreme_reps` must be at most n_reps, 20; got 21"),
        ({"as_of": "yesterday"}, "`as_of` must be a calendar day like '2026-09-30'; got 'yesterday'"),
        ({"as_of": 20260930}, "`as_of` must be a calendar day .* got 20260930"),
        ({"as_of": "NaT"}, "`as_of` must be a calendar day .* got 'NaT'"),
        ({"observed_from": "2027-01-01"}, "`observed_from` must not be after as_of, 2026-09-30; got 2027-01-01"),
        ({"rank_shares": [0.5, 0.5]}, "`rank_shares` must be 5 numbers above 0 that sum to 1"),
        ({"rank_shares": [0.5, 0.5, 0.0, 0.0, 0.0]}, "`rank_shares` must be 5 numbers above 0 that sum to 1"),
        ({"scale": ["A", "B"]}, r"`scale` must be a RankScale; got \['A', 'B'\]"),
    ],
)
def test_settings_no_world_can_have_are_refused(setting, message):
    with pytest.raises(InputError, match=message):
        simulate_judgments(**{"seed": 1} | setting)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ([30, 1096, 2000], r"days must lie in 0 to 1095.*got 2 outside \(1096, 2000\)"),
        ([-1], r"days must lie in 0 to 1095.*got 1 outside \(-1\)"),
        ([30.5], r"days must be whole numbers in one dimension; got \[30\.5\]"),
        ([[30]], r"days must be whole numbers in one dimension; got \[\[30\]\]"),
    ],
)
def test_days_the_truth_does_not_reach_are_refused(world, days, message):
    with pytest.raises(InputError, match=message):
        world.truth.incidence(days)


def test_an_unknown_cause_is_refused(world):
    with pytest.raises(InputError, match="`cause` must be 'event' or 'exit'; got 'won'"):
        world.truth.incidence([30], cause="won")


def test_weights_of_another_shape_are_refused(world):
    with pytest.raises(InputError, match=r"`n` must have shape \(20, 5\) \(reps, ranks\); got \(5,\)"):
        world.truth.all_reps(90, n=np.ones(5))
