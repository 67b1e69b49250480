"""What the doors cost: duration counts of files and of PostgreSQL, checks included, against queries written by hand.

Both read the same rows in the same run, in turns, and give the same counts; every line ends in ratios to the query by
hand, of the medians and of the least CPU seconds (of PostgreSQL, which counts in processes of its own, wall seconds
alone). Run it with `python benchmarks/bench_counts.py [part …]`; parts are parquet, folders, csv, postgres, history,
stated: what ten million stated percentages cost beside the ranks of the same rows.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from calibra.data.counting.judgments import Judgments
from calibra.data.history.history import RankHistory
from calibra.data.scale import Promise, RankScale

N_REPS, REPEATS = 500, 5
MILLION = 1_000_000
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


FEW_CELLS = """
COPY (
    SELECT i AS lead, 'rep ' || i % 5 AS owner, substr('ABC', 1 + (i % 3)::INT, 1) AS label, judged,
        CASE WHEN i % 4 = 0 THEN judged + (i % 80)::INT END AS opened,
        CASE WHEN i % 7 = 1 THEN judged + (i % 150)::INT END AS left_at, strftime(judged, '%Y-%m') AS month
    FROM (SELECT i, DATE '2025-05-01' + (hash(i) % 420)::INT AS judged FROM range({rows}) AS rows(i))
) TO '{path}' (FORMAT parquet, PARTITION_BY (month))
"""
"""Fourteen folders of a month each, whose judgments end in some 6,000 cells instead of a million."""

ON_SERVER = """
CREATE UNLOGGED TABLE judgments AS SELECT i AS lead, 'rep ' || i % 200 AS owner, chr((65 + i / 7 % 5)::int) AS label,
    judged, CASE WHEN i % 4 = 0 THEN judged + (i % 80) * interval '1 day' END AS opened,
    CASE WHEN i % 7 = 1 THEN judged + (i % 150) * interval '1 day' END AS left_at
FROM (SELECT i, TIMESTAMPTZ '2025-05-01 08:00+00' + (i * 2654435761 % 420) * interval '1 day' AS judged
    FROM generate_series(1, {rows}::bigint) AS rows(i)) AS drawn
"""
BY_HAND_ON_SERVER = """
SELECT owner, label, least(opened, left_at, DATE '{as_of}') - judged AS days,
    CASE WHEN opened <= least(left_at, DATE '{as_of}') THEN 1
        WHEN left_at <= DATE '{as_of}' THEN 2 ELSE 3 END AS ending,
    DATE '{as_of}' - judged >= 90 AS mature, count(*) AS n
FROM (SELECT owner, label, (judged AT TIME ZONE 'UTC')::date AS judged, (opened AT TIME ZONE 'UTC')::date AS opened,
    (left_at AT TIME ZONE 'UTC')::date AS left_at FROM judgments) AS days
WHERE judged <= DATE '{as_of}' GROUP BY 1, 2, 3, 4, 5
"""

Ways = Mapping[str, Callable[[], int]]
"""What is compared, each giving the number of judgments it counted; the first is what the others are held against."""


def compare(part: str, ways: Ways, *, repeats: int = REPEATS, cpu: bool = True) -> None:
    """Every way in turns, and a line for each: seconds, and their ratio to the first way."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    counted: dict[str, int] = {}
    for name, way in [pair for _ in range(repeats) for pair in ways.items()]:
        start, cpu_start = time.perf_counter(), time.process_time()
        counted[name] = way()
        seconds[name].append((time.perf_counter() - start, time.process_time() - cpu_start))
    first = next(iter(ways))
    walls = {name: statistics.median(wall for wall, _ in taken) for name, taken in seconds.items()}
    cpus = {name: min(used for _, used in taken) for name, taken in seconds.items()}
    for name in ways:
        line = f"{part}: {name:34} {walls[name]:7.2f} s ({walls[name] / walls[first]:.2f} x)"
        line += f", CPU {cpus[name]:7.2f} s ({cpus[name] / cpus[first]:.2f} x)" if cpu else ""
        print(line if counted[name] == counted[first] else f"{line} COUNTS DIFFER: {counted}", flush=True)


def ours(frame: object, *, check_duplicates: bool, scale: RankScale = SCALE) -> int:
    """Judgments from the frame, checked, and how many their duration counts hold."""
    judgments = Judgments.from_frame(
        frame, scale=scale, as_of=AS_OF, columns=COLUMNS, check_duplicates=check_duplicates
    )
    return int(judgments.duration_counts().n.sum())


def by_hand(source: str) -> Callable[[], int]:
    """The count of rows that DuckDB reads from there, in a connection of its own."""
    query = BY_HAND.format(as_of=AS_OF, path="").replace("read_parquet('')", source)
    return lambda: int(duckdb.connect().sql(query).fetchnumpy()["n"].sum())


def parquet(folder: Path) -> None:
    """Three million rows of one file, in a million cells."""
    path = folder / "judgments.parquet"
    duckdb.connect().execute(WORLD.format(reps=N_REPS, rows=3 * MILLION, path=path))
    ways: Ways = {
        "by hand, DuckDB": by_hand(f"read_parquet('{path}')"),
        "by path": lambda: ours(path, check_duplicates=False),
        "by path, duplicates looked for": lambda: ours(path, check_duplicates=True),
        "polars, lazy": lambda: ours(pl.scan_parquet(path), check_duplicates=False),
    }
    compare("parquet", ways)


def folders(folder: Path) -> None:
    """Three million rows in fourteen folders, in few cells."""
    path = folder / "months"
    duckdb.connect().execute(FEW_CELLS.format(rows=3 * MILLION, path=path))
    ways: Ways = {
        "by hand, DuckDB": by_hand(f"read_parquet('{path}/*/*.parquet')"),
        "by path": lambda: ours(path, check_duplicates=False),
        "by path, duplicates looked for": lambda: ours(path, check_duplicates=True),
    }
    compare("folders", ways)


def csv(folder: Path) -> None:
    """Ten million rows of CSV."""
    path = folder / "judgments.csv"
    made = WORLD.format(reps=N_REPS, rows=10 * MILLION, path=path).replace("(FORMAT parquet)", "(HEADER)")
    duckdb.connect().execute(made)
    ways: Ways = {
        "by hand, DuckDB": by_hand(f"read_csv('{path}')"),
        "by path": lambda: ours(path, check_duplicates=False),
    }
    compare("csv", ways, repeats=3)


def postgres(_: Path) -> None:
    """A million rows on PostgreSQL, of moments with a zone."""
    import ibis
    import psycopg
    from bench_engines import server_url

    with server_url() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ON_SERVER.format(rows=MILLION))
        connection.execute("ANALYZE judgments")
        table = ibis.connect(url).table("judgments")
        query = BY_HAND_ON_SERVER.format(as_of=AS_OF)
        ways: Ways = {
            "by hand, psycopg": lambda: sum(row[-1] for row in connection.execute(query).fetchall()),
            "table": lambda: ours(table, check_duplicates=False),
            "table, duplicates looked for": lambda: ours(table, check_duplicates=True),
        }
        compare("postgres", ways, cpu=False)


def history(_: Path) -> None:
    """50,000 changes on PostgreSQL and their outcomes, whose days are moments or text."""
    import ibis
    from bench_engines import server_url

    with server_url() as url:
        from tests.data.history.history_world import history_world

        changes, outcomes = history_world(50_000)
        kinds: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = {
            "moments and dates": (changes, outcomes),
            "days given as text": (
                changes.with_columns(pl.col("changed_at").dt.to_string("%Y-%m-%dT%H:%M:%S")),
                outcomes.with_columns(pl.col("event_at", "exit_at").cast(pl.String).fill_null("")),
            ),
        }
        connection = ibis.connect(url)
        ways = {}
        for i, (kind, frames) in enumerate(kinds.items()):
            tables = [connection.create_table(f"t{i}{j}", frame.to_arrow()) for j, frame in enumerate(frames)]
            ways[kind] = lambda tables=tables: read_history(*tables)
        compare("history", ways, repeats=3, cpu=False)


def read_history(changes: Any, outcomes: Any) -> int:
    """First and every judgment of a history, and what is noted of it."""
    names = {name: name for name in ("prospect", "rep", "rank", "changed_at")}
    found = RankHistory.from_frames(
        changes, outcomes, scale=SCALE, as_of=AS_OF, problems="set_aside", columns=names,
        outcome_columns={name: name for name in ("prospect", "event_at", "exit_at")},
    )  # fmt: skip
    counts = [int(found.judgments(mode).duration_counts().n.sum()) for mode in ("first", "every")]
    return sum(counts) + len(found.summary().noted)


STATED = """
COPY (
    SELECT i AS lead, 'rep ' || (hash(i) % {reps}) AS owner, chr(65 + (hash(i + 1) % 5)::INT) AS label, judged,
        CASE WHEN hash(i + 3) % 10 < 4 THEN judged + (hash(i + 4) % 300)::INT END AS opened,
        CASE WHEN hash(i + 5) % 10 < 4 THEN judged + (hash(i + 6) % 300)::INT END AS left_at,
        5 * (1 + hash(i + 7) % 19) AS win, (5 * (1 + hash(i + 7) % 19))::TEXT || '%' AS win_text
    FROM (SELECT i, DATE '2026-01-01' + (hash(i + 2) % 181)::INT AS judged FROM range({rows}) AS rows(i))
) TO '{path}' (FORMAT parquet)
"""


def stated(folder: Path) -> None:
    """Ten million stated percentages, numbers and text, counted as ranks are: what each count takes by itself."""
    path = folder / "judgments.parquet"
    duckdb.connect().execute(STATED.format(reps=N_REPS, rows=10 * MILLION, path=path))

    def read(**more: str) -> Judgments:
        columns = COLUMNS | more
        return Judgments.from_frame(path, scale=SCALE, as_of=AS_OF, columns=columns, check_duplicates=False)

    ways: Ways = {
        "ranks": lambda: int(read().duration_counts().n.sum()),
        "ranks and percentages": lambda: both(read(stated_prob="win")),
        "ranks and percentages as text": lambda: both(read(stated_prob="win_text")),
    }
    compare("stated", ways, repeats=3)


def both(judgments: Judgments) -> int:
    """Ranks counted, then the percentages of the same rows."""
    judgments.duration_counts()
    return int(judgments.stated_counts().n.sum())


PARTS: dict[str, Callable[[Path], None]] = {
    "parquet": parquet, "folders": folders, "csv": csv, "postgres": postgres, "history": history, "stated": stated,
}  # fmt: skip


def main() -> None:
    """Make the rows of each part, and count them each way in turns."""
    for part in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory(prefix="calibra-bench-") as folder:
            PARTS[part](Path(folder))


if __name__ == "__main__":
    main()
