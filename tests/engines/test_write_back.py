"""A night's metrics in PostgreSQL: each day once, all or nothing, and the status of a server that refuses."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import calibra as cb
from calibra.cli.main import main
from tests.cli.test_run import CONFIG, frame
from tests.data.frames.test_write_back import write


def read(postgres: Any, columns: str, table: str) -> list[tuple[Any, ...]]:
    with postgres.con.cursor() as cursor:
        return cursor.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()


def test_a_day_replaces_what_was_there_of_it(postgres: Any, postgres_url: str) -> None:
    postgres.raw_sql("DROP SCHEMA IF EXISTS back CASCADE; CREATE SCHEMA back").close()
    for day, values in (("2026-09-28", [0.5]), ("2026-09-29", [0.1, 0.2]), ("2026-09-29", [0.3, None])):
        write(postgres_url, day, *values, table="back.metrics")
    assert read(postgres, "as_of::text, estimate, rep, n", "back.metrics") == [
        ("2026-09-28", 0.5, "Abe 'x' \"y\"", 1), ("2026-09-29", 0.3, "Abe 'x' \"y\"", 1),
        ("2026-09-29", None, "Abe 'x' \"y\"", 1),
    ]  # fmt: skip


def test_a_schema_that_is_not_there_is_the_servers_refusal(postgres_url: str) -> None:
    with pytest.raises(cb.EngineError, match="absent"):
        write(postgres_url, "2026-09-29", 0.1, table="absent.metrics")


def test_a_night_writes_its_metrics_where_the_judgments_came_from(
    postgres: Any,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    postgres.raw_sql("DROP SCHEMA IF EXISTS night CASCADE; CREATE SCHEMA night").close()
    postgres.create_table("judgments", pa.Table.from_pandas(frame(), preserve_index=False), database="night")
    output = f'[output]\nurl = "{postgres_url}"\ntable = "night.metrics"\n'
    Path("calibra.toml").write_text(CONFIG + output, encoding="utf-8")
    asked = ["run", f"{postgres_url}::night.judgments", "--out", "out", "--json"]
    for day in ("2026-09-20", "2026-09-30", "2026-09-30"):
        assert main([*asked, "--as-of", day]) == 0, capsys.readouterr().err
        told = json.loads(capsys.readouterr().out)
    assert [str(day) for day, _ in read(postgres, "DISTINCT as_of, 1", "night.metrics")] == ["2026-09-20", "2026-09-30"]
    (numbers,) = read(postgres, "count(*), count(DISTINCT run_id)", "night.metrics WHERE as_of = '2026-09-30'")
    assert numbers == (cb.load("out/calibration.calibra").metrics().shape[0], 1)
    assert told["resumed"] is False
    Path("calibra.toml").write_text(CONFIG + output.replace("night.metrics", "absent.metrics"), encoding="utf-8")
    kept = Path("out/metrics.parquet").read_bytes()
    assert main([*asked, "--as-of", "2026-10-01"]) == 4
    assert Path("out/metrics.parquet").read_bytes() == kept
