"""Scored rows in files: numbers of ours to six decimals, the user's own as they are."""

from pathlib import Path

import polars as pl
import pytest

from calibra.data.frames.files import read_path
from calibra.data.scoring.write_rows import write_rows

SCORED = pl.DataFrame(
    {
        "id": ["a", "b"],
        "amount": [0.123456789012345, 2.0],
        "score_estimate": [0.314159265358979, None],
        "score_within_days": [30.0, None],
        "score_note": [None, "no rank of the scale"],
    }
)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_probabilities_have_six_decimals_where_people_read_them(tmp_path: Path, kind: str) -> None:
    path = write_rows(SCORED, tmp_path / f"scored.{kind}")
    first = read_path(path, "utf-8").fetchall()[0]
    assert float(first[1]) == 0.123456789012345
    assert float(first[2]) == (0.314159265358979 if kind == "parquet" else 0.314159)
