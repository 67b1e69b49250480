"""Duration counts of 10 million rows of Parquet: ours, checks included, against a hand-written DuckDB GROUP BY.

Both read the same file in the same run, in turns, and give the same counts. Run it with
`python benchmarks/bench_counts.py [million rows]`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl

from calibra.data.counting.counts import DurationCounts
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale

N_REPS, REPEATS = 500, 5
SCALE = RankScale(["A", "B", "C", "D", "E"], {rank: Promise(0.3, within_days=90) for rank in "ABCDE"})
COLUMNS = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened",
           "exit_at": "left_at"}  # fmt: skip
AS_OF = "2026-06-30"

WORLD = """
COPY (
    SELECT i AS lead, 'rep ' || (hash(i) % {reps}) AS owner, chr(65 + (hash(i + 1) % 5)::INT) AS label, judged,
        CASE WHEN hash(i + 3) % 10 < 4 THEN judged + (hash(i + 4) % 300)::INT END AS opened,
        CASE WHEN hash(i + 5) % 10 < 4 THEN judged + (hash(i + 6) % 300)::INT END AS left_at
    FROM (SELECT i, DATE '2026-01-01' + (hash(i + 2) % 181)::INT AS judged FROM range({rows}) AS rows(i))
) TO '{path}' (FORMAT parquet)
"""

BY_HAND = """
SELECT owner, label, least(coalesce(opened, DATE '9999-01-01'), coalesce(left_at, DATE '9999-01-01'), DATE '{as_of}')
        - judged AS days,
    CASE WHEN opened <= DATE '{as_of}' AND opened <= coalesce(left_at, opened) THEN 1
         WHEN left_at <= DATE '{as_of}' THEN 2 ELSE 3 END AS ending,
    DATE '{as_of}' - judged >= 90 AS mature, count(*) AS n
FROM read_parquet('{path}') GROUP BY ALL
"""


def main() -> None:
    """Make the file, count it both ways in turns, print the seconds and their ratio."""
    rows = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "judgments.parquet"
        duckdb.connect().execute(WORLD.format(reps=N_REPS, rows=rows, path=path))
        compare(path, rows)


def compare(path: Path, rows: int) -> None:
    """Seconds of each way, the median and the least of a few turns, and the check that the counts agree."""
    ways: dict[str, Callable[[], object]] = {
        "by hand, DuckDB": lambda: duckdb.connect().sql(BY_HAND.format(as_of=AS_OF, path=path)).fetchnumpy(),
        "calibra, DuckDB, row checks": lambda: ours(path, check_duplicates=False),
        "calibra, DuckDB, row checks and duplicates": lambda: ours(path, check_duplicates=True),
        "calibra, polars lazy, row checks": lambda: ours(pl.scan_parquet(path), check_duplicates=False),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    cpu_seconds: dict[str, list[float]] = {name: [] for name in ways}
    results: dict[str, object] = {}
    for name, way in [pair for _ in range(REPEATS) for pair in ways.items()]:
        start, cpu_start = time.perf_counter(), time.process_time()
        results[name] = way()
        seconds[name].append(time.perf_counter() - start)
        cpu_seconds[name].append(time.process_time() - cpu_start)
    base, cpu_base = (statistics.median(taken["by hand, DuckDB"]) for taken in (seconds, cpu_seconds))
    least, cpu_least = (min(taken["by hand, DuckDB"]) for taken in (seconds, cpu_seconds))
    hand = results["by hand, DuckDB"]
    for name, taken in seconds.items():
        wall, cpu = statistics.median(taken), statistics.median(cpu_seconds[name])
        print(
            f"{name:44} {wall:6.2f} s ({wall / base:4.2f} x)   CPU {cpu:6.2f} s ({cpu / cpu_base:4.2f} x)   "
            f"{rows / wall / 1e6:4.1f} M rows/s"
        )
        fastest, cpu_fastest = min(taken), min(cpu_seconds[name])
        print(
            f"{'':45}least: {fastest:.2f} s ({fastest / least:.2f} x), CPU {cpu_fastest:.2f} s "
            f"({cpu_fastest / cpu_least:.2f} x)"
        )
        found = results[name]
        if isinstance(found, DurationCounts) and isinstance(hand, dict):
            same = int(found.n.sum()) == int(hand["n"].sum()) and found.n.size == len(hand["n"])
            same &= int((found.n * found.days).sum()) == int((hand["n"] * hand["days"].astype("int64")).sum())
            print(f"{'':45} {found.n.size} cells, {'equal to' if same else 'DIFFERENT FROM'} those by hand")


def ours(frame: object, *, check_duplicates: bool) -> DurationCounts:
    """Judgments from the file, checked, and their duration counts."""
    judgments = Judgments.from_frame(
        frame, scale=SCALE, as_of=AS_OF, columns=COLUMNS, check_duplicates=check_duplicates
    )
    return judgments.duration_counts()


if __name__ == "__main__":
    main()
