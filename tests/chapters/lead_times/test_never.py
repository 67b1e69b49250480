"""What share can hardly become an event any more: only on a plateau, and never more than is known."""

import numpy as np
import pytest

from calibra.chapters.lead_times.model import LeadTimeModel
from tests.chapters.lead_times.worlds import EVENT, OPEN, competing, judgments_of

FOLLOWED = 1095
MODEL = LeadTimeModel()


def followed(times, *, seed, n=4000):
    """Prospects of four reps, all followed for three years, events after these days (inf: never)."""
    event = np.floor(np.random.default_rng([seed, 9]).random(n) + times)
    happened = event <= FOLLOWED
    judgments = judgments_of(
        np.where(happened, event, FOLLOWED).astype(int), np.where(happened, EVENT, OPEN), age_days=FOLLOWED,
        rep=np.char.add("r", (np.arange(n) % 4).astype(str)), exits=False,
    )  # fmt: skip
    fit = MODEL.fit(judgments, seed=1, engine="laplace", draws=300, progress=False)
    return fit.never().iloc[-1], 1.0 - happened.mean()


def lognormal(rng, median, n=4000):
    return median * np.exp(0.8 * rng.standard_normal(n))


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_nothing_is_said_while_events_go_on_coming(seed):
    row, _ = followed(np.random.default_rng(seed).exponential(365.0, 4000), seed=seed)
    assert row.verdict == f"not identified yet: followed for {FOLLOWED} days"
    assert np.isnan([row.estimate, row.lower, row.upper]).all()


def test_a_plateau_is_found_and_holds_the_share_that_never_comes():
    rng = np.random.default_rng(4)
    never_comes = rng.random(4000) < 0.6
    row, not_by_then = followed(np.where(never_comes, np.inf, lognormal(rng, 20.0)), seed=4)
    assert (row.verdict, row.by_days) == ("plateau", FOLLOWED)
    assert row.estimate == pytest.approx(not_by_then, abs=0.01)
    assert row.lower < never_comes.mean() < row.upper
    assert row.lower > 0.56
    assert row.tail_share_upper < 0.01


def test_the_lower_end_allows_for_what_as_many_days_again_might_bring():
    # 160 of 400 have their event on days 5 to 35; of the 240 open none has one in the last 548 days
    days, ending = np.r_[np.arange(160) % 31 + 5, np.full(240, FOLLOWED)], np.repeat([EVENT, OPEN], [160, 240])
    fit = MODEL.fit(
        judgments_of(days, ending, age_days=FOLLOWED, exits=False), seed=1, engine="laplace", draws=300, progress=False
    )
    row, came = fit.never().iloc[-1], fit.incidence_draws([FOLLOWED], cause="event")[:, 0, 0, 0]
    # exact Poisson, no event: the upper end of a 90 % interval is 2.9957 (Garwood 1936), on 240 × 547.5 person-days
    later = (1.0 - came) * (1.0 - np.exp(-2.9957 / (240 * (FOLLOWED // 2 + 0.5)) * FOLLOWED))
    assert row.verdict == "plateau"
    assert row.lower == pytest.approx(np.quantile(1.0 - came - later, 0.05), abs=1e-3)
    assert later.mean() > 0.01


@pytest.mark.parametrize("seed", [5, pytest.param(6, marks=pytest.mark.slow)])
def test_slow_events_are_not_called_absent(seed):
    # .60 become events, a fifth of them slow: three years show about .53 of them
    rng = np.random.default_rng(seed)
    times = np.where(rng.random(4000) < 0.2, lognormal(rng, 1500.0), lognormal(rng, 45.0))
    row, not_by_then = followed(np.where(rng.random(4000) < 0.6, times, np.inf), seed=seed)
    assert not_by_then > 0.44
    assert not row.lower > 0.40


def test_thin_follow_up_shows_no_plateau():
    days, ending = competing(1500, seed=5, event_days=300.0, exit_days=np.inf)
    fit = LeadTimeModel(interval_edges_days=(20, 60, 150)).fit(
        judgments_of(days, ending, exits=False), seed=1, engine="laplace", draws=300, progress=False
    )
    assert fit.never().verdict.iloc[-1] == "not identified yet: followed for 150 days"
    few = judgments_of([5] * 10 + [300] * 15, [EVENT] * 10 + [OPEN] * 15)
    fit = MODEL.fit(few, seed=1, engine="laplace", draws=100, progress=False)
    assert fit.never().estimate.isna().all()
