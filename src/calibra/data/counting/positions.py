"""Judgments on the clock that the rep set: days since the judgment over the days until the stated date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.counting.counts import EVENT, EXIT, OPEN
from calibra.data.counting.labels import encode
from calibra.data.counting.packed import whole_numbers
from calibra.data.counting.rows import ONE_AT_A_TIME, CheckedRows, rank_codes
from calibra.data.counting.tabulate import IntArray
from calibra.data.frames.dates import with_days
from calibra.data.frames.open import collect
from calibra.errors import InputError, NotEnoughDataError
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

EXPECTED_AT = "expected_at"
"""The role: the day for which the rep expects the event."""
LENGTHS_DAYS = (30, 90, 180)
"""Last day of each class of stated lengths; the last class has none."""
LENGTHS = ("to 30", "31 to 90", "91 to 180", "above 180")
"""Classes of stated lengths in days."""
PER_CENT = 100
_SIXTHS = 6  # of a day: an open judgment is seen to the end of its day, what ends on the first day came a third in
_ENDINGS = 4


@dataclass(frozen=True, slots=True, eq=False)
class PositionCells:
    """How long was whom followed, in stated lengths, and what came, per rep, rank, class of length and interval?

    A judgment whose event is expected in D days stands on day d at d/D: 1 is the stated date. Days are read as in
    `DurationCounts.exposure_cells`: an ending on day d stands at d, an open judgment is followed to the end of its
    last day. An edge belongs to the interval it ends. Past the last edge nothing enters.
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: axis 0 of the arrays."""
    ranks: tuple[str, ...]
    """Rank labels, best first: axis 1."""
    edges: Floats
    """Last position of each interval, in stated lengths, shape (J,)."""
    n: IntArray
    """Judgments with a stated date after their day, shape (R, K, 4)."""
    exposure: Floats
    """Stated lengths under observation, shape (R, K, 4, J)."""
    events: IntArray
    """Events, shape (R, K, 4, J)."""
    exits: IntArray
    """Competing exits, hand-backs among them, shape (R, K, 4, J)."""
    n_reached: IntArray
    """Judgments followed to the start of each interval or beyond, open or not ended before it, shape (J + 1,)."""
    n_not_stated: int
    """Judgments without a stated date."""
    n_at_once: int
    """Judgments whose event was stated for their own day or an earlier one."""
    usual_days: int
    """The commonest stated length."""
    n_usual: int
    """Judgments that state it."""
    n_on_the_day: int
    """Events on the stated date itself."""
    as_of: date
    """Snapshot date."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per cell and interval: rep, rank, stated_days, to_position, exposure, events, exits."""
        shape = self.exposure.shape
        rep, rank, length, interval = np.indices(shape).reshape(4, -1)
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[rep],
            "rank": np.array(self.ranks, dtype=object)[rank],
            "stated_days": np.array(LENGTHS, dtype=object)[length],
            "to_position": self.edges[interval],
            "exposure": self.exposure.ravel(),
            "events": self.events.ravel(),
            "exits": self.exits.ravel(),
        }
        return make_table(columns)

    def merged(self, edges: Sequence[float]) -> PositionCells:
        """The same cells with some of the edges only, the last one among them or left out with what lies past it."""
        ends = [int(np.flatnonzero(np.isclose(self.edges, edge))[0]) + 1 for edge in edges]
        starts = [0, *ends[:-1]]

        def joined[Number: (np.float64, np.int64)](values: NDArray[Number]) -> NDArray[Number]:
            parts = [values[..., first:end].sum(axis=-1) for first, end in zip(starts, ends, strict=True)]
            return np.stack(parts, axis=-1)

        used, reached = self.edges[[end - 1 for end in ends]], self.n_reached[[0, *ends]]
        sums = {"exposure": joined(self.exposure), "events": joined(self.events), "exits": joined(self.exits)}
        return replace(self, edges=used, n_reached=reached, **sums)  # type: ignore[arg-type]


def count_positions(checked: CheckedRows, reps: tuple[str, ...], edges: Sequence[float]) -> PositionCells:
    """Person-time, events and exits on the stated clock; one scan and one group-by of the good rows.

    A re-rank ends nothing: the date was stated of the prospect. A hand-back is an exit.

    Parameters
    ----------
    edges : sequence of float
        Increasing, in stated lengths, whole per cents.

    Raises
    ------
    InputError
        Judgments without the column.
    NotEnoughDataError
        A column without any value.
    """
    plan = replace(checked.plan, to_rerank=False)
    if EXPECTED_AT not in plan.opened.roles.columns:
        raise InputError(
            f"No column is mapped as `{EXPECTED_AT}`, the day for which the rep expects the event. Map it."
        )
    if EXPECTED_AT not in plan.present:
        raise NotEnoughDataError(f"No judgment states a date: the column of `{EXPECTED_AT}` holds no value. Fill it.")
    cuts = np.rint(PER_CENT * np.asarray(edges, dtype=float)).astype(int)
    with ONE_AT_A_TIME:
        good = with_days(checked.good_rows(plan, ()), [EXPECTED_AT], plan.opened.schema)
        late = "entered_at" in plan.present
        good = _placed(good, cuts.tolist(), late=late)
        found = collect(
            good.group_by("rep", "rank", "position_key").agg(
                nw.len().cast(nw.Int64).alias("n"),
                nw.col("end_position").sum().alias("ends"),
                *([nw.col("start_position").sum().alias("starts")] if late else []),
            )
        )
        usual = collect(
            good.filter(nw.col("stated_days") > 0)
            .group_by("stated_days")
            .agg(
                nw.len().cast(nw.Int64).alias("n"),
                nw.when(_is_on_the_day()).then(nw.lit(1)).otherwise(nw.lit(0)).sum().cast(nw.Int64).alias("on_the_day"),
            )
        )
        plan.opened.let_go()
    return _read(checked, reps, cuts, found, usual)


def _is_on_the_day() -> nw.Expr:
    return nw.col("code") == nw.col("stated_days") * _ENDINGS + EVENT


def _placed(good: nw.LazyFrame[Any], cuts: Sequence[int], *, late: bool) -> nw.LazyFrame[Any]:
    """The rows with their position at the start and at the end, and a key of class, intervals and ending.

    Positions are compared as whole numbers, so that an event at 1.2 stated lengths stands at the edge 1.2.
    """
    days = (nw.col("code") / _ENDINGS).floor().cast(nw.Int64)
    entry = nw.col("entry_days") if late else nw.lit(0)
    frame = good.with_columns(
        stated_days=(nw.col("expected_day") - nw.col("judged_day")).fill_null(_NOT_STATED).cast(nw.Int64),
        followed_days=days,
        first_day=entry.cast(nw.Int64),
    )
    frame = frame.with_columns(ending=nw.col("code") - nw.col("followed_days") * _ENDINGS)
    on_entry = nw.col("followed_days") == nw.col("first_day")
    more = nw.when(nw.col("ending") == OPEN).then(nw.lit(3)).otherwise(nw.when(on_entry).then(2).otherwise(0))
    length = nw.when(nw.col("stated_days") > 0).then(nw.col("stated_days")).otherwise(nw.lit(1))
    frame = frame.with_columns(
        end_sixths=nw.col("followed_days") * _SIXTHS + more, start_sixths=nw.col("first_day") * _SIXTHS, length=length
    )
    place, start = (_interval(name, cuts, ends=name == "end_sixths") for name in ("end_sixths", "start_sixths"))
    of_length = sum((_one_if(nw.col("length") > last) for last in LENGTHS_DAYS[1:]), _one_if(nw.col("length") > 30))
    n_places = len(cuts) + 1
    key = ((of_length * n_places + place) * n_places + start) * _ENDINGS + nw.col("ending")
    at_once = nw.when(nw.col("stated_days") == _NOT_STATED).then(nw.lit(_NO_DATE)).otherwise(nw.lit(_AT_ONCE))
    return frame.with_columns(
        position_key=nw.when(nw.col("stated_days") > 0).then(key).otherwise(at_once).cast(nw.Int64),
        end_position=nw.col("end_sixths").cast(nw.Float64) / (nw.col("length") * _SIXTHS),
        start_position=nw.col("start_sixths").cast(nw.Float64) / (nw.col("length") * _SIXTHS),
    )


_NOT_STATED = -(2**30)
_NO_DATE, _AT_ONCE = -1, -2


def _one_if(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def _interval(sixths: str, cuts: Sequence[int], *, ends: bool) -> nw.Expr:
    """Index of the interval: an end at an edge belongs to the interval before it, a start to the one after."""
    position = nw.col(sixths) * PER_CENT
    passed = [
        _one_if(
            position > nw.col("length") * (_SIXTHS * cut) if ends else position >= nw.col("length") * (_SIXTHS * cut)
        )
        for cut in cuts
    ]
    return sum(passed[1:], passed[0])


def _read(
    checked: CheckedRows,
    reps: tuple[str, ...],
    cuts: IntArray,
    found: nw.DataFrame[Any],
    usual: nw.DataFrame[Any],
) -> PositionCells:
    """The cells of what was counted."""
    labels, place_of = encode(found["rep"]), {rep: i for i, rep in enumerate(reps)}
    rep = np.array([*(place_of[label] for label in labels.values), -1], dtype=np.int64)[labels.codes]
    rank, key = rank_codes(encode(found["rank"]), checked.choices), whole_numbers(found["position_key"])
    n = whole_numbers(found["n"])
    if "entered_at" not in checked.plan.present:  # else other rows are sound where endings are followed through
        checked.first.check_judgments(int(n.sum()))
    stated = key >= 0
    ends, starts = (_floats(found, name)[stated] for name in ("ends", "starts"))
    spells = _Spells(key[stated], n[stated], ends, starts, len(cuts))
    cell = (rep[stated], rank[stated], spells.length)
    shape = (len(reps), len(checked.choices.scale.ranks), len(LENGTHS))

    def add(values: NDArray[Any], chosen: NDArray[np.bool_] | slice = slice(None)) -> NDArray[Any]:
        total = np.zeros(shape, dtype=values.dtype)
        np.add.at(total, tuple(axis[chosen] for axis in cell), values[chosen])
        return total

    bounds = np.concatenate([[0.0], cuts / PER_CENT])
    intervals = range(len(cuts))
    events, exits = (
        np.stack([add(spells.n, (spells.place == j) & (spells.ending == how)) for j in intervals], axis=-1)
        for how in (EVENT, EXIT)
    )
    days, n_days, on_the_day = (whole_numbers(usual[name]) for name in ("stated_days", "n", "on_the_day"))
    commonest = int(np.argmax(n_days)) if n_days.size else 0
    return PositionCells(
        reps,
        checked.choices.scale.ranks,
        cuts / PER_CENT,
        add(spells.n),
        np.stack([add(spells.followed(j, bounds[j], bounds[j + 1])) for j in intervals], axis=-1),
        events,
        exits,
        n_reached=np.array([spells.n[spells.place >= j].sum() for j in range(len(bounds))], dtype=np.int64),
        n_not_stated=int(n[key == _NO_DATE].sum()),
        n_at_once=int(n[key == _AT_ONCE].sum()),
        usual_days=int(days[commonest]) if n_days.size else 0,
        n_usual=int(n_days[commonest]) if n_days.size else 0,
        n_on_the_day=int(on_the_day.sum()),
        as_of=date.fromordinal(checked.plan.as_of_day),
    )


def _floats(found: nw.DataFrame[Any], name: str) -> Floats:
    if name not in found.columns:
        return np.zeros(len(found))
    return found[name].fill_null(0.0).to_numpy().astype(float)


class _Spells:
    """What one group of the count says of its judgments: where they came in, where they went out and how."""

    def __init__(self, key: IntArray, n: IntArray, ends: Floats, starts: Floats, n_intervals: int) -> None:
        self.n, self.ends, self.starts = n, ends, starts
        rest, self.ending = np.divmod(key, _ENDINGS)
        rest, self.start = np.divmod(rest, n_intervals + 1)
        self.length, self.place = np.divmod(rest, n_intervals + 1)

    def followed(self, interval: int, lower: float, upper: float) -> Floats:
        """Stated lengths under observation within an interval, all judgments of each group together."""
        begin = np.where(self.start == interval, self.starts, self.n * lower)
        end = np.where(self.place == interval, self.ends, self.n * upper)
        inside = (self.start <= interval) & (self.place >= interval)
        return np.where(inside, np.maximum(end - begin, 0.0), 0.0)
