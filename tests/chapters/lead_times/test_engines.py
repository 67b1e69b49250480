"""The lead-time model by both engines, and its intervals in worlds drawn from its priors."""

import numpy as np
import pandas as pd
import pytest

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.checks.recovery.sbc import fit_world
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from studies.lead_time_coverage import study_coverage
from studies.trust_pieces import SMALL
from tests.chapters.lead_times.worlds import competing, judgments_of, scale_of


def effective(draws: np.ndarray) -> float:
    """Effective number of draws of one quantity, from the lags while their autocorrelation is positive."""
    centred = draws - draws.mean()
    power = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    correlation = np.fft.irfft(power)[: len(draws)]
    correlation /= correlation[0]
    negative = np.flatnonzero(correlation < 0)
    first = negative[0] if negative.size else len(draws)
    return len(draws) / max(1.0, 2.0 * correlation[:first].sum() - 1.0)


@pytest.mark.slow
@pytest.mark.nuts
def test_engines_agree_on_incidences_and_tempo():
    days, ending = competing(600, seed=1, event_days=60.0, exit_days=np.inf)
    rep, rank = np.repeat(["Abe", "Bo", "Cy", "Di"], 150), np.array(["A", "B"])[np.arange(600) % 2]
    judgments = judgments_of(days, ending, rep=rep, rank=rank, scale=scale_of("A", "B"), exits=False)
    model = LeadTimeModel(interval_edges_days=(20, 60, 120))
    laplace, nuts = (
        model.fit(judgments, seed=1, engine=engine, draws=3000, progress=False) for engine in ("laplace", "nuts")
    )
    n_laplace = min(3000.0, laplace.diagnostics.effective_sample)
    pairs = [(fit.incidence_draws([20, 60, 120]).reshape(3000, -1)) for fit in (laplace, nuts)]
    pairs = [
        np.concatenate([part, fit.posteriors["event"]["tempo"]], axis=1)
        for part, fit in zip(pairs, (laplace, nuts), strict=True)
    ]
    for ours, theirs in zip(pairs[0].T, pairs[1].T, strict=True):
        sd, n = theirs.std(), 1 / (1 / n_laplace + 1 / effective(theirs))
        assert abs(ours.mean() - theirs.mean()) <= (0.1 + 3 / np.sqrt(n)) * sd
        kurtosis = np.mean(((ours - ours.mean()) / ours.std()) ** 4)  # the heavier the tails, the noisier a sample's sd
        assert abs(np.log(ours.std() / sd)) <= 0.05 + 3 * np.sqrt((kurtosis - 1) / (4 * n))


@pytest.mark.slow
def test_intervals_hold_the_truth_and_only_where_late_entry_is_told():
    complete = study_coverage(n_worlds=6, seed=5, late=False, told=False, draws=300)
    handled, ignored = (study_coverage(n_worlds=16, seed=6, late=True, told=told, draws=300) for told in (True, False))
    assert 0.78 < complete.coverage < 0.98
    assert 0.78 < handled.coverage < 0.98
    assert ignored.bias < -2.0
    assert abs(handled.bias) < 2.0
    assert ignored.coverage < handled.coverage  # of the same worlds; each rep's interval is wide
    assert ignored.all_reps < handled.all_reps - 0.1


@pytest.mark.slow
def test_crm_deals_are_the_published_incidences_and_no_agent_is_called_slow(shared_data):
    frame = pd.read_csv(shared_data / "maven_crm" / "judgements.csv").dropna(subset="opportunity_at")
    frame["rank"] = "all"
    columns = {"prospect": "prospect_id", "rep": "rep", "rank": "rank", "judged_at": "opportunity_at",
               "event_at": "won_at", "exit_at": "disqualified_at"}  # fmt: skip
    scale = RankScale(["all"], {"all": Promise(0.4, within_days=90)})
    judgments = Judgments.from_frame(frame, scale=scale, as_of="2017-12-31", columns=columns)
    fit = LeadTimeModel().fit(judgments, seed=1, engine="laplace", draws=500, progress=False)
    published = {"event": [0.2190, 0.2647, 0.3970, 0.5194], "exit": [0.1622, 0.1855, 0.2521, 0.3017]}  # ACCEPTANCE A8
    for cause, shares in published.items():
        found = fit.cumulative_incidence([30, 60, 90, 138], by=(), cause=cause)
        np.testing.assert_allclose(found.estimate, shares, atol=0.02)
    tempo = fit.tempo()
    assert not tempo.finding.str.contains("than all reps").any()
    age = (pd.Timestamp("2017-12-31") - pd.to_datetime(frame.opportunity_at)).dt.days
    stale = frame.prospect_id[frame.closed_at.isna() & (age > 138)]
    assert len(stale) == 1291
    named = fit.chasing(judgments, unknown=True)
    assert set(stale) <= set(named.prospect)
    assert named.note.notna().sum() == 251  # followed for 388 days: older than 298, their next 90 are unknown
    assert named.note.isna().sum() == pytest.approx(1106, abs=20)
    assert named.chance_within_90_days.mean() < 0.01


@pytest.mark.parametrize("world", [19, 27, 42, 71, 79, 84, 130, 171, 196])
def test_hazards_of_few_events_on_little_exposure_are_found(world):
    found = LeadTimeModel().draw_world(SMALL, np.random.default_rng([1, world]))
    for posterior in fit_world(found, seed=1, sampler=None).values():
        assert posterior.diagnostics.problems == ()
