"""Every number with an interval and every finding with a probability, one row each."""

import pandas as pd

from calibra.findings import Finding
from calibra.metrics import COLUMNS, make_metrics
from tests.calibrated import calibrated


def test_each_quantity_of_a_table_is_a_row_with_its_interval_and_n() -> None:
    table = pd.DataFrame({
        "rep": ["(all reps)", "Abe"], "rank": ["A", "A"], "within_days": [90, 90], "n": [40, 12],
        "estimate": [0.5, 0.25], "lower": [0.4, 0.1], "upper": [0.6, 0.4],
        "median_days": [30.0, None], "median_days_lower": [20.0, None], "median_days_upper": [40.0, None],
    })  # fmt: skip
    found = make_metrics([("ranks", {"probabilities": table})], [], None)
    assert tuple(found.columns) == COLUMNS
    assert found["metric"].tolist() == ["probabilities", "probabilities.median_days"] * 2
    assert found["scope"].tolist() == ["all reps", "all reps", "rep", "rep"]
    first = found.iloc[0]
    assert (first["rank"], first["within_days"], first["estimate"], first["upper"], first["n"]) == (
        "A",
        90,
        0.5,
        0.6,
        40,
    )
    assert found["estimate"].isna().tolist() == [False, False, False, True]


def test_a_finding_is_a_row_with_its_probability() -> None:
    told = [Finding("ranks.below", rep="Abe", within_days=90, prob=0.93), Finding("ranks.note")]
    (row,) = make_metrics([], told, None).to_dict(orient="records")
    assert (row["metric"], row["chapter"], row["rep"], row["prob"]) == ("ranks.below", "ranks", "Abe", 0.93)


def test_a_calibration_gives_its_tables_numbers_again() -> None:
    found, table = calibrated().metrics(), calibrated().ranks[60].probabilities()
    mine = found[(found["metric"] == "probabilities") & (found["within_days"] == 60)]
    assert mine["estimate"].tolist() == table["estimate"].tolist()
    assert set(found["as_of"]) == {str(calibrated().judgments.as_of)}
