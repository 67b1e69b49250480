"""Five hundred and more small tables, drawn at random, in every local engine: counts of the test's own, or an error."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import calibra as cb
from calibra.data.counting.judgments import Judgments
from calibra.errors import InputError
from tests.fuzz.cases import TIMES

AS_OF = date(2026, 6, 30)
ZONE = "Asia/Tokyo"
COLUMNS = {"prospect": "id", "rep": "rep", "rank": "rank", "judged_at": "judged", "event_at": "won", "exit_at": "gone"}
SCALE = cb.RankScale(["1", "2", "3"])
BATCHES, TABLES = 9 * TIMES, 15
"""135 tables in each of four engines, 540 in all; TIMES as many in `make fuzz`."""


def as_moment(days: list[date | None], rng: np.random.Generator) -> list[datetime | None]:
    """Moments of those days in Tokyo."""
    at = [time(int(hour), 30, tzinfo=ZoneInfo(ZONE)) for hour in rng.integers(0, 24, len(days))]
    return [None if day is None else datetime.combine(day, hour) for day, hour in zip(days, at, strict=True)]


def in_utc(days: list[date | None], rng: np.random.Generator) -> pa.Array:
    moments = [None if at is None else at.astimezone(UTC) for at in as_moment(days, rng)]
    return pa.array(moments, pa.timestamp("us", "UTC"))


def text_of(days: list[date | None], form: str, empty: str | None) -> pa.Array:
    return pa.array([empty if day is None else day.strftime(form) for day in days], pa.string())


DAYS: dict[str, Any] = {
    "dates": lambda days, rng: pa.array(days, pa.date32()),
    "moments": lambda days, rng: pa.array(days, pa.date32()).cast(pa.timestamp("ms")),
    "nanoseconds": lambda days, rng: pa.array(days, pa.date32()).cast(pa.timestamp("ns")),
    "moments with a zone": in_utc,
    "text": lambda days, rng: text_of(days, "%Y-%m-%d", ""),
    "text with slashes": lambda days, rng: text_of(days, "%Y/%-m/%-d", None),
    "text with dots and blanks": lambda days, rng: text_of(days, " %Y.%m.%d ", None),
    "no value": lambda days, rng: pa.nulls(len(days)),
    "whole numbers": lambda days, rng: pa.array([None if day is None else day.toordinal() for day in days], pa.int64()),
    "yes and no": lambda days, rng: pa.array([None if day is None else True for day in days], pa.bool_()),
    "durations": lambda days, rng: pa.array([None if day is None else timedelta(1) for day in days], pa.duration("s")),
}
"""How days are written down; the last three are none."""
NO_DAYS = ("whole numbers", "yes and no", "durations")
LABELS: dict[str, Any] = {
    "whole numbers": lambda numbers: pa.array(numbers, pa.int32()),
    "floats": lambda numbers: pa.array(numbers, pa.float64()),
    "exact decimals": lambda numbers: pa.array([Decimal(n) for n in numbers], pa.decimal128(12, 3)),
    "text": lambda numbers: pa.array(map(str, numbers), pa.string()),
    "categories": lambda numbers: pa.array(map(str, numbers), pa.string()).dictionary_encode(),
}
ENGINES: dict[str, Any] = {
    "pandas": lambda table: table.to_pandas(),
    "polars": lambda table: pl.DataFrame(table),
    "pyarrow": lambda table: table,
    "DuckDB": lambda table: duckdb.connect().from_arrow(table),
}


def draw(rng: np.random.Generator) -> dict[str, list[Any]]:
    """A few judgments whose days are in order."""
    n = int(rng.integers(1, 12))
    judged = [date(2026, 1, 1) + timedelta(int(day)) for day in rng.integers(0, 200, n)]  # some after the snapshot

    def later(share: float) -> list[date | None]:
        return [day + timedelta(int(rng.integers(0, 120))) if rng.random() < share else None for day in judged]

    reps, ranks = rng.integers(0, 12, n).tolist(), rng.integers(1, 4, n).tolist()
    return {"rep": reps, "rank": ranks, "judged": judged, "won": later(0.5), "gone": later(0.3)}


def by_hand(rows: dict[str, list[Any]]) -> dict[tuple[str, str, int, int], int]:
    """Rep, rank, days and ending to number, row by row."""
    found: dict[tuple[str, str, int, int], int] = {}
    for rep, rank, judged, won, gone in zip(*rows.values(), strict=True):
        if judged <= AS_OF:
            ends = [(won, 1), (gone, 2), (AS_OF, 3)]
            day, ending = min((day, kind) for day, kind in ends if day is not None)
            key = (str(rep), str(rank), (day - judged).days, ending)
            found[key] = found.get(key, 0) + 1
    return found


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_table_is_counted_as_by_hand_or_refused_by_column(engine: str, batch: int) -> None:
    rng = np.random.default_rng([7, batch])
    for _ in range(TABLES):
        rows = draw(rng)
        kinds = {name: str(rng.choice(list(DAYS))) for name in ("judged", "won", "gone")}
        kinds["judged"] = str(rng.choice([kind for kind in DAYS if kind != "no value"]))
        labels = {name: str(rng.choice(list(LABELS))) for name in ("rep", "rank")}
        columns = {"id": pa.array([f"p{i}" for i in range(len(rows["rep"]))])}
        columns |= {name: LABELS[kind](rows[name]) for name, kind in labels.items()}
        columns |= {name: DAYS[kind](rows[name], rng) for name, kind in kinds.items()}
        known = {
            name: [None] * len(values) if kinds.get(name) == "no value" else values for name, values in rows.items()
        }
        wrong = [name for name, kind in kinds.items() if kind in NO_DAYS and any(known[name])]
        check(ENGINES[engine](pa.table(columns)), by_hand(known), kinds, wrong)


Cells = dict[tuple[str, str, int, int], int]
"""Rep, rank, days and ending to number."""


def check(frame: Any, expected: Cells, kinds: dict[str, str], wrong: list[str]) -> None:
    """Equal counts; or, where a column holds no days, or moments with a zone stand beside others, the error's words."""
    typed = {kinds[name] for name in kinds}
    apart = "moments with a zone" in typed and typed & {"moments", "nanoseconds"}
    choices: dict[str, Any] = {"scale": SCALE, "as_of": AS_OF, "columns": COLUMNS, "timezone": ZONE}
    if wrong or apart or not expected:
        with pytest.raises(InputError, match=r"judgment|Moments") as refused:
            Judgments.from_frame(frame, **choices)
        told = [f"(column '{name}')" for name in wrong] or ["mixed time zones" if apart else "at least one judgment"]
        assert [words for words in told if words not in str(refused.value)] == []
        return
    judgments = Judgments.from_frame(frame, **choices)
    table = judgments.duration_counts().table
    found = dict(
        zip(table[["rep", "rank", "days", "ending"]].itertuples(index=False, name=None), table["n"], strict=True)
    )
    assert found == expected, kinds
