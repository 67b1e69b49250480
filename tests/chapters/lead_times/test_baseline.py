"""The baseline of the lead-time model: its trend, and days on which endings heap up."""

import numpy as np
import pytest
from scipy.stats import norm

from calibra.chapters.lead_times.baseline import bend_columns, heap_days, trend_columns
from calibra.chapters.lead_times.cells import default_edges, interval_clock, lay_out
from calibra.chapters.lead_times.model import LeadTimeModel, LeadTimePriors
from calibra.inference.declare.priors import Normal
from tests.chapters.lead_times.worlds import EVENT, EXIT, OPEN, competing, judgments_of, scale_of

LATE = (10, 20, 30, 45, 60, 80, 100, 128, 160, 202, 255, 321, 405, 510, 642, 720)


def heaped(days_of_events, *, seed, kind=EVENT, n=4000):
    """Judgments whose events all come on these days, seven in ten at A and three in ten at B; the rest stays open."""
    rng = np.random.default_rng(seed)
    rank, age = rng.integers(0, 2, n), rng.integers(0, 365, n)
    comes = rng.random(n) < np.array([0.7, 0.3])[rank]
    day = np.where(comes, rng.choice(days_of_events, n), 10_000)
    ending = np.where(day <= age, kind, OPEN)
    rep = np.array([f"rep {i}" for i in rng.integers(0, 8, n)])
    return judgments_of(np.minimum(day, age), ending, rep=rep, rank=np.array(["A", "B"])[rank])


@pytest.mark.parametrize("days", [[31], [30, 60, 90]])
def test_heaps_are_read_right_and_laplace_stays(days):
    fit = LeadTimeModel().fit(heaped(days, seed=1), seed=1, draws=400, progress=False)
    assert fit.posteriors["event"].diagnostics.engine == "laplace"
    assert fit.diagnostics.ok
    within = fit.cumulative_incidence([days[-1]], by=("rank",)).estimate
    np.testing.assert_allclose(within, [0.7, 0.3], atol=0.03)  # sampling: .011 at 1,800 judgments a rank
    before = fit.cumulative_incidence([days[0] - 1], by=("rank",)).estimate
    np.testing.assert_array_less(before, 0.005)


def test_person_days_of_a_heap_give_back_its_share():
    # 100 judgments, 70 end on day 31: hazard −log(0.3) = 1.204 a day, 70/1.204 = 58.1 person-days
    days, ending = np.r_[np.full(70, 31), np.full(30, 200)], np.r_[np.full(70, EVENT), np.full(30, OPEN)]
    counts = judgments_of(days, ending, exits=False).duration_counts()
    cells = lay_out(counts, scale_of("A"), edges_days=(30, 31, 200), by=())
    np.testing.assert_allclose(cells.exposure.exposure_days.sum(axis=(0, 1)), [100 * 30.5, 58.14, 30 * 169], rtol=1e-3)
    apart = lay_out(counts, scale_of("A"), edges_days=(29, 60, 200), by=())
    np.testing.assert_allclose(apart.exposure.exposure_days.sum(axis=(0, 1))[1], 70 * 1.5 + 30 * 31)


def test_heaps_of_exits_are_theirs_alone():
    days = np.r_[np.full(40, 90), np.arange(1, 81), np.full(50, 200)]
    ending = np.r_[np.full(40, EXIT), np.full(80, EVENT), np.full(50, OPEN)]
    judgments = judgments_of(days, ending, exits=True)
    counts = judgments.duration_counts()
    assert heap_days(counts, "exit", end=200).tolist() == [90]
    assert heap_days(counts, "event", end=200).tolist() == []
    assert {89, 90} <= set(default_edges(counts, ()).tolist())
    fit = LeadTimeModel().fit(judgments, seed=1, engine="laplace", draws=400, progress=False)
    assert "heap" in fit.posteriors["exit"].draws
    assert "heap" not in fit.posteriors["event"].draws
    alone = fit.draws.without_events
    np.testing.assert_allclose(alone.log_hazards("event"), fit.draws.log_hazards("exit"))


def test_the_trend_starts_at_the_first_interval_and_has_no_more_columns_than_steps():
    for n_intervals, labels in ((1, ()), (2, ("slope",)), (3, ("slope", "bend")), (6, ("slope", "bend", "tail"))):
        clock = interval_clock(np.geomspace(1.0, 200.0, n_intervals + 1))
        columns = trend_columns(clock)
        assert columns.labels == labels
        assert (columns.design[0] == 0).all()
        if len(labels) == 2:
            rises = columns.design @ [1.0, 0.0], columns.design @ [0.0, 1.0]
            np.testing.assert_allclose(rises, [clock - clock[0], clock**2 - clock[0] ** 2])


def test_hazards_are_read_as_declared():
    judgments = heaped([30, 60], seed=2, n=800)
    fit = LeadTimeModel().fit(judgments, seed=1, engine="laplace", draws=100, progress=False)
    declared, draws = fit.declarations["event"], fit.posteriors["event"].draws
    assert {term.name for term in declared.population} >= {"baseline", "trend", "heap", "rank_bend"}
    population = np.concatenate([draws[term.name].reshape(100, -1) for term in declared.population], axis=1)
    own = np.concatenate([draws[t.name].reshape(100, declared.n_reps, -1) for t in declared.rep_terms], axis=2)
    linpred = (population @ np.swapaxes(declared.population_design, -1, -2)).reshape(100, 1, -1)
    linpred = linpred + own @ np.swapaxes(declared.rep_design, -1, -2)
    read = fit.draws.log_hazards("event")
    np.testing.assert_allclose(read.reshape(linpred.shape), linpred, atol=1e-9)


def test_the_last_events_are_expected_where_they_come():
    # quantiles of a log-normal lead time, median 45 days: the walk alone leaves late intervals as high as those before
    n_events, n_open = 300, 700
    days = np.floor(0.5 + 45.0 * np.exp(0.8 * norm.ppf((np.arange(n_events) + 0.5) / n_events))).astype(int)
    days, ending = np.r_[days, np.full(n_open, 720)], np.r_[np.full(n_events, EVENT), np.full(n_open, OPEN)]
    judgments = judgments_of(days, ending, exits=False)
    expected = n_events * (norm.cdf(np.log(720.5 / 45) / 0.8) - norm.cdf(np.log(405.5 / 45) / 0.8))
    late = {}
    for sd in (1.0, 1e-3):
        fit = LeadTimeModel(interval_edges_days=LATE, priors=LeadTimePriors(trend=Normal(0.0, sd))).fit(
            judgments, seed=1, engine="laplace", draws=400, progress=False
        )
        before, last = fit.cumulative_incidence([405, 720], by=()).estimate
        late[sd] = float(last - before) * len(days)
    assert abs(late[1.0] - expected) < 0.5 < late[1e-3] - expected


def test_bends_are_nothing_before_them_and_leave_a_slope_to_ranks():
    for n_intervals, n_bends in ((1, 0), (2, 0), (3, 1), (4, 2), (9, 2)):
        clock = interval_clock(np.geomspace(1.0, 300.0, n_intervals + 1))
        assert bend_columns(clock).design.shape == (n_intervals, n_bends)
    by_hand = np.stack([np.clip(clock + 0.4, 0.0, None), np.clip(clock - 0.8, 0.0, None)], axis=1)
    np.testing.assert_allclose(bend_columns(clock).design, by_hand)


def test_a_rank_whose_last_events_come_early_is_read_so():
    # one slope a rank: the hazard of A, high and over early, would be drawn out by that of C, low and long
    days, ending, rank = [], [], []
    for label, median, sigma, n_events in (("A", 40.0, 0.5, 1200), ("B", 60.0, 0.8, 800), ("C", 80.0, 1.1, 500)):
        event = np.floor(0.5 + median * np.exp(sigma * norm.ppf((np.arange(n_events) + 0.5) / n_events))).astype(int)
        days += [np.minimum(event, 720), np.full(2000 - n_events, 720)]
        ending += [np.where(event < 720, EVENT, OPEN), np.full(2000 - n_events, OPEN)]
        rank += [np.full(2000, label)]
    judgments = judgments_of(*map(np.concatenate, (days, ending)), rank=np.concatenate(rank), exits=False)
    off = {}
    for sd in (0.3, 1e-3):
        fit = LeadTimeModel(interval_edges_days=LATE, priors=LeadTimePriors(rank_bend=Normal(0.0, sd))).fit(
            judgments, seed=1, engine="laplace", draws=400, progress=False
        )
        cells = fit.cells.exposure
        expected = (np.exp(fit.draws.log_hazards("event")).mean(axis=0) * cells.exposure_days).sum(axis=0)
        seen = cells.events.sum(axis=0)
        off[sd] = np.abs(seen - expected)[0, -6:].sum()  # at A, after day 202
    assert off[0.3] < 0.6 * off[1e-3]


def test_days_of_heaps_are_found_by_hand():
    days, ending = competing(300, seed=3, exit_days=np.inf)
    counts = judgments_of(
        np.r_[days, np.full(60, 47)], np.r_[ending, np.full(60, EVENT)], exits=False
    ).duration_counts()
    assert heap_days(counts, "event", end=100).tolist() == [47]
    assert heap_days(counts, "event", end=46).tolist() == []
