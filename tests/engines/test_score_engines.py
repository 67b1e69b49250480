"""Open prospects scored in Ibis on DuckDB, on PostgreSQL and in PySpark: as on every other engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pytest

import calibra as cb
from tests import test_scoring_stated as stated
from tests.calibrated import calibrated
from tests.test_scoring import COLUMNS, TODAY, parquet, plain, polars_frame, scored


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


@pytest.mark.parametrize("forbids", ["no right to temporary tables", "read only"])
def test_postgresql_scores_for_a_reader_who_may_make_no_temporary_table(
    forbids: str, postgres: Any, postgres_url: str
) -> None:
    ibis = pytest.importorskip("ibis")
    name = f"prospects_{uuid4().hex}"
    postgres.create_table(name, polars_frame().to_arrow())
    with _reader(postgres, postgres_url, name) as url:
        reader = ibis.connect(url if forbids != "read only" else postgres_url)
        if forbids == "read only":
            reader.raw_sql("SET default_transaction_read_only = on").close()
        try:
            _refuses_temporary_tables(reader)
            found = scored(calibrated(), reader.table(name))
            rows, notes = plain(found), cb.count_notes(found)
        finally:
            reader.disconnect()
    wanted = scored(calibrated(), polars_frame())
    assert notes == cb.count_notes(wanted)
    assert [row["estimate"] for row in rows] == [
        pytest.approx(row["estimate"], rel=1e-12) if row["estimate"] else None for row in plain(wanted)
    ]


@contextmanager
def _reader(postgres: Any, url: str, table: str) -> Iterator[str]:
    """The URL of a role that may read the table, and nothing else."""
    postgres.raw_sql("CREATE ROLE calibra_reader LOGIN").close()
    postgres.raw_sql(f'GRANT SELECT ON "{table}" TO calibra_reader').close()
    postgres.raw_sql("REVOKE TEMP ON DATABASE postgres FROM public").close()
    try:
        yield url.replace("calibra@", "calibra_reader@")
    finally:
        postgres.raw_sql("GRANT TEMP ON DATABASE postgres TO public").close()
        postgres.raw_sql(f'REVOKE ALL ON "{table}" FROM calibra_reader').close()
        postgres.raw_sql("DROP ROLE calibra_reader").close()


def _refuses_temporary_tables(reader: Any) -> None:
    psycopg = pytest.importorskip("psycopg")
    with pytest.raises(psycopg.Error, match=r"permission denied to create temporary|read-only transaction"):
        reader.raw_sql("CREATE TEMP TABLE calibra_forbidden (a int)")
    reader.con.rollback()


def test_postgresql_keeps_a_view_of_the_scores(postgres: Any) -> None:
    name = f"prospects_{uuid4().hex}"
    table = postgres.create_table(name, polars_frame().to_arrow())
    view = postgres.create_view(f"scores_{uuid4().hex}", scored(calibrated(), table))
    told = [row["note"] for row in plain(scored(calibrated(), polars_frame()))]
    assert [row["note"] for row in plain(view)] == told


def test_postgresql_scores_by_the_query_for_a_table_of_ones_own(postgres: Any) -> None:
    leads, known = f"leads_{uuid4().hex}", f"known_{uuid4().hex}"
    postgres.create_table(leads, polars_frame().to_arrow())
    postgres.create_table(known, pa.Table.from_pandas(calibrated().calibration_table(), preserve_index=False))
    told = {"as_of": TODAY, "columns": COLUMNS, "prospects": leads, "table": known}
    view = postgres.create_view(
        f"scores_{uuid4().hex}", postgres.sql(calibrated().score_sql(dialect="postgres", **told))
    )
    wanted = plain(scored(calibrated(), polars_frame()))
    assert plain(view) == [
        {name: pytest.approx(value, rel=1e-12) if isinstance(value, float) else value for name, value in row.items()}
        for row in wanted
    ]


@pytest.mark.parametrize("written", ["numbers", "text"])
@pytest.mark.parametrize("kind", ["ibis_duckdb", "postgres", "spark"])
def test_warehouses_score_stated_percentages_as_the_fit_predicts(
    kind: str, written: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    engine: Any = request.getfixturevalue(kind)
    rows = stated.prospects() if written == "numbers" else stated.as_text("{}%")
    if kind == "spark":
        rows.write_parquet(tmp_path / "open.parquet")
        frame = engine.read.parquet(str(tmp_path / "open.parquet"))
    else:
        frame = engine.create_table(f"prospects_{uuid4().hex}", rows.to_arrow())
    found = stated.calibrated().score(frame, as_of=TODAY)
    assert type(found).__module__.partition(".")[0] == type(frame).__module__.partition(".")[0]
    stated.assert_as_predicted(stated.rows_of(found))


def test_postgresql_scores_percentages_by_the_query_for_tables_of_ones_own(postgres: Any) -> None:
    names = [f"{name}_{uuid4().hex}" for name in ("leads", "known", "meant")]
    calibration = stated.calibrated()
    leads = stated.prospects().with_columns(event_at=pl.lit(None, pl.Date)).to_arrow()
    tables = [calibration.calibration_table().assign(verdict=""), calibration.stated_table()]
    for name, table in zip(names, [leads, *(pa.Table.from_pandas(table) for table in tables)], strict=True):
        postgres.create_table(name, table)
    told = dict(zip(("prospects", "table", "stated_table"), names, strict=True))
    found = postgres.sql(calibration.score_sql(dialect="postgres", as_of=TODAY, **told))
    stated.assert_as_predicted(stated.rows_of(found))
