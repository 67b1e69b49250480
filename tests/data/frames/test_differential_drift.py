"""Tables in several files whose columns drift from one to the next, drawn at random: counts by hand, or an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.errors import InputError
from tests.data.frames.test_differential_types import (
    AS_OF,
    COLUMNS,
    DAYS,
    LABELS,
    NO_DAYS,
    SCALE,
    ZONE,
    by_hand,
    draw,
)
from tests.fuzz.cases import TIMES

BATCHES, TABLES = 4 * TIMES, 15
"""Sixty tables of two to four files, TIMES as many in `make fuzz`, as Parquet and as CSV."""
FAMILIES = {
    "dates": "days", "moments": "days", "nanoseconds": "days", "moments with a zone": "zoned", "text": "text",
    "text with slashes": "text", "text with dots and blanks": "text", "no value": None, "whole numbers": "numbers",
    "yes and no": "yes and no", "durations": "numbers", "floats": "numbers", "exact decimals": "numbers",
    "categories": "text",
}  # fmt: skip
"""Kinds of columns that hold one another's values, by what they are called here; files know no durations."""
DATED = ("judged", "won", "gone")


def parted(rows: dict[str, list[Any]], rng: np.random.Generator) -> list[dict[str, list[Any]]]:
    """The rows in two to four files."""
    n = len(rows["rep"])
    ends = sorted(int(at) for at in rng.integers(0, n + 1, int(rng.integers(1, 4))))
    starts = [0, *ends]
    return [{name: values[a:b] for name, values in rows.items()} for a, b in zip(starts, [*ends, n], strict=True)]


def drifting(kinds: list[str], n_files: int, rng: np.random.Generator) -> list[str]:
    """The kind of a column in each file: mostly of one family, or without a value; at times any other."""
    first = str(rng.choice(kinds))
    alike = [kind for kind in kinds if FAMILIES[kind] in (FAMILIES[first], None)]
    return [str(rng.choice(alike if rng.random() < 0.95 else kinds)) for _ in range(n_files)]


def drawn(rng: np.random.Generator) -> tuple[list[pa.Table], dict[str, list[Any]], list[str]]:
    """The files, all their rows as they should be read, and the columns that cannot be read together."""
    rows = draw(rng)
    rows["rep"], rows["rank"] = rows["rep"] * 3, rows["rank"] * 3  # enough for several files
    for name in DATED:
        rows[name] = rows[name] * 3
    parts = parted(rows, rng)
    days = list(DAYS) if rng.random() < 0.3 else [kind for kind in DAYS if kind not in NO_DAYS]
    plan = {name: drifting(days, len(parts), rng) for name in DATED}
    plan["judged"] = ["dates" if kind == "no value" else kind for kind in plan["judged"]]
    plan |= {name: drifting(list(LABELS), len(parts), rng) for name in ("rep", "rank")}
    lacking = {name: [rng.random() < 0.03 for _ in parts] for name in DATED[1:]}
    tables, first, known = [], 0, {name: list(values) for name, values in rows.items()}
    families: dict[str, set[str]] = {name: set() for name in plan}
    for i, part in enumerate(parts):
        n = len(part["rep"])
        columns = {"id": pa.array([f"p{first + at}" for at in range(n)])}
        for name, kinds in plan.items():
            if kinds[i] == "no value":
                known[name][first : first + n] = [None] * n
            elif any(value is not None for value in part[name]):
                families[name].add(str(FAMILIES[kinds[i]]))
            columns[name] = LABELS[kinds[i]](part[name]) if name in ("rep", "rank") else DAYS[kinds[i]](part[name], rng)
        kept = [name for name in columns if not lacking.get(name, [False] * len(parts))[i]]
        tables.append(pa.table({str(name): columns[str(name)] for name in rng.permutation(kept)}))
        first += n
    apart = [name for name, found in families.items() if len(found) > 1]
    apart += [name for name, gone in lacking.items() if any(gone)]
    return tables, known, apart


def read(place: Path) -> dict[tuple[str, str, int, int], int]:
    found = Judgments.from_frame(place, scale=SCALE, as_of=AS_OF, columns=COLUMNS, timezone=ZONE)
    table = found.duration_counts().table
    keys = table[["rep", "rank", "days", "ending"]].itertuples(index=False, name=None)
    return dict(zip(keys, table["n"], strict=True))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_table_in_parquet_files_is_counted_as_by_hand_or_refused_by_column(batch: int, tmp_path: Path) -> None:
    rng = np.random.default_rng([11, batch])
    n_counted = n_refused = 0
    for t in range(TABLES):
        tables, known, apart = drawn(rng)
        folder = tmp_path / str(t)
        folder.mkdir()
        for i, table in enumerate(tables):
            pq.write_table(table, folder / f"{i}.parquet")
        try:
            found = read(folder)
        except InputError as refused:
            said = str(refused)
            assert all(f"'{name}'" in said for name in apart), (said, apart)
            assert apart or must_be_refused(said, known, tables), (said, [table.schema for table in tables])
            n_refused += 1
            continue
        assert not apart, (apart, [table.schema for table in tables])
        assert found == by_hand(known), [table.schema for table in tables]
        n_counted += 1
    assert n_counted > 1
    assert n_refused > 1


def must_be_refused(said: str, known: dict[str, list[Any]], tables: list[pa.Table]) -> bool:
    """Whether one table of all the rows would be refused, too: a column of no days, two calendars, nothing at all."""
    kinds = {name: {str(table[name].type) for table in tables if table[name].null_count < len(table)} for name in DATED}
    no_days = [name for name in DATED if any(kind.startswith(("int", "bool", "duration")) for kind in kinds[name])]
    typed = {name: {str(table[name].type) for table in tables if name in table.column_names} for name in DATED}
    zoned = any("tz=" in kind for found in typed.values() for kind in found)  # whether it holds a value or not
    naive = any(kind.startswith("timestamp") and "tz=" not in kind for found in typed.values() for kind in found)
    if no_days:
        return all(f"(column '{name}')" in said for name in no_days)
    return ("mixed time zones" in said and zoned and naive) or not by_hand(known)


@pytest.mark.current  # older releases of pyarrow write fewer types as CSV
@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_table_in_csv_files_is_counted_as_by_hand_or_refused_by_column(batch: int, tmp_path: Path) -> None:
    """There every column is text, so that days in two ways of writing go together."""
    rng = np.random.default_rng([12, batch])
    n_counted = 0
    for t in range(TABLES):
        tables, known, apart = drawn(rng)
        folder = tmp_path / str(t)
        folder.mkdir()
        for i, table in enumerate(tables):
            pacsv.write_csv(table, folder / f"{i}.csv")
        lacking = [name for name in apart if any(name not in table.column_names for table in tables)]
        try:
            found = read(folder)
        except InputError as refused:
            said = str(refused)
            assert lacking or any(kind in said for kind in ("days that exist", "unknown rank", "at least one")), said
            assert all(f"'{name}' must be in every file" in said for name in lacking)
            continue
        assert not lacking
        wanted: dict[tuple[str, int, int], int] = {}
        for (_, rank, days, ending), n in by_hand(known).items():
            wanted[rank, days, ending] = wanted.get((rank, days, ending), 0) + n
        told: dict[tuple[str, int, int], int] = {}
        for (_, rank, days, ending), n in found.items():
            told[rank, days, ending] = told.get((rank, days, ending), 0) + n
        assert told == wanted, [table.schema for table in tables]
        n_counted += 1
    assert n_counted > 0
