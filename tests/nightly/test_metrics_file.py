"""The metrics of all nights in one file: each day once, whatever is run again."""

from pathlib import Path

import pandas as pd
import pytest

import calibra as cb
from calibra.nightly.metrics_file import append_metrics, with_run
from tests.calibrated import calibrated


def of_day(day: str, run_id: str = "one") -> pd.DataFrame:
    return with_run(calibrated().metrics().assign(as_of=day), run_id)


def test_each_day_is_there_once_and_the_last_run_of_it_counts(tmp_path: Path) -> None:
    path = tmp_path / "metrics.parquet"
    for day, run_id in (("2026-09-28", "a"), ("2026-09-29", "b"), ("2026-09-29", "c")):
        append_metrics(path, of_day(day, run_id), path)
    found = pd.read_parquet(path)
    assert dict(found.groupby("as_of")["run_id"].unique().map(list)) == {"2026-09-28": ["a"], "2026-09-29": ["c"]}
    assert len(found) == 2 * len(calibrated().metrics())
    assert found["n"].sum() == 2 * calibrated().metrics()["n"].sum()


def test_columns_keep_their_types_where_a_night_leaves_one_empty(tmp_path: Path) -> None:
    path = tmp_path / "metrics.parquet"
    append_metrics(path, of_day("2026-09-28").assign(prob=None, n=None), path)
    append_metrics(path, of_day("2026-09-29"), path)
    found = pd.read_parquet(path)
    assert found["prob"].dtype == "float64"
    assert found["n"].notna().sum() == calibrated().metrics()["n"].notna().sum()


def test_a_file_that_holds_no_metrics_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "metrics.parquet"
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(cb.InputError, match="must hold the metrics of earlier nights"):
        append_metrics(path, of_day("2026-09-28"), path)
