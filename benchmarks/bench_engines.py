"""Duration counts on every engine, checks included, against a DuckDB GROUP BY of the same Parquet file written by hand.

Every count runs in a process of its own, the ways in turns: wall and CPU seconds of the count alone, and the most
memory the process held (of Spark and PostgreSQL, which count in processes of their own, that is the caller's part).
Run it with `python benchmarks/bench_engines.py [million rows] [way …]`; without ways, all of them up to 20 million
rows, and beyond that those that read the file where it lies.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import duckdb
from bench_counts import AS_OF, BY_HAND, N_REPS, SCALE, WORLD

PROJECT = Path(__file__).resolve().parents[1]
COLUMNS = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened",
           "exit_at": "left_at"}  # fmt: skip
REPEATS = 3
IN_PLACE = ("by hand", "Parquet", "polars, lazy over Parquet")
"""Ways whose memory does not grow with the rows; the first is what the others are compared with."""


def by_hand(path: str) -> Any:
    return duckdb.connect(), lambda connection: connection.sql(BY_HAND.format(as_of=AS_OF, path=path)).fetchnumpy()


def pandas_frame(path: str) -> Any:
    import pandas as pd

    return pd.read_parquet(path)


def polars_frame(path: str) -> Any:
    import polars as pl

    return pl.read_parquet(path)


def polars_lazy(path: str) -> Any:
    import polars as pl

    return pl.scan_parquet(path)


def arrow_table(path: str) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(path)


def duckdb_table(path: str) -> Any:
    connection = duckdb.connect()
    connection.read_parquet(path).create("judgments")
    return connection.table("judgments")


def ibis_duckdb(path: str) -> Any:
    import ibis

    return ibis.duckdb.connect().read_parquet(path)


def ibis_postgres(path: str) -> Any:
    """A table on the server that the parent process started: its URL stands beside the file."""
    import ibis

    connection = ibis.connect(Path(path).with_suffix(".url").read_text())
    return connection.table("judgments")


def spark_frame(path: str) -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.memory", "4g").config("spark.sql.shuffle.partitions", "4")
    session = (
        builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    return session.read.parquet(path)


WAYS: dict[str, Callable[[str], Any]] = {
    "by hand": by_hand,
    "Parquet": lambda path: path,
    "polars, lazy over Parquet": polars_lazy,
    "DuckDB table": duckdb_table,
    "pandas": pandas_frame,
    "pyarrow": arrow_table,
    "polars": polars_frame,
    "Ibis on DuckDB": ibis_duckdb,
    "Ibis on PostgreSQL": ibis_postgres,
    "PySpark": spark_frame,
}
"""Way to what it counts; making that is not timed, for those that have it in memory already."""


def count_once(way: str, path: str) -> None:
    """In a process of its own: count, and print seconds, memory and the sum of the counts."""
    made = WAYS[way](path)
    from calibra.data.counting.judgments import Judgments

    start, cpu = time.perf_counter(), time.process_time()
    if way == "by hand":
        connection, count = made
        found = count(connection)
        cells, total = len(found["n"]), int(found["n"].sum())
    else:
        judgments = Judgments.from_frame(made, scale=SCALE, as_of=AS_OF, columns=COLUMNS, check_duplicates=False)
        counts = judgments.duration_counts()
        cells, total = counts.n.size, int(counts.n.sum())
    taken = {
        "wall": time.perf_counter() - start, "cpu": time.process_time() - cpu, "cells": cells, "total": total,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip
    print("MEASURED " + json.dumps(taken))


def measure(way: str, path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--once", way, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("MEASURED "))
    measured: dict[str, float] = json.loads(line.removeprefix("MEASURED "))
    return measured


def server_url() -> AbstractContextManager[str]:
    """The URL of an empty PostgreSQL database, there until the block ends; `CannotStartError` without one."""
    sys.path.insert(0, str(PROJECT))
    from tests.engines.postgres import private_cluster

    return private_cluster()


@contextmanager
def server(path: Path) -> Iterator[str | None]:
    """PostgreSQL with the rows of the file in a table, or why there is none."""
    sys.path.insert(0, str(PROJECT))
    from tests.engines.postgres import CannotStartError

    try:
        with server_url() as url:
            import psycopg

            with psycopg.connect(url) as connection:
                connection.execute(
                    "CREATE UNLOGGED TABLE judgments (lead bigint, owner text, label text, judged date, opened date,"
                    " left_at date)"
                )
                text = path.with_suffix(".csv")
                duckdb.connect().execute(f"COPY (FROM '{path}') TO '{text}' (HEADER false)")
                with (
                    text.open("rb") as rows,
                    connection.cursor().copy("COPY judgments FROM STDIN (FORMAT csv)") as copy,
                ):
                    shutil.copyfileobj(rows, copy)
                text.unlink()
                connection.execute("ANALYZE judgments")
            path.with_suffix(".url").write_text(url)
            yield None
    except CannotStartError as reason:
        yield str(reason)


def compare(path: Path, ways: Sequence[str]) -> None:
    """Every way in turns, and a line of a table for each."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for way in [way for _ in range(REPEATS) for way in ways]:
        found[way].append(measure(way, path))
        print(f"# {way}: {found[way][-1]}", file=sys.stderr, flush=True)
    hand = found[ways[0]]
    print("| way | wall, s (median of the turns) | × | least wall, s | × | CPU, s (least) | × | peak memory, MB |")
    print("|---|---|---|---|---|---|---|---|")
    for way, taken in found.items():
        same = all((one["cells"], one["total"]) == (hand[0]["cells"], hand[0]["total"]) for one in taken)
        cells = [way if same else f"{way} (OTHER COUNTS)"]
        for pick, name in ((statistics.median, "wall"), (min, "wall"), (min, "cpu")):
            value, base = pick([one[name] for one in taken]), pick([one[name] for one in hand])
            cells += [f"{value:.2f}", f"{value / base:.2f}"]
        cells.append(f"{max(one['peak_mb'] for one in taken):.0f}")
        print(f"| {' | '.join(cells)} |")


def main() -> None:
    """Make the file, count it every way."""
    if sys.argv[1:2] == ["--once"]:
        count_once(*sys.argv[2:4])
        return
    million = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    ways = sys.argv[2:] or list(WAYS if million <= 20 else IN_PLACE)
    with tempfile.TemporaryDirectory(prefix="calibra-bench-") as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "judgments.parquet"
        duckdb.connect().execute(WORLD.format(reps=N_REPS, rows=int(million * 1e6), path=path))
        chosen = ["by hand", *(way for way in ways if way != "by hand")]
        if "Ibis on PostgreSQL" not in chosen:
            compare(path, chosen)
            return
        with server(path) as reason:
            if reason:
                print(f"Without PostgreSQL: {reason}")
                chosen.remove("Ibis on PostgreSQL")
            compare(path, chosen)


if __name__ == "__main__":
    main()
