"""Open prospects scored in Ibis on DuckDB, on PostgreSQL and in PySpark: as on every other engine."""

from pathlib import Path
from typing import Any

import pytest
from tests.calibrated import calibrated
from tests.test_scoring import parquet, plain, polars_frame, scored


@pytest.mark.parametrize("kind", ["ibis_duckdb", "postgres", "spark"])
def test_warehouses_score_alike_in_their_own_engine(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    engine: Any = request.getfixturevalue(kind)
    if kind == "spark":
        frame = engine.read.parquet(str(parquet(tmp_path)))
    else:
        frame = engine.create_table("prospects", polars_frame().to_arrow(), overwrite=True)
    found = scored(calibrated(), frame)
    assert type(found).__module__.partition(".")[0] == type(frame).__module__.partition(".")[0]
    wanted = plain(scored(calibrated(), polars_frame()))
    for row, expected in zip(plain(found), wanted, strict=True):
        for name, value in expected.items():
            assert row[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), name
