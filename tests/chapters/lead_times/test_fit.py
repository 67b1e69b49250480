"""How the lead-time model's posterior is read: tables against draws, who is slow."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibra.chapters.lead_times.draws import mix_weights
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.lead_times.tables import tempo
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_rows import count_open, open_judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError, NotEnoughDataError
from tests.chapters.lead_times.worlds import AS_OF, EVENT, OPEN, competing, judgments_of

EDGES = (20, 45, 90, 150)
REPS = ("Abe", "Bo", "Cy")


@pytest.fixture(scope="module")
def judgments() -> Judgments:
    """Three reps, two ranks, events sooner in the better rank; Cy's events come three times as late as the others'."""
    parts = []
    for i, rep in enumerate(REPS):
        for k, rank in enumerate("AB"):
            slower = 3.0 if rep == "Cy" else 1.0
            days, ending = competing(250, seed=10 * i + k, event_days=slower * (35.0 + 40.0 * k), exit_days=250.0)
            parts.append((days, ending, np.full(250, rep), np.full(250, rank)))
    days, ending, rep, rank = (np.concatenate(column) for column in zip(*parts, strict=True))
    scale = RankScale(["A", "B"], {"A": Promise(0.6, within_days=45), "B": Promise(0.5, within_days=400)})
    return judgments_of(days, ending, rep=rep, rank=rank, scale=scale)


@pytest.fixture(scope="module")
def fit(judgments):
    model = LeadTimeModel(interval_edges_days=EDGES)
    return model.fit(judgments, seed=1, engine="laplace", draws=500, progress=False)


def test_tables_are_the_summaries_of_the_draws(fit):
    draws = fit.incidence_draws([45, 90])
    table = fit.cumulative_incidence([45, 90])
    cy = table[(table.rep == "Cy") & (table["rank"] == "B") & (table.days == 90)].iloc[0]
    assert cy.estimate == pytest.approx(draws[:, 2, 1, 1].mean())
    assert (cy.lower, cy.upper) == pytest.approx(tuple(np.quantile(draws[:, 2, 1, 1], [0.05, 0.95])))
    assert len(table) == 4 * 2 * 2
    assert table.rep.iloc[0] == "(all reps)"


def test_all_reps_are_the_count_weighted_mean_per_draw(fit):
    draws, n = fit.incidence_draws([90])[..., 0], fit.n
    by_rank = fit.cumulative_incidence([90], by=("rank",))
    np.testing.assert_allclose(by_rank.estimate, (draws * n / n.sum(axis=0)).sum(axis=1).mean(axis=0))
    everything = fit.cumulative_incidence([90], by=())
    assert everything.lower[0] == pytest.approx(np.quantile((draws * n / n.sum()).sum(axis=(1, 2)), 0.05))
    by_rep = fit.cumulative_incidence([90], by=("rep",))
    np.testing.assert_allclose(by_rep.estimate[1:], (draws * n / n.sum(axis=1, keepdims=True)).sum(axis=2).mean(axis=0))


def test_counts_beside_the_shares_are_those_of_the_rows(fit, judgments):
    table = fit.probability_within(45)
    counts = judgments.duration_counts()
    mine = (counts.rep == 0) & (counts.rank == 1)
    row = table[(table.rep == "Abe") & (table["rank"] == "B")].iloc[0]
    assert row.n == counts.n[mine].sum() == 250
    assert row.events == counts.n[mine & (counts.ending == EVENT) & (counts.days <= 45)].sum()
    assert row.n_followed == counts.n[mine & (counts.days >= 45)].sum()
    assert table.n[:2].tolist() == [750, 750]


@pytest.mark.parametrize("name", ["lead_times", "tempo", "chasing", "never"])
def test_chunks_of_reps_do_not_change_a_table(fit, name, monkeypatch):
    from calibra.reading import rep_chunks

    fresh = replace(fit)  # has read no table yet
    before = getattr(fit, name)()
    monkeypatch.setattr(rep_chunks, "CHUNK_ELEMENTS", 1)
    pd.testing.assert_frame_equal(before, getattr(fresh, name)(), rtol=1e-12)


@pytest.mark.parametrize("name", ["lead_times", "tempo", "chasing", "never"])
def test_a_table_is_the_callers_own(fit, name):
    before, changed = getattr(fit, name)(), getattr(fit, name)()
    changed["n"] = 0
    pd.testing.assert_frame_equal(before, getattr(fit, name)())


def test_update_is_what_is_left_among_those_still_open(fit):
    event, exit_ = (fit.incidence_draws([30, 90], cause=cause) for cause in ("event", "exit"))
    expected = (event[..., 1] - event[..., 0]) / (1 - event[..., 0] - exit_[..., 0])
    table = fit.update(30, 60)
    np.testing.assert_allclose(table.estimate[2:], expected.mean(axis=0).ravel())
    with pytest.raises(NotEnoughDataError, match=r"within 200 days"):
        fit.update(140, 60)
    with pytest.raises(InputError, match=r"`age_days` must be a whole number of days, 0 or more; got -1"):
        fit.update(-1, 60)


def test_nothing_is_extrapolated(fit):
    with pytest.raises(NotEnoughDataError, match=r"within 151 days is past the last edge of this fit, 150 days"):
        fit.cumulative_incidence([30, 151])


@pytest.mark.parametrize(("call", "message"), [
    (lambda fit: fit.cumulative_incidence([-1]), r"`days` must be whole days of 0 or more"),
    (lambda fit: fit.cumulative_incidence([]), r"`days` must be whole days"),
    (lambda fit: fit.cumulative_incidence([1.5]), r"`days` must be whole days"),
    (lambda fit: fit.cumulative_incidence([30], by=("team",)), r"`by` must hold 'rep', 'rank', both or none"),
    (lambda fit: fit.cumulative_incidence([30], cause="won"), r"`cause` must be one of event, exit; got 'won'"),
    (lambda fit: fit.chasing(within_days=0), r"`within_days` must be"),
    (lambda fit: fit.chasing(worth_prob=0), r"`worth_prob` must lie above 0 and be at most 1; got 0"),
    (lambda fit: fit.tempo(margin_ratio=1.0), r"`margin_ratio` must be a number above 1; got 1.0"),
])  # fmt: skip
def test_questions_that_cannot_be_meant_are_refused(fit, call, message):
    with pytest.raises(InputError, match=message):
        call(fit)


def test_lead_times_of_exponential_clocks(fit):
    # Abe's As end at 1/35 + 1/250 a day; among events by day 150.5 the clock is that of all ends
    rate = 1 / 35 + 1 / 250
    median = -np.log(1 - 0.5 * (1 - np.exp(-150.5 * rate))) / rate
    table = fit.lead_times(interval_prob=0.99)
    abe = table[(table.rep == "Abe") & (table["rank"] == "A")].iloc[0]
    assert abe.median_days_lower < median < abe.median_days_upper
    assert abe.restricted_mean_days_lower < (1 - np.exp(-150.5 * rate)) / rate < abe.restricted_mean_days_upper
    assert abe.open_past_promise_lower < np.exp(-45.5 * rate) < abe.open_past_promise_upper
    share = fit.incidence_draws([45])[:, 0, 0, 0] / fit.incidence_draws([150])[:, 0, 0, 0]
    assert abe.share_inside_promise == pytest.approx(share.mean())


def test_each_rank_is_read_at_its_own_promise(fit):
    table = fit.lead_times().head(2)
    assert table.promise_days.tolist() == [45, 400]
    assert table.promise_answer[0] == "known"
    assert table.promise_answer[1].startswith("not yet: 202")
    assert np.isfinite(table.share_inside_promise[0])
    assert np.isnan(table.share_inside_promise[1])


def test_the_slow_rep_is_found_and_the_others_are_not_called_slow(fit):
    table = fit.tempo().set_index("rep")
    assert table.finding["Cy"] == "slower than all reps"
    assert (table.finding[["Abe", "Bo"]] != "slower than all reps").all()
    assert (table.prob_slower + table.prob_faster + table.prob_within <= 1.0 + 1e-12).all()  # the readings may differ


def test_a_rep_of_few_events_gets_no_finding_however_likely_the_others_make_it(fit):
    table = tempo(fit, margin_ratio=6.0, interval_prob=0.9, min_events=10_000)
    assert (table.prob_within > 0.99).all()
    assert (table.finding == "cannot tell yet").all()
    assert (tempo(fit, margin_ratio=6.0, interval_prob=0.9).finding == "in line").all()


def test_nearly_all_events_have_come_by_the_day_that_says_so(fit):
    limit = fit.lead_times().set_index(["rep", "rank"]).nearly_all_days[("Abe", "A")]
    at_limit, at_end = fit.incidence_draws([round(limit - 0.5), 150])[:, 0, 0].mean(axis=0)
    assert at_limit / at_end == pytest.approx(0.95, abs=0.01)


def test_judgments_lost_from_sight_are_not_chased():
    days, ending = competing(60, seed=3)
    age = np.full(60, 200)
    lost = [
        AS_OF - pd.Timedelta(days=int(200 - d)) if e == OPEN and d % 2 else None
        for d, e in zip(days, ending, strict=True)
    ]
    judgments = judgments_of(days, ending, age_days=age, censored_at=lost)
    still = (ending == OPEN) & (days % 2 == 0)
    assert len(open_judgments(judgments).prospect) == still.sum()
    counts = count_open(judgments)
    assert counts.n.sum() == still.sum()
    assert set(counts.age_days) <= {200}


def test_a_fit_gives_back_what_was_seen(fit):
    calibration = fit.check()
    rank = calibration.table.query("grouping == 'rank' and cause == 'event'")
    np.testing.assert_allclose(rank.ratio, 1.0, atol=0.05)
    assert (calibration.horizons_table.query("within_days == 45").ratio - 1).abs().max() < 0.1
    assert set(calibration.horizons_table.within_days) == {45}
    tests = calibration.tests_table
    assert (tests.df <= tests.n_cells).all()
    assert tests.p_value.dropna().min() > 0.001


def test_a_fit_of_other_counts_is_caught(fit):
    exposure = fit.cells.exposure
    events = exposure.events.copy()
    events[0, 0, 1] += 60
    wrong = replace(fit, cells=replace(fit.cells, exposure=replace(exposure, events=events)))
    tests = wrong.check().tests_table.set_index(["cause", "grouping"])
    assert tests.p_value[("event", "rep × interval")] < 1e-4
    assert tests.p_value[("exit", "rep × interval")] > 1e-3


def test_expected_events_are_hazard_times_person_days(fit):
    cells = fit.check().table.query("grouping == 'rep × rank' and cause == 'exit'").reset_index()
    hazard = np.exp(fit.draws.log_hazards("exit"))
    by_hand = (hazard * fit.cells.exposure.exposure_days).sum(axis=3).mean(axis=0)
    np.testing.assert_allclose(cells.expected, by_hand.ravel())


def test_weights_over_groups_fall_back_to_wider_mixes():
    n = np.array([[[3, 1], [0, 0]], [[0, 0], [0, 0]]])
    weights = mix_weights(n)
    np.testing.assert_allclose(weights[0, 0], [0.75, 0.25])
    np.testing.assert_allclose(weights.sum(axis=2), 1.0)
    np.testing.assert_allclose(weights[1, 1], [0.75, 0.25])


def test_the_summary_says_the_diagnostics_first(fit):
    text = fit.summary()
    assert text.startswith("Lead-time model: 1,500 judgments of 3 reps")
    assert text.index("Diagnostics") < text.index("Lead times, all reps")
    assert "event: laplace (as asked)" in text
    assert "not identified yet" in text


def test_diagnostics_speak_for_both_endings(fit):
    assert fit.diagnostics.engine == "laplace"
    assert fit.diagnostics.ok
    doubtful = replace(fit.posteriors["exit"].diagnostics, outer_pareto_k=0.9)
    posterior = replace(fit.posteriors["exit"], diagnostics=doubtful)
    found = replace(fit, posteriors={**fit.posteriors, "exit": posterior}).diagnostics
    assert found.problems == ("exit: Pareto k 0.90 (0.7 at most)",)
