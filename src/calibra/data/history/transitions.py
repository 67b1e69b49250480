"""How ranks move: entry ranks, upgrades and downgrades, and how soon before the event the last upgrade came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.counting.labels import encode
from calibra.data.counting.problems import FINE
from calibra.data.frames.open import collect
from calibra.data.history.log import BY_EVENT, CLEARED, Log
from calibra.tables import brief, make_table
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """Which ranks do prospects enter with, how are they moved, and do moves come before events or with them?

    Ranks that follow events tell nothing of events to come. Where most last upgrades lie within days of the event, or
    come after it, the later ranks are a record of what was already known: judge by the entry rank (`mode="first"`).
    """

    __repr__ = brief

    ranks: tuple[str, ...]
    """Rank labels, best first."""
    reps: tuple[str, ...]
    """Reps who gave ranks, sorted: axis 0."""
    as_of: date
    """Snapshot date."""
    entries: IntArray
    """Entry ranks given, shape (R, K): one per prospect."""
    reentries: IntArray
    """Ranks given anew after a cleared rank, or after one that was set aside, shape (R, K)."""
    moves: IntArray
    """Moves from a rank to a rank, by the rep who made the move, shape (R, K, K)."""
    cleared: IntArray
    """Ranks taken away, by the rank taken, shape (K,)."""
    n_events: int
    """Prospects ranked before their event."""
    upgrade_days: IntArray
    """Days from the last upgrade to the event, increasing."""
    upgrade_n: IntArray
    """Prospects with so many days; shape of `upgrade_days`. Events without an upgrade are in neither."""
    entry_days: IntArray
    """Days from the entry rank to the event, increasing."""
    entry_n: IntArray
    """Prospects with so many days; shape of `entry_days`."""
    late_days: IntArray
    """Days after the event on which ranks were written, increasing."""
    late_n: IntArray
    """Ranks written so many days after the event, in no other number here; shape of `late_days`."""

    @property
    def n_upgrades(self) -> int:
        """Moves to a better rank."""
        return int(sum(np.tril(by_rep, -1).sum() for by_rep in self.moves))

    @property
    def n_downgrades(self) -> int:
        """Moves to a worse rank."""
        return int(sum(np.triu(by_rep, 1).sum() for by_rep in self.moves))

    def n_upgraded_within(self, within_days: int) -> int:
        """How many prospects had their last upgrade at most so many days before the event?"""
        return int(self.upgrade_n[self.upgrade_days <= within_days].sum())

    @property
    def median_upgrade_days(self) -> float:
        """Median days from the last upgrade to the event; NaN where no event followed one."""
        return _median(self.upgrade_days, self.upgrade_n)

    @property
    def median_entry_days(self) -> float:
        """Median days from the entry rank to the event; NaN where there is no event."""
        return _median(self.entry_days, self.entry_n)

    @property
    def table(self) -> pd.DataFrame:
        """One row per rank left or entered with, all reps: rank, entries, reentries, to_<rank> …, cleared."""
        moves = self.moves.sum(axis=0)
        columns: dict[str, ArrayLike] = {
            "rank": list(self.ranks),
            "entries": self.entries.sum(axis=0),
            "reentries": self.reentries.sum(axis=0),
        }
        columns |= {f"to_{rank}": moves[:, k] for k, rank in enumerate(self.ranks)}
        return make_table(columns | {"cleared": self.cleared})

    @property
    def by_rep(self) -> pd.DataFrame:
        """One row per rep who gave ranks: rep, entries, reentries, upgrades, downgrades."""
        upgrades = [int(np.tril(by_rep, -1).sum()) for by_rep in self.moves]
        downgrades = [int(np.triu(by_rep, 1).sum()) for by_rep in self.moves]
        return make_table(
            {
                "rep": list(self.reps),
                "entries": self.entries.sum(axis=1),
                "reentries": self.reentries.sum(axis=1),
                "upgrades": np.array(upgrades, dtype=np.int64),
                "downgrades": np.array(downgrades, dtype=np.int64),
            }
        )

    @property
    def days_to_event(self) -> pd.DataFrame:
        """One row per number of days: days, n_upgraded (last upgrade to event), n_entered (entry rank to event)."""
        days = np.union1d(self.upgrade_days, self.entry_days)
        told = [
            np.array([n[at == day].sum() for day in days], dtype=np.int64)
            for at, n in ((self.upgrade_days, self.upgrade_n), (self.entry_days, self.entry_n))
        ]
        return make_table({"days": days, "n_upgraded": told[0], "n_entered": told[1]})

    def __str__(self) -> str:
        """The moves, to be read."""
        n, upgraded = int(self.entries.sum()), int(self.upgrade_n.sum())
        lines = [
            f"{counted(n, 'entry rank')}, {counted(self.n_upgrades, 'upgrade')}, "
            f"{counted(self.n_downgrades, 'downgrade')}, {counted(self.cleared.sum(), 'rank')} taken away, "
            f"{int(self.reentries.sum())} given anew; as of {self.as_of}.",
            "",
            self.table.to_string(index=False),
            "",
            f"{self.n_events} of the {counted(n, 'prospect')} had an event; {upgraded} of these "
            f"{'was' if upgraded == 1 else 'were'} upgraded before it.",
        ]
        if self.n_events:
            lines.append(f"Entry rank to event: median {self.median_entry_days:g} days (n = {self.n_events}).")
        if upgraded:
            within = ", ".join(f"{self.n_upgraded_within(days)} within {days} days" for days in (7, 30, 90))
            lines.append(f"Last upgrade to event: median {self.median_upgrade_days:g} days; {within} (n = {upgraded}).")
        late, soon = int(self.late_n.sum()), int(self.late_n[self.late_days <= 7].sum())
        lines.append(f"Ranks written after the event: {late}, of these {soon} within 7 days.")
        return "\n".join(lines)


def count_transitions(log: Log, ranks: tuple[str, ...], late: tuple[IntArray, IntArray]) -> Transitions:
    """The moves of a checked log: one query for the moves, one for the days to the event."""
    timely = log.spells().filter((nw.col("problem") == FINE) & (nw.col("hindsight") == 0))
    first = nw.when(nw.col("previous").is_null()).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64)
    keyed = timely.with_columns(first.alias("entry"), nw.col("previous").fill_null(CLEARED).alias("before"))
    table = collect(keyed.group_by("rep", "entry", "before", "code").agg(nw.len().cast(nw.Int64).alias("n")))
    entry, before, code, n = (
        np.array(table[name].to_list(), dtype=np.int64) for name in ("entry", "before", "code", "n")
    )
    labels = encode(table["rep"])
    gave = np.isin(np.arange(len(labels.values)), labels.codes[code >= 0])
    reps = tuple(rep for rep, kept in zip(labels.values, gave, strict=True) if kept)
    place = np.append(np.cumsum(gave) - 1, -1)[labels.codes]
    shape = (len(reps), len(ranks), len(ranks))
    entries, reentries = np.zeros(shape[:2], dtype=np.int64), np.zeros(shape[:2], dtype=np.int64)
    moves, cleared = np.zeros(shape, dtype=np.int64), np.zeros(len(ranks), dtype=np.int64)
    given = code >= 0
    np.add.at(entries, (place[given & (entry == 1)], code[given & (entry == 1)]), n[given & (entry == 1)])
    anew = given & (entry == 0) & (before < 0)
    np.add.at(reentries, (place[anew], code[anew]), n[anew])
    moved = given & (before >= 0)
    np.add.at(moves, (place[moved], before[moved], code[moved]), n[moved])
    taken = (code == CLEARED) & (before >= 0)
    np.add.at(cleared, before[taken], n[taken])
    days = _days_to_event(timely)
    as_of = date.fromordinal(log.as_of_day)
    n_events = int(days["entry"][1].sum())
    return Transitions(
        ranks, reps, as_of, entries, reentries, moves, cleared, n_events, *days["upgrade"], *days["entry"], *late
    )


def _days_to_event(timely: nw.LazyFrame[Any]) -> Mapping[str, tuple[IntArray, IntArray]]:
    """Days from the entry rank, and from the last upgrade, to the event: days to number of prospects."""
    before, code = nw.col("previous"), nw.col("code")
    chosen = {
        "entry": before.is_null() & (code >= 0),
        "upgrade": (before >= 0) & (code >= 0) & (code < before),
    }
    ahead = (nw.col("ended_day") - nw.col("day")).cast(nw.Int64)
    dated = timely.filter(nw.col("ended_by") == BY_EVENT).with_columns(
        *(nw.when(rows).then(ahead).alias(name) for name, rows in chosen.items())
    )
    last = dated.group_by("prospect").agg(*(nw.col(name).min() for name in chosen))
    table = collect(last.group_by(*chosen).agg(nw.len().cast(nw.Int64).alias("n")))
    n = np.array(table["n"].to_list(), dtype=np.int64)
    found = {}
    for name in chosen:
        days = np.array([-1 if day is None or day != day else int(day) for day in table[name].to_list()])
        at, place = np.unique(days[days >= 0], return_inverse=True)
        found[name] = (at.astype(np.int64), np.bincount(place, n[days >= 0], at.size).astype(np.int64))
    return found


def _median(days: IntArray, n: IntArray) -> float:
    """Median of days that come so often; NaN of none."""
    return float(np.median(np.repeat(days, n))) if n.sum() else float("nan")
