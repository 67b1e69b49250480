"""The lead-time model: what it reduces to, what it is given, and what it refuses."""

from datetime import date

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from calibra.chapters.lead_times.cells import default_edges
from calibra.chapters.lead_times.model import LeadTimeModel, LeadTimePriors, step_widths
from calibra.chapters.ranks.model import RankModel
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.data.simulation.simulate import simulate_judgments
from calibra.errors import InputError, NotEnoughDataError
from calibra.inference.declare.priors import HalfNormal, Normal
from tests.chapters.lead_times.worlds import AS_OF, EVENT, EXIT, OPEN, competing, judgments_of, scale_of

WEAK = LeadTimePriors(
    first_hazard=Normal(-6, 5), step=HalfNormal(2), rank=Normal(0, 5), rank_tempo=Normal(0, 2), level=HalfNormal(0.01),
    slope=HalfNormal(0.01), residual=HalfNormal(0.01), tempo=HalfNormal(0.01),
)  # fmt: skip
EDGES = (15, 30, 60, 100, 150)


def fit_of(judgments, *, edges=EDGES, seed=1, **settings):
    model = LeadTimeModel(interval_edges_days=edges, **settings)
    return model.fit(judgments, seed=seed, engine="laplace", draws=400, progress=False)


def test_one_rep_without_exits_agrees_with_kaplan_meier_at_the_edges():
    days, ending = competing(2000, seed=1, exit_days=np.inf)
    rank = np.array(["A", "B", "C"])[np.arange(2000) % 3]
    fit = fit_of(judgments_of(days, ending, rank=rank, exits=False), priors=WEAK)
    reference = SurvfuncRight(days, ending == EVENT)
    step = np.searchsorted(reference.surv_times, EDGES, side="right") - 1
    found = fit.cumulative_incidence(EDGES, by=())
    np.testing.assert_allclose(found.estimate, 1.0 - reference.surv_prob[step], atol=0.02)


def test_with_exits_it_agrees_with_aalen_johansen_and_kaplan_meier_overstates():
    days, ending = competing(2000, seed=2)
    fit = fit_of(judgments_of(days, ending), priors=WEAK)
    reference = CumIncidenceRight(days, np.where(ending == OPEN, 0, ending))
    step = np.searchsorted(reference.times, EDGES, side="right") - 1
    for cause, theirs in zip(("event", "exit"), reference.cinc, strict=True):
        found = fit.cumulative_incidence(EDGES, by=(), cause=cause)
        np.testing.assert_allclose(found.estimate, theirs[step], atol=0.02)
    censored = SurvfuncRight(days, ending == EVENT)
    at_last = censored.surv_prob[np.searchsorted(censored.surv_times, EDGES[-1], side="right") - 1]
    assert 1.0 - at_last > fit.cumulative_incidence([EDGES[-1]], by=()).upper[0] + 0.1


@pytest.mark.slow
def test_all_reps_agree_with_the_rank_model_on_a_fully_mature_world():
    world = simulate_judgments(n_reps=5, n_prospects=8000, seed=3, min_age_days=200)
    judgments = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    ranks = RankModel().fit(judgments, seed=1, engine="laplace", progress=False).all_reps_draws().mean(axis=0)
    fit = fit_of(judgments, edges=(30, 60, 90, 180))
    np.testing.assert_allclose(fit.probability_within(90).estimate[:5], ranks, atol=0.02)


def test_late_entry_enters_the_exposure_and_ignoring_it_understates():
    rng = np.random.default_rng(4)
    clock, truth = rng.random(6000), 1 - np.exp(-60 / 80)
    days, age = np.floor(clock + rng.exponential(80.0, 6000)).astype(int), rng.integers(1, 200, 6000)
    kept = (age <= 50) | (days > age - 50)
    days, age = days[kept], age[kept]
    ended = np.where(days <= age, EVENT, OPEN)
    entered = AS_OF - np.timedelta64(50, "D")
    late = {"entered_at": [entered if old > 50 else None for old in age]}
    followed = np.minimum(days, age)
    rep = np.array(["Abe", "Bo", "Cy", "Di"])[np.arange(days.size) % 4]
    told = judgments_of(followed, ended, rep=rep, age_days=age, exits=False, **late)
    untold = judgments_of(followed, ended, rep=rep, age_days=age, exits=False)
    fits = [fit_of(judgments, edges=(20, 40, 60)) for judgments in (told, untold)]
    right, wrong = (fit.cumulative_incidence([60], by=()) for fit in fits)
    assert right.lower[0] <= truth <= right.upper[0]
    assert wrong.upper[0] < truth - 0.05


# what may be missing --------------------------------------------------------------------------------------------------


def test_without_exits_there_is_one_posterior_and_no_share_of_exits():
    days, ending = competing(200, seed=5, exit_days=np.inf)
    fit = fit_of(judgments_of(days, ending, exits=False), edges=(30, 90))
    assert list(fit.posteriors) == ["event"]
    assert (fit.cumulative_incidence([90], cause="exit", by=()).estimate == 0).all()
    none_exited = fit_of(judgments_of(days, ending, exits=True), edges=(30, 90))
    np.testing.assert_array_equal(none_exited.incidence_draws([90]), fit.incidence_draws([90]))


def test_a_rank_without_events_is_read_low_and_uncertain():
    days, ending = competing(300, seed=6)
    rank = np.array(["A", "B"])[np.arange(300) % 2]
    ending = np.where((rank == "B") & (ending == EVENT), OPEN, ending)
    table = fit_of(judgments_of(days, ending, rank=rank), edges=(30, 90)).probability_within(90)
    a, b = (table[table["rank"] == label].iloc[0] for label in ("A", "B"))
    assert b.events == 0
    assert 0 < b.lower < b.estimate < b.upper < a.lower


def test_no_events_at_all_is_a_valid_fit():
    days, _ = competing(100, seed=7)
    table = fit_of(judgments_of(days, np.full(100, OPEN)), edges=(30, 60)).probability_within(60)
    assert (table.events == 0).all()
    assert (table.upper < 0.1).all()


def same_day(n: int):
    """So many events on the day of the judgment, beside 200 judgments of an exponential clock."""
    days, ending = competing(200, seed=17, exit_days=np.inf)
    return np.r_[np.zeros(n, dtype=int), days], np.r_[np.full(n, EVENT), ending]


def test_events_on_the_day_of_the_judgment_fall_in_the_first_interval():
    days, ending = same_day(40)
    fit = fit_of(judgments_of(days, ending, exits=False), edges=(5, 60, 100))
    on_day_0 = int(((days == 0) & (ending == EVENT)).sum())
    assert fit.cells.exposure.events[0, 0, 0] == int(((days <= 5) & (ending == EVENT)).sum()) >= on_day_0
    assert fit.cumulative_incidence([5], by=()).lower[0] < ((days <= 5) & (ending == EVENT)).mean()
    assert fit.cumulative_incidence([5], by=()).upper[0] > 40 / 240


def test_where_many_events_come_on_that_day_it_is_an_interval_of_its_own():
    days, ending = same_day(100)
    fit = fit_of(judgments_of(days, ending, exits=False), edges=None)
    assert fit.cells.exposure.edges_days[0] == 0
    assert fit.cells.exposure.events[0, 0, 0] == int(((days == 0) & (ending == EVENT)).sum()) == 102
    found = fit.cumulative_incidence([0, 5], by=())
    for i, until in enumerate((0, 5)):
        assert found.lower[i] < ((days <= until) & (ending == EVENT)).mean() < found.upper[i]


def test_edges_without_that_day_spread_its_events_over_the_days_after():
    # a limit of a constant hazard within an interval (docs/theory/lead_time.md): a third of the events on day 0
    days, ending = same_day(100)
    fit = fit_of(judgments_of(days, ending, exits=False), edges=(5, 60, 100))
    assert fit.cumulative_incidence([0], by=()).upper[0] < 0.1 < 0.3 < ((days == 0) & (ending == EVENT)).mean()


def test_one_interval_has_no_tempo_and_works():
    days, ending = competing(300, seed=8)
    fit = fit_of(judgments_of(days, ending), edges=(90,))
    assert set(fit.posteriors["event"].draws) == {"baseline", "level", "level_scale"}
    assert 0 < fit.probability_within(90).estimate[0] < 1
    assert set(fit.tempo().finding) == {"cannot tell yet"}


def test_everybody_last_seen_on_the_day_of_the_judgment_is_not_enough():
    with pytest.raises(NotEnoughDataError, match=r"All 3 judgments ended or were last seen on the day they were made"):
        LeadTimeModel().fit(judgments_of([0, 0, 0], [OPEN, OPEN, EVENT]), seed=1)


def test_a_promise_past_the_follow_up_is_answered_with_the_day_it_can_be():
    days, ending = competing(300, seed=9, follow_days=80)
    judgments = judgments_of(days, ending, scale=scale_of("A", within_days=120))
    fit = fit_of(judgments, edges=None)
    longest, longest_open = int(days.max()), int(days[ending == OPEN].max())
    when = date(2026, 9, 30).toordinal() + 120 - longest_open
    row = fit.lead_times().iloc[0]
    assert row.promise_answer == f"not yet: {date.fromordinal(when)} at the earliest"
    assert np.isnan(row.share_inside_promise)
    with pytest.raises(
        NotEnoughDataError, match=f"within 120 days is not known yet: the longest follow-up is {longest} days"
    ):
        fit.probability_within(120)


def test_edges_past_the_follow_up_are_refused():
    days, ending = competing(100, seed=9, follow_days=80)
    with pytest.raises(NotEnoughDataError, match=r"`interval_edges_days` up to 300 days is not known yet"):
        LeadTimeModel(interval_edges_days=(30, 300)).fit(judgments_of(days, ending), seed=1)


@pytest.mark.parametrize(("settings", "message"), [
    ({"interval_edges_days": (30, 30)}, r"`edges_days` must increase from edge to edge; got \[30, 30\]"),
    ({"interval_edges_days": (60, 30)}, r"`edges_days` must increase"),
    ({"interval_edges_days": (-1, 30)}, r"`edges_days` must be days from 0 on; got \[-1, 30\]"),
    ({"interval_edges_days": (0,)}, r"`edges_days\[-1\]` must be a whole number of days, at least 1; got 0"),
    ({"adjust_for": "segment"}, r"`adjust_for` must be a tuple of column roles; got the text 'segment'"),
])  # fmt: skip
def test_choices_that_cannot_be_meant_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        LeadTimeModel(**settings)


def test_an_unknown_case_mix_column_and_ready_made_counts_are_refused():
    days, ending = competing(50, seed=10)
    with pytest.raises(InputError, match=r"'segment' is not"):
        LeadTimeModel(adjust_for=("segment",)).fit(judgments_of(days, ending), seed=1)
    import pandas as pd

    ready = Judgments.from_counts(
        pd.DataFrame({"rep": ["Abe"], "rank": ["A"], "n": [9], "events": [3]}), scale=scale_of("A")
    )
    with pytest.raises(InputError, match=r"needs rows; these judgments are ready-made counts"):
        LeadTimeModel().fit(ready, seed=1)


# choices of its own ---------------------------------------------------------------------------------------------------


def test_default_edges_hold_every_promise_the_follow_up_reaches():
    days, ending = competing(3000, seed=11)
    scale = RankScale(["A", "B"], {"A": Promise(0.5, within_days=61), "B": Promise(0.3, within_days=400)})
    counts = judgments_of(days, ending, scale=scale).duration_counts()
    edges = default_edges(counts, scale.horizons)
    assert 61 in edges
    assert edges[-1] <= days.max()
    assert np.all(np.diff(edges) > 0)
    assert 5 <= len(edges) <= 24  # from day 5 to 158 by a quarter each is 16 steps, whole days and promises more
    assert (days >= edges[-1]).sum() >= 20


def test_default_edges_of_few_events_are_few():
    days, ending = competing(12, seed=12)
    counts = judgments_of(days, ending, scale=RankScale(["A"])).duration_counts()
    assert len(default_edges(counts, ())) <= 2


def test_no_default_interval_is_wider_than_a_quarter_of_its_start():
    # half of the events by day 60, hardly any after day 300, followed to day 720: quantiles leave 200 to 700 whole
    rng = np.random.default_rng(7)
    event = np.floor(rng.random(6000) + 60.0 * np.exp(0.9 * rng.standard_normal(6000)))
    age = rng.integers(1, 720, 6000)
    comes = (rng.random(6000) < 0.4) & (event <= age)
    days, ending = np.where(comes, event, age).astype(int), np.where(comes, EVENT, OPEN)
    edges = default_edges(judgments_of(days, ending, exits=False).duration_counts(), (90,))
    assert {90, edges[-1]} <= set(edges)
    assert edges[-1] > 650
    np.testing.assert_array_less(edges[1:] / edges[:-1], 1.28)  # whole days: a little above a quarter
    late = edges[edges >= np.quantile(days[comes], 0.8)]
    np.testing.assert_array_less(late[1:] / late[:-1], 1.17)
    few = rng.choice(6000, 100, replace=False)
    few_edges = default_edges(judgments_of(days[few], ending[few], exits=False).duration_counts(), (90,))
    assert len(few_edges) < 9  # too few person-days to cut them all
    assert np.max(few_edges[1:] / few_edges[:-1]) > 1.6


def test_a_day_on_which_events_heap_up_is_an_interval_of_its_own():
    days = np.r_[np.repeat(np.arange(1, 61), 2), np.full(60, 30), np.full(100, 100)]
    ending = np.r_[np.full(180, EVENT), np.full(100, OPEN)]
    edges = default_edges(judgments_of(days, ending, exits=False).duration_counts(), ())
    assert {29, 30} <= set(edges)
    even = days != 30
    assert not {29, 30} <= set(default_edges(judgments_of(days[even], ending[even]).duration_counts(), ()))


def test_nothing_comes_after_all_have_ended():
    # counted: of 100 prospects 40 became events on day 19, 60 exited on day 45; nobody is open a year later
    days, ending = np.repeat([19, 45], [40, 60]), np.repeat([EVENT, EXIT], [40, 60])
    scale = scale_of("A", within_days=90)
    judgments = judgments_of(days, ending, age_days=365, scale=scale)
    fit = LeadTimeModel().fit(judgments, seed=1, engine="laplace", draws=300, progress=False)
    assert fit.follow_up.all_ended_days == 45
    event = fit.cumulative_incidence([45, 90, 365], by=()).estimate
    np.testing.assert_allclose(event, 0.40, atol=0.02)
    assert event.nunique() == 1
    np.testing.assert_allclose(fit.cumulative_incidence([90], by=(), cause="exit").estimate, 0.60, atol=0.02)
    row = fit.lead_times().iloc[0]
    assert row.promise_answer == "known"
    assert (row.share_inside_promise, row.open_past_promise) == (1.0, 0.0)
    horizon = fit.check().horizons_table.iloc[0]
    assert (horizon.within_days, horizon.observed) == (90, pytest.approx(0.40))
    assert fit.update(10, 80).estimate[0] == pytest.approx(event[0], abs=0.03)  # nothing has ended by day 10
    with pytest.raises(NotEnoughDataError, match=r"all judgments had ended by day 45"):
        fit.update(45, 45)


def test_one_lost_from_sight_past_the_last_ending_leaves_later_days_unknown():
    days, ending = np.repeat([19, 45, 50], [40, 60, 10]), np.repeat([EVENT, EXIT, OPEN], [40, 60, 10])
    fit = LeadTimeModel().fit(judgments_of(days, ending), seed=1, engine="laplace", draws=100, progress=False)
    assert fit.follow_up.all_ended_days is None
    with pytest.raises(NotEnoughDataError, match=r"within 90 days is not known yet"):
        fit.cumulative_incidence([90])
    young = np.r_[days[:100], [3, 4]], np.r_[ending[:100], [OPEN, OPEN]]  # who was lost early says nothing of day 45
    fit = LeadTimeModel().fit(judgments_of(*young), seed=1, engine="laplace", draws=100, progress=False)
    assert fit.follow_up.all_ended_days == 45
    assert fit.cumulative_incidence([90], by=()).estimate[0] == pytest.approx(0.40, abs=0.02)


def test_steps_of_the_walk_are_scaled_by_the_distance_of_middles():
    # middles 15.25, 60.5, 135.5: distances 45.25 and 75, median 60.125
    assert step_widths(np.array([0, 30.5, 90.5, 180.5])) == pytest.approx((45.25 / 60.125, 75 / 60.125))
    assert step_widths(np.array([0, 30.5])) == ()


def test_same_seed_same_numbers():
    days, ending = competing(200, seed=13)
    first, again = (fit_of(judgments_of(days, ending), edges=(30, 90)) for _ in range(2))
    np.testing.assert_array_equal(first.incidence_draws([90]), again.incidence_draws([90]))


def test_case_mix_is_averaged_over_each_reps_own():
    # half of the prospects are fast; rep Abe has only fast ones, Bo only slow ones
    days, ending = competing(800, seed=14, event_days=40.0, exit_days=np.inf, follow_days=300)
    slow, slow_ending = competing(800, seed=15, event_days=200.0, exit_days=np.inf, follow_days=300)
    rep = np.repeat(["Abe", "Bo"], 800)
    judgments = judgments_of(
        np.r_[days, slow], np.r_[ending, slow_ending], rep=rep, exits=False, segment=np.repeat(["fast", "slow"], 800)
    )
    fit = fit_of(judgments, edges=(30, 60), adjust_for=("segment",))
    found = fit.cumulative_incidence([60], by=("rep",)).estimate
    np.testing.assert_allclose(found[1:], 1 - np.exp([-60 / 40, -60 / 200]), atol=0.04)


def test_the_model_written_out_has_the_same_terms():
    days, ending = competing(60, seed=16)
    rank = np.array(["A", "B", "C"])[np.arange(60) % 3]
    built = LeadTimeModel(interval_edges_days=(30, 60)).build(judgments_of(days, ending, rank=rank))
    assert set(built) == {"event", "exit"}
    names = {variable.name for variable in built["event"].named_vars.values()}
    assert {"baseline", "rank_contrast", "rank_tempo", "level", "slope", "residual", "tempo", "events"} <= names
