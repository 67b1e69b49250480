"""Prospects to contact: chances are those of the fit at each age, the highest first, and nobody unknown is listed."""

import numpy as np
import pytest

import calibra as cb
from calibra.errors import InputError
from tests.chapters.outlook.test_chapter import calibration, judgments


def test_chances_are_those_of_the_fit_now_and_after_a_wait() -> None:
    fit = calibration().lead_times
    table = cb.prospects_to_contact(judgments(), fit, wait_days=30)
    assert table["chance"].is_monotonic_decreasing
    for row in (table.iloc[0], table.iloc[len(table) // 2]):
        for age, name in ((row["age_days"], "chance"), (row["age_days"] + 30, "chance_after_wait")):
            own = fit.update(int(age), 30).query("rep == @row.rep and rank == @row['rank']").iloc[0]
            assert row[name] == pytest.approx(own["estimate"], rel=1e-9)
            if name == "chance":
                assert (row["lower"], row["upper"]) == pytest.approx((own["lower"], own["upper"]), rel=1e-9)
    np.testing.assert_allclose(table["change_points"], 100 * (table["chance_after_wait"] - table["chance"]))
    opened = fit.open_counts
    followed = opened.age_days + 60 <= fit.last_edge_days
    assert len(table) == opened.n[followed].sum()
    assert table.attrs["n_unknown"] == opened.n[~followed].sum()
    assert set(table.columns[:5]) == {"prospect", "rep", "rank", "judged_at", "age_days"}


def test_other_ranks_are_refused() -> None:
    world = cb.simulate_judgments(seed=1, n_reps=2, n_prospects=50, scale=cb.RankScale(["hot", "cold"]))
    other = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    with pytest.raises(InputError, match="must be of the ranks of the fit"):
        cb.prospects_to_contact(other, calibration().lead_times)
