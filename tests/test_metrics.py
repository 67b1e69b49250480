"""Every number with an interval and every finding with a probability, one row each."""

import pandas as pd

from calibra.chapters.contract import Chapter
from calibra.findings import Finding
from calibra.metrics import COLUMNS, make_metrics
from tests.calibrated import calibrated
from tests.chapters.stated.test_chapter import calibrated as with_statements

RANKS = Chapter("ranks", lambda _: None)
KEY = ["chapter", "rep", "rank", "within_days", "of", "metric"]


def test_each_quantity_of_a_table_is_a_row_with_its_interval_and_n() -> None:
    table = pd.DataFrame({
        "rep": ["(all reps)", "Abe"], "rank": ["A", "A"], "within_days": [90, 90], "n": [40, 12],
        "estimate": [0.5, 0.25], "lower": [0.4, 0.1], "upper": [0.6, 0.4],
        "median_days": [30.0, None], "median_days_lower": [20.0, None], "median_days_upper": [40.0, None],
    })  # fmt: skip
    found = make_metrics([(RANKS, {"probabilities": table})], [], None)
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
    told = [
        Finding("data.none_young", {"days": 90, "as_of": None}, rep="Abe", within_days=90, prob=0.93),
        Finding("ranks.note"),
    ]
    (row,) = make_metrics([], told, None).to_dict(orient="records")
    assert (row["metric"], row["chapter"], row["rep"], row["prob"]) == ("data.none_young", "data", "Abe", 0.93)
    assert row["finding"].startswith("Every judgment is at least 90 days old")


def test_a_calibration_gives_its_tables_numbers_again() -> None:
    found, table = calibrated().metrics(), calibrated().ranks[60].probabilities()
    mine = found[(found["metric"] == "probabilities") & (found["within_days"] == 60)]
    assert mine["estimate"].tolist() == table["estimate"].tolist()
    assert set(found["as_of"]) == {str(calibrated().judgments.as_of)}


def test_no_two_rows_of_tables_have_the_same_names() -> None:
    for found in (calibrated().metrics(), with_statements().metrics()):
        numbers = found[found["estimate"].notna()]
        assert numbers[numbers.duplicated(KEY, keep=False)].empty


def test_what_else_a_row_is_of_is_said() -> None:
    spread = calibrated().ranks[60].spread()
    found = calibrated().metrics().query("metric == 'spread' and within_days == 60").set_index("of")
    wanted = spread.query("quantity == 'probability at rank A' and of == 'population'")["estimate"].item()
    assert found.loc["probability at rank A, population", "estimate"] == wanted
    curves = with_statements().metrics().query("metric == 'stated_curves' and rep == 'rep 0'")
    assert curves["of"].tolist() == ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]
    assert (with_statements().metrics().query("metric == 'probabilities'")["of"]).isna().all()
