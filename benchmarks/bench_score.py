"""Scoring 10 million prospects in DuckDB: against a plain join of a table of the same width on the same columns.

Both read the same Parquet file and write their result to Parquet, in turns in one process. The plain join takes rep,
rank and week of age, which the file holds ready for it, and adds as many columns of the same types; ours works out the
age, the notes and the reps never seen besides. Run it with `python benchmarks/bench_score.py [million rows]`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

import calibra as cb
from calibra.calibration import Calibration

REPEATS = 3
AS_OF = "2026-09-30"

OPEN = """
COPY (
    SELECT i AS lead, reps.label AS rep, chr(65 + (hash(i + 1) % 5)::INT) AS rank,
        DATE '{as_of}' - (hash(i + 2) % 200)::INT AS judged_at, hash(i + 3) % 100000 AS amount,
        (((hash(i + 2) % 200)::INT + 6) // 7)::BIGINT AS age_week,
        CASE WHEN hash(i + 4) % 20 = 0 THEN DATE '{as_of}' - 1 END AS event_at
    FROM range({rows}) AS rows(i) JOIN reps ON reps.place = hash(i) % {n_reps}
) TO '{path}' (FORMAT parquet)
"""

PLAIN = """
COPY (
    SELECT open.*, known.age_days, known.within_days, known.estimate, known.lower, known.upper, known.lead_days,
        known.lead_days_lower, known.lead_days_upper, known.verdict, known.known_rep, known.note
    FROM read_parquet('{path}') AS open LEFT JOIN known USING (rep, rank, age_week)
) TO '{out}' (FORMAT parquet)
"""


def main() -> None:
    """Make the calibration and the file, score it both ways in turns, print the seconds and their ratio."""
    rows = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        calibration = saved(Path(folder))
        numbers = calibration.calibration_table()  # DuckDB finds the local variables
        labels = numbers.loc[numbers["known_rep"], ["rep"]].drop_duplicates()
        connection = duckdb.connect()
        connection.execute("CREATE TABLE known AS SELECT * FROM numbers")
        connection.execute("CREATE TABLE reps AS SELECT rep AS label, row_number() OVER () - 1 AS place FROM labels")
        path, out = Path(folder) / "open.parquet", Path(folder) / "out.parquet"
        connection.execute(OPEN.format(as_of=AS_OF, rows=rows, n_reps=len(labels), path=path))
        print(f"{rows / 1e6:g} M prospects, {len(labels)} reps, {len(numbers):,} rows in the calibration table")

        def ours() -> object:
            return calibration.score(connection.read_parquet(str(path)), as_of=AS_OF).write_parquet(str(out))

        compare({"plain join": lambda: connection.execute(PLAIN.format(path=path, out=out)), "calibra": ours}, rows)


def saved(folder: Path) -> Calibration:
    """A calibration of 100 reps, saved and loaded: scoring reads the table alone."""
    world = cb.simulate_judgments(seed=1, n_reps=100, n_prospects=20_000)
    judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    fitted = cb.calibrate(judgments, seed=1, engine="laplace", draws=400, parts=("lead times",), progress=False)
    return cb.load(fitted.save(folder / "team.calibra"))


def compare(ways: dict[str, Callable[[], object]], rows: int) -> None:
    """Seconds of each way, by the clock and of the processors: medians of a few turns, after one that warms up."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for name, way in [pair for _ in range(1 + REPEATS) for pair in ways.items()]:
        start, cpu_start = time.perf_counter(), time.process_time()
        way()
        seconds[name].append((time.perf_counter() - start, time.process_time() - cpu_start))
    medians = {
        name: [statistics.median(part) for part in zip(*taken[1:], strict=True)] for name, taken in seconds.items()
    }
    base, cpu_base = medians["plain join"]
    for name, (wall, cpu) in medians.items():
        print(
            f"{name:12} {wall:6.2f} s ({wall / base:4.2f} x)   CPU {cpu:6.2f} s ({cpu / cpu_base:4.2f} x)   "
            f"{rows / wall / 1e6:5.1f} M rows/s"
        )


if __name__ == "__main__":
    main()
