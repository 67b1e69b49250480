"""Tempo is read from the event hazards alone and from the events as seen; a finding needs both."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibra.chapters.lead_times.findings import findings
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.lead_times.tables import median_days_as_seen_draws, median_days_draws
from calibra.data.counting.judgments import Judgments
from tests.chapters.lead_times.worlds import EVENT, EXIT, OPEN, judgments_of, scale_of

REPS = tuple(f"rep {i}" for i in range(10))
BEST, WORST, MIDDLE = 45.0, 80.0, 60.0


def world(seed: int, *, n_per_rep: int, exits: np.ndarray, faster: float = 1.0, exponential: bool = False) -> Judgments:
    """Ten reps at three ranks, `exits` a day each; the events of the first come so many times as fast.

    Exponential latent times of which all come in the end, or log-normal ones that many prospects never have.
    """
    rng = np.random.default_rng([5, seed])
    rep = np.repeat(np.arange(10), n_per_rep)
    rank = rng.integers(0, 3, rep.size)
    if exponential:
        latent = rng.exponential(np.array([60.0, 110.0, 220.0])[rank])
    else:
        needed = rng.random(rep.size) < np.array([0.7, 0.45, 0.2])[rank]
        median = np.array([BEST, MIDDLE, WORST])[rank]
        latent = np.where(needed, median * np.exp(0.7 * rng.standard_normal(rep.size)), np.inf)
    latent = np.where(rep == 0, latent / faster, latent)
    clock = rng.random(rep.size)
    event = np.floor(clock + latent)
    exit_ = np.floor(clock + rng.exponential(1.0 / exits[rep]))
    age = rng.integers(1, 301, rep.size)
    days = np.minimum(np.minimum(event, exit_), age).astype(int)
    ending = np.select([event <= np.minimum(exit_, age), exit_ <= age], [EVENT, EXIT], OPEN)
    return judgments_of(
        days, ending, rep=np.array(REPS)[rep], rank=np.array(list("ABC"))[rank], scale=scale_of("A", "B", "C"),
        age_days=age,
    )  # fmt: skip


def fit_of(judgments: Judgments, *, seed: int = 1, edges: tuple[int, ...] | None = None) -> LeadTimeFit:
    model = LeadTimeModel(interval_edges_days=edges)
    return model.fit(judgments, seed=seed, engine="laplace", draws=400, progress=False)


UNEQUAL = np.where(np.arange(10) % 2 == 0, 0.015, 0.001)


@pytest.fixture(scope="module")
def fit() -> LeadTimeFit:
    return fit_of(world(0, n_per_rep=60, exits=UNEQUAL), edges=(20, 60, 120, 200))


def with_draws(fit: LeadTimeFit, cause: str, **draws: np.ndarray) -> LeadTimeFit:
    """The fit with other draws of some terms of an ending."""
    posterior = fit.posteriors[cause]
    changed = replace(posterior, draws=posterior.draws | draws)
    return replace(fit, posteriors=dict(fit.posteriors) | {cause: changed})


def test_what_exits_do_is_no_part_of_the_ratio_of_hazards(fit):
    baseline = fit.posteriors["exit"].draws["baseline"]
    often = with_draws(fit, "exit", baseline=baseline + 2.0)
    names = ["median_days", "ratio", "ratio_lower", "ratio_upper"]
    pd.testing.assert_frame_equal(fit.tempo()[names], often.tempo()[names])
    assert (often.tempo().monthly_exits > fit.tempo().monthly_exits).all()


def flat(fit: LeadTimeFit, cause: str, per_day: float, **draws: np.ndarray) -> LeadTimeFit:
    """The fit with one constant hazard for everyone, but for the terms given."""
    same = {name: np.zeros_like(values) for name, values in fit.posteriors[cause].draws.items()}
    same["baseline"] = np.full_like(same["baseline"], np.log(per_day))
    return with_draws(fit, cause, **(same | draws))


def test_the_median_of_a_constant_hazard_is_that_of_the_cut_exponential(fit):
    found = median_days_draws(flat(fit, "event", 0.01))
    by_hand = -np.log(1.0 - 0.5 * -np.expm1(-0.01 * 200.5)) / 0.01
    np.testing.assert_allclose(found, by_hand, rtol=2e-3)  # linear between the times it is read at


def test_neither_how_many_events_nor_of_which_rank_makes_anyone_slow(fit):
    slope = np.zeros_like(fit.posteriors["event"].draws["slope"])
    slope[:, 0] = 2.0
    late = np.ones_like(fit.posteriors["event"].draws["rank_tempo"])
    table = flat(fit, "event", 1e-7, slope=slope, rank_tempo=late).tempo()
    np.testing.assert_allclose(table.ratio, 1.0, rtol=2e-3)


def test_monthly_exits_of_a_constant_hazard(fit):
    level = np.zeros_like(fit.posteriors["exit"].draws["level"])
    level[:, 3] = np.log(2.0)
    table = flat(fit, "exit", 0.004, level=level).tempo()
    np.testing.assert_allclose(table.monthly_exits[:3], -np.expm1(-30 * 0.004))
    assert table.monthly_exits[3] == pytest.approx(-np.expm1(-30 * 0.008))
    assert table.exit_ratio[3] / table.exit_ratio[2] == pytest.approx(2.0)


def test_exits_are_told_beside_and_counted(fit):
    table = fit.tempo()
    exits = fit.cells.exposure.exits.sum(axis=(1, 2))
    assert table.exits.tolist() == exits.tolist()
    assert (table.exit_ratio[::2] > 1.5).all()
    assert (table.exit_ratio[1::2] < 0.5).all()
    said = {finding.key: str(finding) for finding in findings(fit)}
    assert "rep 0 (" in said["lead_times.exits_more"]
    assert "rep 1 (" not in said["lead_times.exits_more"]
    assert "rep 1 (" in said["lead_times.exits_less"]


def test_where_nobody_exits_nothing_is_said_of_it(fit):
    nobody = replace(fit, posteriors={"event": fit.posteriors["event"]})
    table = nobody.tempo()
    assert (table.monthly_exits == 0.0).all()
    assert table.exit_ratio.isna().all()
    keys = {finding.key for finding in findings(nobody)}
    assert keys & {"lead_times.exits_more", "lead_times.exits_less"} == set()
    assert "lead_times.how_long" in keys


def duds_dropped(n_per_rep: int, *, drops: list[bool], median_factor: float = 1.0) -> LeadTimeFit:
    """Three in ten become events, after 60 days on average (the first rep's after so many times that); duds exit."""
    rng = np.random.default_rng(0)
    rep = np.repeat(np.arange(len(drops)), n_per_rep)
    latent = rng.exponential(60.0 * np.where(rep == 0, median_factor, 1.0))
    dud = rng.random(rep.size) >= 0.3
    event = np.where(dud, np.inf, np.floor(latent))
    exit_ = np.where(dud & np.array(drops)[rep], np.floor(rng.exponential(60.0, rep.size)), np.inf)
    age = rng.integers(0, 541, rep.size)
    days = np.minimum(np.minimum(event, exit_), age).astype(int)
    ending = np.select([event <= np.minimum(exit_, age), exit_ <= age], [EVENT, EXIT], OPEN)
    return fit_of(judgments_of(days, ending, rep=np.array(REPS)[rep], age_days=age, scale=scale_of("A")))


def test_who_drops_only_duds_is_not_called_slower():
    table = duds_dropped(2000, drops=[True, False, False, False, False, False]).tempo()
    first = table.iloc[0]
    assert first.ratio_lower > 1.2  # by the hazards alone, who is left becomes ever more promising
    assert first.ratio_as_seen < 1.0
    assert first.finding == "cannot tell yet"
    assert not table.finding.str.contains("than all reps").any()


def test_a_slower_rep_is_not_in_line_where_everybody_drops_duds():
    table = duds_dropped(2000, drops=[True] * 6, median_factor=1.6).tempo()
    first = table.iloc[0]
    assert first.ratio < 1.2 < first.ratio_as_seen  # all medians lie late: the hazards alone hide the difference
    assert first.finding == "cannot tell yet"
    assert not table.finding.str.contains("than all reps").any()


def test_without_exits_both_readings_are_one(fit):
    table = replace(fit, posteriors={"event": fit.posteriors["event"]}).tempo()
    np.testing.assert_array_equal(table.ratio, table.ratio_as_seen)
    np.testing.assert_allclose(table.prob_slower + table.prob_faster + table.prob_within, 1.0)


def test_what_is_seen_of_constant_hazards_is_the_cut_exponential_of_both(fit):
    both = flat(flat(fit, "event", 0.004), "exit", 0.006)
    by_hand = -np.log(1.0 - 0.5 * -np.expm1(-0.01 * 200.5)) / 0.01
    np.testing.assert_allclose(median_days_as_seen_draws(both), by_hand, rtol=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("exponential", [True, False])
def test_reps_alike_but_for_their_exits_are_not_called_faster_or_slower(exponential):
    fits = (fit_of(world(seed, n_per_rep=200, exits=UNEQUAL, exponential=exponential)) for seed in range(4))
    said = np.concatenate([fit.tempo().finding.to_numpy() for fit in fits])
    assert len(said) == 40
    assert not any("than all reps" in finding for finding in said)


@pytest.mark.slow
@pytest.mark.parametrize("exponential", [True, False])
def test_a_rep_whose_events_come_much_faster_is_found(exponential):
    found = []
    for seed in range(8):
        judgments = world(seed, n_per_rep=200, exits=np.full(10, 0.004), faster=1.8, exponential=exponential)
        found.append(fit_of(judgments).tempo().finding.to_numpy())
    assert np.mean([finding[0] == "faster than all reps" for finding in found]) >= 0.5
    assert not any("than all reps" in finding for each in found for finding in each[1:])
