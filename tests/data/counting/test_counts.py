"""Sums over the duration counts: binomial cells, exposure cells."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import ArrayLike
from statsmodels.duration.survfunc import SurvfuncRight

from calibra.data.counting.counts import EVENT, EXIT, OPEN, DurationCounts
from calibra.errors import InputError, NotEnoughDataError


def duration_counts(
    days: ArrayLike,
    ending: ArrayLike,
    *,
    maturity: ArrayLike = 0,
    n: ArrayLike = 1,
    entry_days: ArrayLike = 0,
    rep: ArrayLike = 0,
    rank: ArrayLike = 0,
    team: ArrayLike = 0,
    horizons: tuple[int, ...] = (),
) -> DurationCounts:
    size = np.asarray(days).size

    def column(values: ArrayLike) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, dtype=np.int64), size)

    groups: Mapping[str, tuple[str, ...]] = {"team": ("east", "west")}
    codes = {"team": column(team)}
    keys = [column(values) for values in (entry_days, days, ending, maturity, n)]
    return DurationCounts(
        ("Abe", "Ito"), ("A", "B", "C"), groups, horizons, date(2026, 9, 30), date(2026, 7, 1),
        column(rep), column(rank), codes, *keys,
    )  # fmt: skip


def test_only_mature_judgments_enter_and_only_events_within_the_horizon_count() -> None:
    # horizons 30 and 90; per row: days, ending, how many horizons fit, n
    #   5 event, 2 fit, n 3 → mature for both, event within both
    #  40 event, 2 fit, n 2 → mature for both, event within 90 only
    # 100 event, 2 fit, n 1 → mature for both, event past both
    #  20 exit,  2 fit, n 4 → mature for both, no event
    #   5 event, 1 fit, n 7 → mature for 30 alone
    #   5 event, 0 fit, n 8 → young: enters nothing
    counts = duration_counts(
        [5, 40, 100, 20, 5, 5], [1, 1, 1, 2, 1, 1], maturity=[2, 2, 2, 2, 1, 0], n=[3, 2, 1, 4, 7, 8], horizons=(30, 90)
    )
    within_30 = counts.binomial_cells(30)
    within_90 = counts.binomial_cells(90)
    assert (within_30.n[0, 0], within_30.events[0, 0], within_30.n_immature[0, 0]) == (17, 10, 8)
    assert (within_90.n[0, 0], within_90.events[0, 0], within_90.n_immature[0, 0]) == (10, 5, 15)
    assert within_30.n.sum() == 17
    assert within_30.n.shape == (2, 3)


def test_the_horizon_itself_is_within() -> None:
    counts = duration_counts([30, 31], [EVENT, EVENT], maturity=1, horizons=(30,))
    assert counts.binomial_cells(30).events.sum() == 1


def test_groupings_have_axes_of_their_own_and_add_up() -> None:
    counts = duration_counts(
        [5, 9, 40], [EVENT, EXIT, OPEN], maturity=1, rep=[0, 1, 1], rank=[0, 2, 2], team=[0, 1, 0], n=[2, 3, 4],
        horizons=(30,),
    )  # fmt: skip
    cells = counts.binomial_cells(30, by=["team"])
    assert cells.n.shape == (2, 3, 2)
    assert cells.groups == {"team": ("east", "west")}
    assert (cells.n[1, 2, 0], cells.n[1, 2, 1], cells.events[0, 0, 0]) == (4, 3, 2)
    np.testing.assert_array_equal(cells.n.sum(axis=2), counts.binomial_cells(30).n)
    assert cells.table.query("n > 0").to_dict("list") == {
        "rep": ["Abe", "Ito", "Ito"],
        "rank": ["A", "C", "C"],
        "team": ["east", "east", "west"],
        "n": [2, 4, 3],
        "events": [2, 0, 0],
        "n_immature": [0, 0, 0],
    }


def test_nobody_mature_says_when_the_first_will_be() -> None:
    counts = duration_counts([5, 20], [EVENT, OPEN], maturity=0, horizons=(92,))
    with pytest.raises(
        NotEnoughDataError, match=r"None of the 2 judgments is 92 days old .* first will be on 1 October 2026"
    ):
        counts.binomial_cells(92)


def test_an_uncounted_horizon_is_refused() -> None:
    with pytest.raises(InputError, match=r"one of the counted horizons \(30, 90\); got 60"):
        duration_counts([5], [EVENT], horizons=(30, 90)).binomial_cells(60)


def test_late_entry_and_loss_before_the_horizon_are_refused_for_mature_judgments_alone() -> None:
    with pytest.raises(InputError, match=r"under observation from the start; 1 came .*`entered_at`.*LeadTimeModel"):
        duration_counts([40, 9], [OPEN, EVENT], maturity=1, entry_days=[0, 3], horizons=(30,)).binomial_cells(30)
    counts = duration_counts([40, 9], [OPEN, EVENT], maturity=[1, 0], entry_days=[0, 3], horizons=(30,))
    assert counts.binomial_cells(30).n.sum() == 1
    with pytest.raises(InputError, match=r"followed for 30 days; 1 were lost from sight before \(`censored_at`\)"):
        duration_counts([40, 9], [OPEN, OPEN], maturity=1, horizons=(30,)).binomial_cells(30)
    assert duration_counts([40, 9], [OPEN, OPEN], maturity=[1, 0], horizons=(30,)).binomial_cells(30).n.sum() == 1


def test_unknown_groupings_are_refused_by_name() -> None:
    counts = duration_counts([5], [EVENT], maturity=1, horizons=(30,))
    with pytest.raises(InputError, match=r"must name groupings \('team'\); 'segment' is not"):
        counts.binomial_cells(30, by=["segment"])
    with pytest.raises(InputError, match=r"got the text 'team'. Write by=\['team'\]"):
        counts.exposure_cells([30], by="team")
    with pytest.raises(InputError, match="names one twice"):
        counts.exposure_cells([30], by=["team", "team"])


def test_exposure_by_hand() -> None:
    # edges 10 and 20: intervals of 10½ and 10 days
    #   event on day 0          → ⅓ day in the first
    #   exit on day 10          → 10 days in the first: the edge itself belongs to it
    #   event on day 11         → 10½ in the first, ½ in the second
    #   open on day 20          → 10½ and 10: followed to the end of its day
    #   event on day 50         → 10½ and 10, the event lies past the last edge
    #   open on day 15, entry 4 → 6½ and 5: under observation from 4 to 15½
    counts = duration_counts(
        [0, 10, 11, 20, 50, 15], [EVENT, EXIT, EVENT, OPEN, EVENT, OPEN], entry_days=[0, 0, 0, 0, 0, 4]
    )
    cells = counts.exposure_cells([10, 20])
    np.testing.assert_allclose(cells.widths_days, [10.5, 10.0])
    np.testing.assert_allclose(cells.exposure_days[0, 0], [1 / 3 + 10 + 10.5 + 10.5 + 10.5 + 6.5, 0.5 + 10 + 10 + 5])
    np.testing.assert_array_equal(cells.events[0, 0], [1, 1])
    np.testing.assert_array_equal(cells.exits[0, 0], [1, 0])
    np.testing.assert_array_equal(cells.n_at_risk[0, 0], [5, 4])
    assert cells.exposure_days[1].sum() == 0


def calendar_sample(hazard: float, n: int, *, late: bool) -> DurationCounts:
    """Judgments at moments of 120 days, seen as calendar dates up to the end of day 150, ended at a constant hazard."""
    rng = np.random.default_rng(20260930)
    judged = rng.uniform(0, 120, n)
    event, leave = judged + rng.exponential(1 / hazard, n), judged + rng.exponential(2 / hazard, n)
    entered = judged + (rng.random(n) < 0.5) * rng.uniform(0, 40, n) * late
    seen = (np.minimum(event, leave) >= entered) & (np.floor(entered) <= 150)
    judged, event, leave, entered = (moments[seen] for moments in (judged, event, leave, entered))
    last = np.floor(np.minimum(event, leave))
    ending = np.where(last > 150, OPEN, np.where(event < leave, EVENT, EXIT))
    day = np.floor(judged)
    return duration_counts(np.minimum(last, 150) - day, ending, entry_days=np.floor(entered) - day)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("hazard", [0.01, 0.05])
def test_person_days_give_an_unbiased_hazard_from_calendar_dates(hazard: float, late: bool) -> None:
    cells = calendar_sample(hazard, 200_000, late=late).exposure_cells([1, 3, 7, 14, 30, 60])
    for count, truth in ((cells.events, hazard), (cells.exits, hazard / 2)):
        expected = truth * cells.exposure_days[0, 0]
        surprise = (count[0, 0] - expected) / np.sqrt(expected)
        assert np.abs(surprise).max() < 3.5
        assert count.sum() / cells.exposure_days.sum() == pytest.approx(truth, rel=0.015)


def test_incidence_at_the_edges_is_kaplan_meiers() -> None:
    counts = calendar_sample(0.05, 200_000, late=False)
    edges = np.array([1, 3, 7, 14, 30, 60])
    cells = counts.exposure_cells(edges)
    hazard = (cells.events + cells.exits)[0, 0] / cells.exposure_days[0, 0]
    survival = SurvfuncRight(counts.days, (counts.ending != OPEN).astype(int))
    at_edges = survival.surv_prob[np.searchsorted(survival.surv_times, edges, side="right") - 1]
    np.testing.assert_allclose(np.exp(-np.cumsum(hazard * cells.widths_days)), at_edges, atol=0.002)


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from([EVENT, EXIT, OPEN]), st.integers(1, 5)),
        min_size=1,
        max_size=20,
    ),
    st.sets(st.integers(1, 70), min_size=1, max_size=6),
)
def test_finer_intervals_add_up_to_one(rows: list[tuple[int, int, int, int]], edges: set[int]) -> None:
    entry = [min(a, b) for a, b, _, _ in rows]
    days = [max(a, b) for a, b, _, _ in rows]
    counts = duration_counts(days, [row[2] for row in rows], entry_days=entry, n=[row[3] for row in rows])
    fine, coarse = counts.exposure_cells(sorted(edges)), counts.exposure_cells([max(edges)])
    for name in ("exposure_days", "events", "exits"):
        np.testing.assert_allclose(getattr(fine, name).sum(axis=-1), getattr(coarse, name)[..., 0], atol=1e-9)
    assert np.all(fine.exposure_days[(fine.events + fine.exits) > 0] > 0)


@pytest.mark.parametrize(
    ("edges", "match"),
    [
        ([], "must be a list of whole days"),
        (30, "must be a list of whole days"),
        (["30"], "must be a list of whole days"),
        ([30.5], "must be whole days"),
        ([np.nan], "must be whole days"),
        ([-1, 30], "must be days from 0 on"),
        ([0], r"`edges_days\[-1\]` must be a whole number of days, at least 1; got 0"),
        ([30, 30], "must increase"),
        ([60, 30], "must increase"),
    ],
)
def test_edges_are_whole_increasing_days(edges: ArrayLike, match: str) -> None:
    with pytest.raises(InputError, match=match):
        duration_counts([5], [EVENT]).exposure_cells(edges)


def test_tables_carry_the_labels() -> None:
    counts = duration_counts([5, 7], [EVENT, OPEN], rep=[1, 0], rank=[2, 0], team=[1, 0], n=[2, 3])
    assert counts.table.to_dict("list") == {
        "rep": ["Ito", "Abe"],
        "rank": ["C", "A"],
        "team": ["west", "east"],
        "entry_days": [0, 0],
        "days": [5, 7],
        "ending": [1, 3],
        "maturity": [0, 0],
        "n": [2, 3],
    }
    cells = counts.exposure_cells([5, 10]).table
    assert list(cells.columns) == ["rep", "rank", "to_day", "exposure_days", "events", "exits", "n_at_risk"]
    row = cells.query("rep == 'Ito' and rank == 'C' and to_day == 5").iloc[0]
    assert (row["exposure_days"], row["events"], row["n_at_risk"]) == (10.0, 2, 2)
