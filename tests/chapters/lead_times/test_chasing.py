"""Who is to be looked through again: against worlds whose truth is known, and counts against names."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.lead_times.plateau import late_days
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from tests.chapters.lead_times.worlds import AS_OF, EVENT, OPEN, judgments_of, scale_of

SHARES, SIGMA, AHEAD = np.array([0.5, 0.3, 0.15]), 0.8, 90
SCALE = RankScale(
    ["A", "B", "C"], {rank: Promise(prob, within_days=AHEAD) for rank, prob in zip("ABC", SHARES, strict=True)}
)


class World:
    """Eight reps who judge alike; events after log-normal days, or at a constant hazard where no median is given."""

    def __init__(self, seed: int, *, max_age: int, median: float | None, n: int = 4000) -> None:
        rng = np.random.default_rng([seed, 77])
        self.median = median
        self.age, self.rank, rep = rng.integers(0, max_age, n), rng.integers(0, 3, n), rng.integers(0, 8, n)
        clock = rng.random(n)  # time of the day
        if median is None:
            time = rng.exponential(1 / np.array([0.004, 0.0022, 0.0012])[self.rank])
        else:
            time = median * np.exp(SIGMA * rng.standard_normal(n))
            time[rng.random(n) >= SHARES[self.rank]] = np.inf
        self.event = np.floor(clock + time)
        happened = self.event <= self.age
        self.judgments = judgments_of(
            np.where(happened, self.event, self.age).astype(int), np.where(happened, EVENT, OPEN), age_days=self.age,
            rep=np.char.add("r", rep.astype(str)), rank=np.array(list("ABC"))[self.rank], scale=SCALE, exits=False,
        )  # fmt: skip
        self.fit = LeadTimeModel().fit(self.judgments, seed=1, engine="laplace", draws=1000, progress=False)
        self.is_open = ~happened

    def ended(self, days):
        return norm.cdf(np.log(np.maximum(days, 1e-9) / self.median) / SIGMA)

    def chance(self, rows):
        """What is true of an event in the days ahead."""
        begun, later = (self.ended(self.age[rows] + 0.5 + ahead) for ahead in (0, AHEAD))
        share = SHARES[self.rank[rows]]
        return share * (later - begun) / (1 - share * begun)

    def rows(self, named):
        return named.prospect.str[1:].astype(int).to_numpy()


@pytest.fixture(scope="module")
def year() -> World:
    return World(1, max_age=365, median=45.0)


def test_nobody_is_listed_where_the_hazard_never_falls():
    world = World(1, max_age=200, median=None)
    table = world.fit.chasing()
    assert not table.plateau.any()
    assert (table.n_chased == 0).all()
    assert world.fit.chasing(world.judgments).empty
    assert table.expected_events.isna().all()
    old = world.is_open & (world.age + AHEAD > np.tile(table.followed_days[:3], 1)[world.rank])
    assert table.n_unknown[:3].sum() == old.sum() > 1000  # of whom nothing is known, and nobody is told


def test_nobody_is_listed_in_a_lull_before_later_events():
    # 15 % become events early, 25 % between days 400 and 460: from day 60 to day 300 the next 90 days hold none
    rng = np.random.default_rng(0)
    time = np.select(
        [(draw := rng.random(3000)) < 0.15, draw < 0.4],
        [rng.exponential(30, 3000), rng.uniform(400, 460, 3000)],
        np.inf,
    )
    age = rng.integers(0, 721, 3000)
    event = np.floor(time)
    days, ending = np.minimum(event, age).astype(int), np.where(event <= age, EVENT, OPEN)
    judgments = judgments_of(days, ending, age_days=age, scale=scale_of("A", within_days=AHEAD), exits=False)
    fit = LeadTimeModel().fit(judgments, seed=1, engine="laplace", draws=400, progress=False)
    named = fit.chasing(judgments)
    rows = named.prospect.str[1:].astype(int).to_numpy()
    assert len(rows) > 200  # after the late events there is hardly a chance left
    assert named.age_days.min() > 400
    assert np.isfinite(time[rows]).mean() < 0.05
    assert ((named.chance_to_come >= named.chance_within_90_days) & (named.chance_to_come < 0.1)).all()


def test_the_listed_have_the_chance_that_is_stated(year):
    named = year.fit.chasing(year.judgments)
    rows = year.rows(named)
    assert len(rows) > 300
    assert year.is_open[rows].all()
    stated = named.chance_within_90_days
    assert stated.mean() == pytest.approx(year.chance(rows).mean(), abs=0.02)
    assert stated.mean() == pytest.approx((year.event[rows] <= year.age[rows] + AHEAD).mean(), abs=0.02)
    assert (year.chance(rows) < 0.03).sum() > 100
    assert (named.chance_within_90_days_lower > 0).all()
    assert (named.chance_within_90_days_upper < named.fresh_chance_within_90_days).all()
    fresh = SHARES[year.rank[rows]] * year.ended(AHEAD + 0.5)
    np.testing.assert_allclose(named.fresh_chance_within_90_days, fresh, atol=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_on_a_fast_plateau_the_old_are_listed(seed):
    # by day 75 all but 5 % of the events have come: most of those older are listed, the oldest 90 days unknown
    world = World(seed, max_age=730, median=20.0)
    rows = world.rows(world.fit.chasing(world.judgments))
    old = np.flatnonzero(world.is_open & (world.age > 20.0 * np.exp(SIGMA * norm.ppf(0.95))))
    assert np.isin(old, rows).mean() > 0.7
    assert world.chance(rows).mean() < 0.01


def test_counts_are_those_of_the_names(year):
    table = year.fit.chasing().set_index(["rep", "rank"])
    named = year.fit.chasing(year.judgments, unknown=True)
    listed, apart = named[named.note.isna()], named[named.note.notna()]
    assert named.note.isna().is_monotonic_decreasing  # of whom nothing is known stand last
    assert listed.age_days.is_monotonic_decreasing
    assert apart.note.str.startswith("unknown").all()
    assert apart.chance_within_90_days.isna().all()
    alone = year.fit.chasing(year.judgments).drop(columns="note")
    pd.testing.assert_frame_equal(listed.drop(columns="note").reset_index(drop=True), alone)
    for (rep, rank), row in table.drop("(all reps)").iterrows():
        mine, late = (part[(part.rep == rep) & (part["rank"] == rank)] for part in (listed, apart))
        assert (len(mine), len(late)) == (row.n_chased, row.n_unknown)
        assert (late.age_days + AHEAD > row.followed_days).all()
        if len(mine):
            assert mine.chance_within_90_days.sum() == pytest.approx(row.expected_events)
            assert row.expected_events_lower < row.expected_events < row.expected_events_upper
        else:
            assert np.isnan(row.expected_events_upper)
    everyone, reps = table.loc["(all reps)"], table.drop("(all reps)").groupby("rank")
    for name in ("n_open", "n_chased", "n_unknown"):
        assert everyone[name].tolist() == reps[name].sum().tolist()


def test_a_chance_is_read_from_the_draws(year):
    # the list reads linearly between some 60 days, incidence_draws at the very days
    named = year.fit.chasing(year.judgments).query("rep == 'r3' and rank == 'A'")
    row = named.iloc[len(named) // 2]
    event = year.fit.incidence_draws([row.age_days, row.age_days + AHEAD, AHEAD])[:, 3, 0]
    chance = (event[:, 1] - event[:, 0]) / (1 - event[:, 0])
    ends = ["chance_within_90_days", "chance_within_90_days_lower", "chance_within_90_days_upper"]
    expected = [chance.mean(), *np.quantile(chance, [0.05, 0.95])]
    np.testing.assert_allclose(row[ends].astype(float), expected, rtol=0.01)
    assert row.fresh_chance_within_90_days == pytest.approx(event[:, 2].mean(), rel=1e-3)
    assert ((chance < event[:, 2] / 2) & (chance < 0.1)).mean() >= 0.9
    last = year.fit.incidence_draws([row.age_days, year.fit.last_edge_days])[:, 3, 0]
    to_come = (last[:, 1] - last[:, 0]) / (1 - last[:, 0])
    assert row.chance_to_come == pytest.approx(to_come.mean(), rel=0.01)
    assert (to_come < 0.1).mean() >= 0.9
    younger = year.fit.incidence_draws([60, 150, AHEAD])[:, 3, 0]
    likely = (younger[:, 1] - younger[:, 0]) / (1 - younger[:, 0]) < np.minimum(younger[:, 2] / 2, 0.1)
    assert likely.mean() < 0.9
    assert named.age_days.min() > 60


def test_small_chunks_and_blocks_do_not_change_a_list(year, monkeypatch):
    from calibra.chapters.lead_times import chasing
    from calibra.reading import rep_chunks

    counts, names = year.fit.chasing(), year.fit.chasing(year.judgments)
    monkeypatch.setattr(rep_chunks, "CHUNK_ELEMENTS", 1)
    monkeypatch.setattr(chasing, "_BLOCK_ELEMENTS", 5000)
    pd.testing.assert_frame_equal(counts, replace(year.fit).chasing(), rtol=1e-12)
    pd.testing.assert_frame_equal(names, year.fit.chasing(year.judgments), rtol=1e-12)


def test_a_lower_worth_lists_fewer_and_other_days_ahead_are_named(year):
    usual, strict = year.fit.chasing(year.judgments), year.fit.chasing(year.judgments, worth_prob=0.01)
    assert 0 < len(strict) < len(usual)
    assert set(strict.prospect) < set(usual.prospect)
    longer = year.fit.chasing(year.judgments, within_days=120)
    assert (longer.chance_within_120_days > 0).all()
    assert "chance_within_90_days" not in longer
    assert 0 < longer.age_days.max() <= year.fit.chasing().followed_days.max() - 120


def test_ranks_without_a_promise_look_as_far_as_the_longest(year):
    days = dict.fromkeys("AB", 60) | {"C": 120}
    scale = RankScale(["A", "B", "C", "D"], {rank: Promise(0.2, within_days=within) for rank, within in days.items()})
    judgments = judgments_of([10, 20], [EVENT, OPEN], rank=np.array(["A", "D"]), scale=scale)
    fit = LeadTimeModel().fit(judgments, seed=1, engine="laplace", draws=100, progress=False)
    assert fit.chasing().within_days[:4].tolist() == [60, 60, 120, 120]
    bare = judgments_of([10, 20], [EVENT, OPEN], scale=RankScale(["A"]))
    fit = LeadTimeModel().fit(bare, seed=1, engine="laplace", draws=100, progress=False)
    assert fit.chasing().within_days.tolist() == [90, 90]


def test_a_newer_snapshot_with_a_new_rep_is_read_as_all_reps(year):
    days = np.array([250, 250, 400])
    newer = judgments_of(days, np.full(3, OPEN), rep=np.array(["r1", "Dan", "Dan"]), rank="A", scale=SCALE)
    named = year.fit.chasing(newer, unknown=True)
    assert named.rep.tolist() == ["r1", "Dan", "Dan"] or named.rep.tolist() == ["Dan", "r1", "Dan"]
    assert named.age_days.tolist() == [250, 250, 400]
    everyone = year.fit.update(250, AHEAD).iloc[0]
    dan = named[(named.rep == "Dan") & (named.age_days == 250)].iloc[0]
    assert dan.chance_within_90_days == pytest.approx(everyone.estimate, rel=0.01)
    assert named.note.notna().tolist() == [False, False, True]
    with pytest.raises(InputError, match=r"`judgments` must be of the scale of the fit \(A, B, C\); got A"):
        year.fit.chasing(judgments_of([140], [OPEN]))


def test_early_and_late_hazards_are_counted_by_hand():
    # rank A: 30 followed to day 100. Events on days 5 and 95; early days 0 to 10, late days 91 to 100
    days, ending = np.r_[5, 95, np.full(28, 100)], np.r_[EVENT, EVENT, np.full(28, OPEN)]
    fit = LeadTimeModel(interval_edges_days=(50, 100)).fit(
        judgments_of(days, ending, exits=False, scale=scale_of("A", within_days=10)),
        seed=1, engine="laplace", draws=100, progress=False,
    )  # fmt: skip
    late = late_days(fit, np.array([10]))
    assert (late.followed_days[0], late.late_from_days[0], late.n_late[0]) == (100, 90, 29)
    assert late.early[0] == pytest.approx(1 / (5 + 29 * 10.5))
    # exact Poisson, one event: the upper end of a 90 % interval is 4.7439 (Garwood 1936)
    assert late.late_upper[0] == pytest.approx(4.7439 / (4.5 + 28 * 10), rel=1e-4)
    assert not late.plateau[0]


def test_who_came_under_observation_late_counts_from_then_on_in_late_hazards():
    # as above, and five of the open came under observation on day 95: they were not followed into the late days
    days, ending = np.r_[5, 95, np.full(28, 100)], np.r_[EVENT, EVENT, np.full(28, OPEN)]
    entered = pd.Series([pd.NaT] * 25 + [AS_OF - pd.Timedelta(days=5)] * 5)
    judgments = judgments_of(
        days, ending, exits=False, scale=scale_of("A", within_days=10), entered_at=entered.to_numpy()
    )
    fit = LeadTimeModel(interval_edges_days=(50, 100)).fit(
        judgments, seed=1, engine="laplace", draws=100, progress=False
    )
    late = late_days(fit, np.array([10]))
    assert (late.followed_days[0], late.late_from_days[0], late.n_late[0]) == (100, 90, 24)
    assert late.early[0] == pytest.approx(1 / (5 + 24 * 10.5))
    assert late.late_upper[0] == pytest.approx(4.7439 / (4.5 + 23 * 10 + 5 * 5.5), rel=1e-4)


def test_judged_at_and_ages_are_those_of_the_rows(year):
    named = year.fit.chasing(year.judgments)
    assert ((AS_OF - named.judged_at).dt.days == named.age_days).all()
    assert (named.within_days == AHEAD).all()
