"""What moved since a calibration was saved? The same fit again, on the judgments of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.calibration import Calibration, answer_everything, load
from calibra.chapters.drift.overlap import shared_judgments
from calibra.chapters.fitting import Fitting
from calibra.data.counting.judgments import Judgments
from calibra.errors import InputError, check_kind
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB
from calibra.tables import make_table, plain_rows
from calibra.words import counted, listed

if TYPE_CHECKING:
    import pandas as pd

type Cell = tuple[int | None, str, str]

_NAMED = 5
"""Most reps that are named in a line."""
_NUMBERS = ("estimate", "lower", "upper", "n", "events")


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """A saved calibration beside the same fit on other judgments."""

    before: Calibration
    """What was saved."""
    after: Calibration
    """The same settings and seed, on the judgments given."""
    columns: Mapping[str, NDArray[Any]]
    """Column name to values, see `table`."""
    interval_prob: float
    """Level of the intervals."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per horizon, rep (all reps first) and rank.

        `estimate`, `lower`, `upper`, `n`, `events` `_before` and `_after`; `change_points`; `overlap` of the two
        intervals, and `outside`: today's estimate lies outside the interval that was saved. The two share
        judgments, so no probability of a change is stated; `compare` takes judgments of two periods apart.
        """
        table = make_table(dict(self.columns))
        table.attrs["interval_prob"] = self.interval_prob
        return table

    @property
    def n_outside(self) -> int:
        """Estimates that left the interval that was saved."""
        return int(self.columns["outside"].sum())

    def summary(self) -> str:
        """What moved, in words, the largest moves first."""
        at = self.columns
        lines = [
            f"Saved: {_dated(self.before)}; today: {_dated(self.after)}; seed {self.before.seed}.",
            self._how_many_moved(),
            *self._of_one_alone(),
        ]
        moved = np.flatnonzero(at["outside"])
        largest = moved[np.argsort(-np.abs(at["change_points"][moved]), kind="stable")][:5]
        return "\n".join([*lines, *(self._sentence(row) for row in largest)])

    def __repr__(self) -> str:
        return f"<Replay: saved {_dated(self.before)}, today {_dated(self.after)}; {self._outside()} saved>"

    @property
    def _n_both(self) -> int:
        """Probabilities that were told then and are told today."""
        return int(np.isfinite(self.columns["change_points"]).sum())

    def _how_many_moved(self) -> str:
        if not self._n_both:
            return "No probability is of both."
        moved = self.columns["change_points"][np.isfinite(self.columns["change_points"])].any()
        return f"{self._outside()} that was saved." if moved else f"None of the {self._n_both} probabilities moved."

    def _of_one_alone(self) -> list[str]:
        """Reps and horizons that one of the two lacks, so that nothing of them was compared."""
        reps = (self._known("rep", "before"), self._known("rep", "after"))
        horizons = (self._known("within_days", "before"), self._known("within_days", "after"))
        lines = []
        for i, which in enumerate(("the saved fit", "today's fit")):
            names = [str(name) for name in reps[i] if name not in reps[1 - i]]
            if names:
                is_or_are = "is" if len(names) == 1 else "are"
                lines.append(f"{counted(len(names), 'rep')} {is_or_are} in {which} alone: {_first(names)}.")
            for days in (days for days in horizons[i] if days not in horizons[1 - i]):
                within = "Without a known horizon" if days is None else f"Within {days:,} days"
                lines.append(f"{within}: in {which} alone.")
        return lines

    def _known(self, column: str, when: str) -> list[Any]:
        """Values of a column that one of the two has an estimate of."""
        there = np.isfinite(self.columns[f"estimate_{when}"])
        return list(dict.fromkeys(self.columns[column][there].tolist()))

    def _outside(self) -> str:
        return f"{self.n_outside} of {self._n_both} probabilities lie outside the {self.interval_prob:.0%} interval"

    def _sentence(self, row: int) -> str:
        at = {name: values[row] for name, values in self.columns.items()}
        return (
            f"- {at['rep']}, rank {at['rank']}: {at['estimate_before']:.0%} ({at['lower_before']:.0%} to "
            f"{at['upper_before']:.0%}) → {at['estimate_after']:.0%} ({at['lower_after']:.0%} to "
            f"{at['upper_after']:.0%}), n {at['n_before']:,.0f} → {at['n_after']:,.0f}"
        )


def _first(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = [f"{len(names) - _NAMED:,} more"] if len(names) > _NAMED else []
    return listed([*names[:_NAMED], *more])


def _dated(found: Calibration) -> str:
    """How many judgments, of which day."""
    judgments = found.judgments
    day = "of ready-made counts" if judgments.as_of is None else f"as of {judgments.as_of}"
    return f"{counted(judgments.n_judgments, 'judgment')} {day}"


def replay(
    path: str | Path, judgments: Judgments, *, interval_prob: float = INTERVAL_PROB, progress: bool = True
) -> Replay:
    """What moved since this calibration was saved? Fits the judgments with the same models, engine, draws and seed.

    On the judgments that were saved, under the same versions, nothing moves: the way to show that a result can be
    had again. A log of deals is not in the file: what was said of deals is not fitted again.

    Parameters
    ----------
    path : str or path
        A `.calibra` file.
    judgments : Judgments
        Judgments of the same ranks: those of then, or today's.
    interval_prob : float
        Level of the intervals.
    progress : bool
        Show progress on a terminal for work above a second.

    Raises
    ------
    InputError
        A file that cannot be read; judgments of other ranks.
    NotEnoughDataError, FitError
        As `calibrate`.
    """
    check_kind(judgments, "judgments", Judgments)
    before = load(path)
    ranks = before.judgments.scale.ranks
    if judgments.scale.ranks != ranks:
        raise InputError(
            f"`judgments` must be of the ranks that were saved ({', '.join(ranks)}); got "
            f"{', '.join(judgments.scale.ranks)}. Fit them with `calibrate` instead."
        )
    kept = before.kept_beside()
    after = answer_everything(Fitting.begin(judgments, before.seed, before.settings, progress=progress, beside=kept))
    return Replay(before, after, _beside(before, after, interval_prob), interval_prob)


def beside(before: Calibration, after: Calibration, *, interval_prob: float = INTERVAL_PROB) -> Replay:
    """Put two calibrations of the same ranks side by side, as they were fitted.

    Raises
    ------
    InputError
        Calibrations of other ranks.
    """
    ranks, others = before.judgments.scale.ranks, after.judgments.scale.ranks
    if ranks != others:
        raise InputError(
            f"Both calibrations must be of the same ranks; they are of {', '.join(ranks)} and {', '.join(others)}."
        )
    return Replay(before, after, _beside(before, after, interval_prob), interval_prob)


def share_known(found: Replay) -> float | None:
    """What share of the judgments of one does the other hold, whichever is larger? None where neither knows."""
    fits, others = (getattr(each, "ranks", {}) for each in (found.before, found.after))
    return max((shared_judgments(fits[days], others[days]) for days in fits if days in others), default=None)


def _beside(before: Calibration, after: Calibration, interval_prob: float) -> dict[str, NDArray[Any]]:
    old, new = (_cells(found, interval_prob) for found in (before, after))
    cells = list(dict.fromkeys([*old, *new]))
    nothing = (np.nan,) * len(_NUMBERS)
    numbers = {
        f"{name}_{when}": np.array([found.get(cell, nothing)[i] for cell in cells], dtype=float)
        for when, found in (("before", old), ("after", new))
        for i, name in enumerate(_NUMBERS)
    }
    columns: dict[str, NDArray[Any]] = {
        "within_days": np.array([*(cell[0] for cell in cells), None], dtype=object)[:-1],
        "rep": np.array([cell[1] for cell in cells], dtype=object),
        "rank": np.array([cell[2] for cell in cells], dtype=object),
    }
    moved, lower, upper = numbers["estimate_after"], numbers["lower_before"], numbers["upper_before"]
    columns |= numbers | {"change_points": 100.0 * (moved - numbers["estimate_before"])}
    columns["overlap"] = (numbers["lower_after"] <= upper) & (lower <= numbers["upper_after"])
    columns["outside"] = (moved < lower) | (moved > upper)
    return columns


def _cells(found: Calibration, interval_prob: float) -> dict[Cell, tuple[float, ...]]:
    """Horizon, rep and rank to the numbers of `_NUMBERS`; teams are left out."""
    cells: dict[Cell, tuple[float, ...]] = {}
    for days, fit in getattr(found, "ranks", {}).items():
        for row in plain_rows(fit.probabilities(interval_prob=interval_prob)):
            if row["rep"] in (ALL_REPS, *fit.reps):
                cells[days, row["rep"], row["rank"]] = tuple(float(row[name]) for name in _NUMBERS)
    return cells
