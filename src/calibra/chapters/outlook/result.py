"""The outlook: draws of what comes by period, tables and chances read off them, what is left out, and the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.outlook.ahead import LeftOut
from calibra.chapters.outlook.back_test import DO_NOT_USE, OutlookBackTest
from calibra.chapters.outlook.foresee import AMOUNT, OPPORTUNITIES, TODAY, WINS
from calibra.errors import InputError, check_number
from calibra.plotted import Plotted
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import brief, make_table
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

IN_ALL = "in all"
"""What stands for the period in rows over all of them."""
THINGS = (OPPORTUNITIES, WINS, AMOUNT)


@dataclass(frozen=True, slots=True, eq=False)
class Outlook(Plotted):
    """What comes of what is open today, by period."""

    picture: ClassVar[str] = "plot_outlook"
    shown: ClassVar[str] = "totals"

    __repr__ = brief

    as_of: date
    """Snapshot date."""
    by: str
    """Kind of the periods."""
    until: tuple[date, ...]
    """Last day of each period; the first begins on the day after the snapshot."""
    reps: tuple[str, ...]
    """Rep labels."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    draws: Mapping[str, Floats]
    """"what, from what" to draws of all reps together, (draw, period, rank)."""
    of_reps: Mapping[str, Floats]
    """The same names to estimate, lower, upper and P(none) of each rep, (4, rep, period + 1), all periods last."""
    interval_prob: float
    """Level of the reps' intervals."""
    left_out: Mapping[str, LeftOut]
    """"prospects" and "opportunities": who is open, and of whom nothing is said."""
    swing: float
    """Standard deviation of the effect of a month that is good or bad for everybody, as learned."""
    amount_refused: bool
    """Whether no amount is given because the mean of the wins so far is not to be trusted."""
    target: Mapping[str, float]
    """What is wanted of all periods together; empty where nothing was said."""
    back_test: OutlookBackTest | None = None
    """How the same has done in past months; None where too few of them are there."""

    @property
    def things(self) -> tuple[str, ...]:
        """What is foreseen: opportunities, and wins and amount where they are known."""
        return tuple(of for of in THINGS if key_of(of, TODAY) in self.draws)

    def verdict(self, of: str = OPPORTUNITIES) -> str:
        """What the past months say: "used", "not checked" or "do not use"."""
        return "not checked" if self.back_test is None else self.back_test.verdict(of)

    def total_draws(self, of: str = OPPORTUNITIES, source: str = TODAY) -> Floats:
        """Draws of all reps and ranks together over all periods, (draw,)."""
        key = key_of(of, source)
        if key not in self.draws:
            known = ", ".join(map(repr, self.things))
            more = " Wins need the role `won_at`, amounts a `value_fit`." if of in THINGS else ""
            raise InputError(f"`of` must be one of {known}; got {of!r}.{more}")
        return np.asarray(self.draws[key].sum(axis=(1, 2)))

    def chance_of(self, target: float, *, of: str = OPPORTUNITIES) -> float:
        """How likely do all periods together bring at least so many, or so much, from what is open today?

        Not valid where the verdict is "do not use": then it is refused.
        """
        check_number(target, "target")
        drawn = self.total_draws(of)
        if self.verdict(of) == DO_NOT_USE:
            raise InputError(f"The outlook of {of} failed on past months (see `back_test`): no chance is read off it.")
        return float((drawn >= target).mean())

    def totals(self, by: str = "period", *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """What comes, by period?

        Totals are sums of the same draws; their intervals are no sums of intervals.

        Parameters
        ----------
        by : {"period", "rank", "rep"}
            What to tell apart beside the periods; the name of the period ("month") is "period".
        interval_prob : float
            Level of the intervals of all reps; those of reps stay at the level the outlook was made with.

        Returns
        -------
        pandas.DataFrame
            `until` (the last day of the period, or "in all"); `of`: opportunities, wins, amount; `source`: all that is
            open today, and its parts, or new judgments; `rep`, `rank`; `estimate` (median), `lower`, `upper`;
            `prob_zero`, the chance of none; `verdict` of the past months.
        """
        wanted = "period" if by == self.by else by
        if wanted not in ("period", "rank", "rep"):
            raise InputError(f'`by` must be "period", "rank" or "rep"; got {by!r}.')
        rows = self._of_reps() if wanted == "rep" else self._of_all(interval_prob, by_rank=wanted == "rank")
        names = ("until", "of", "source", "rep", "rank", "estimate", "lower", "upper", "prob_zero", "verdict")
        columns = {name: np.array([row[i] for row in rows], dtype=object) for i, name in enumerate(names)}
        columns |= {name: columns[name].astype(float) for name in names[5:9]}
        table = make_table(columns)
        table.attrs.update(interval_prob=self.interval_prob if wanted == "rep" else interval_prob)
        return table

    def _untils(self) -> list[str]:
        return [*map(str, self.until), IN_ALL]

    def _of_all(self, interval_prob: float, *, by_rank: bool) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for key, drawn in self.draws.items():
            of, source = key.split(", ")
            every = drawn if by_rank else drawn.sum(axis=2, keepdims=True)
            every = np.concatenate([every, every.sum(axis=1, keepdims=True)], axis=1)
            found, middle, none = equal_tailed(every, interval_prob=interval_prob), np.median(every, axis=0), every == 0
            labels = self.ranks if by_rank else (ALL_RANKS,)
            for p, until in enumerate(self._untils()):
                for k, rank in enumerate(labels):
                    ends = (middle[p, k], found.lower[p, k], found.upper[p, k], none[:, p, k].mean())
                    rows.append((until, of, source, ALL_REPS, rank, *ends, self.verdict(of)))
        return rows

    def _of_reps(self) -> list[tuple[Any, ...]]:
        return [
            (until, *key.split(", "), rep, ALL_RANKS, *found[:, r, p], self.verdict(key.split(", ")[0]))
            for key, found in self.of_reps.items()
            for r, rep in enumerate(self.reps)
            for p, until in enumerate(self._untils())
        ]


def read_target(target: object) -> dict[str, float]:
    """What is wanted, of what it is wanted; nothing where nothing is said."""
    if target is None:
        return {}
    if not isinstance(target, Mapping) or not target or any(of not in THINGS for of in target):
        known = ", ".join(map(repr, THINGS))
        raise InputError(
            f'`sales_target` must say of what, such as {{"opportunities": 120}}, of {known}; got {target!r}.'
        )
    for of, wanted in target.items():
        check_number(wanted, f"sales_target[{of!r}]")
    return {of: float(wanted) for of, wanted in target.items()}


def key_of(of: str, source: str) -> str:
    """Name under which draws are kept."""
    return f"{of}, {source}"


def summarise_reps(drawn: Floats, interval_prob: float) -> Floats:
    """Estimate, lower, upper and P(none), (4, rep, period + 1), of draws (draw, period, rep, rank)."""
    every = drawn.sum(axis=3)
    every = np.concatenate([every, every.sum(axis=1, keepdims=True)], axis=1)
    found = equal_tailed(every, interval_prob=interval_prob)
    parts = (np.median(every, axis=0), found.lower, found.upper, (every == 0).mean(axis=0))
    return np.stack([np.asarray(part).T for part in parts])
