"""Published statements and what came of them, held against values computed by hand with pandas and numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb


def test_dates_of_capital_projects_are_moved_as_counted_by_hand(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "nyc_capital" / "statements.csv", dtype={"project": str})
    columns = {"deal": "project", "rep": "managing_agency", "judged_at": "reported_at"}
    deals = cb.Deals.from_frames(frame, as_of="2019-12-31", columns=columns | {"expected_at": "forecast_completion"})
    found = deals.revisions()
    n, moved = found["n"], found["moved"]
    assert n.sum() == 1775
    shares = [float(n[side].sum() / n.sum()) for side in (moved == 0, moved > 0, moved < 0)]
    assert shares == pytest.approx([0.397, 0.466, 0.137], abs=0.0005)
    assert (n * moved).sum() / n.sum() == pytest.approx(76.2, abs=0.05)
    order = np.argsort(moved)
    assert moved[order][np.searchsorted(np.cumsum(n[order]), n.sum() / 2)] == 0  # the median
    assert 30 * (n * moved).sum() / found["gap"].sum() == pytest.approx(15.1, abs=0.05)
    before = np.minimum(found["before"], 6)
    again = [(int(n[(before == k) & (moved > 0)].sum()), int(n[before == k].sum())) for k in range(7)]
    assert again == [(232, 608), (174, 370), (131, 242), (96, 181), (63, 131), (44, 99), (87, 144)]


def test_stated_minutes_of_tasks_make_the_ratios_computed_by_hand(shared_data: Path) -> None:
    tasks = pd.read_csv(shared_data / "cesaw" / "tasks.csv.gz")
    tasks = tasks[(tasks["stated_minutes"] > 0) & (tasks["actual_minutes"] > 0)].reset_index()
    said = pd.DataFrame(
        {"task": tasks.index, "person": tasks["person"].astype(str), "minutes": tasks["stated_minutes"]}
    )
    said = said.assign(said="2020-01-02", by="2020-02-15")
    came = pd.DataFrame({"task": tasks.index, "won": "2020-02-10", "minutes": tasks["actual_minutes"].astype(float)})
    columns = {"deal": "task", "rep": "person", "judged_at": "said", "expected_at": "by", "stated_amount": "minutes"}
    ends = {"deal": "task", "won_at": "won", "amount": "minutes"}
    reading = {"columns": columns, "outcome_columns": ends, "as_of": "2020-03-31", "amount_step": 1e-9}
    cells = cb.Deals.from_frames(said, came, **reading).cells()
    n = float(cells.total("n_paired"))
    assert n == 61_120  # the copy rounds stated minutes: five of the 61,125 published are 0 in it
    assert 1 - float(cells.total("n_other")) / n == pytest.approx(0.0814, abs=0.00005)
    assert float(cells.total("paid_paired") / cells.total("stated_paired")) == pytest.approx(1.1010, abs=0.00005)
    assert np.exp(float(cells.total("sum_log")) / n) == pytest.approx(0.8133, abs=0.00005)
    persons = cells.total("n_paired", "rep")
    assert (persons >= 30).sum() == 200
    means = cells.total("sum_log", "rep")[persons >= 30] / persons[persons >= 30]
    assert means.std(ddof=1) == pytest.approx(0.421, abs=0.0005)
