"""How the models of the machine's score, rank and percentage are read: what each adds, for whom, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.chapters.added.checked import checked_added
from calibra.chapters.added.layout import BASE, BOTH, RANK, STATED, Layout
from calibra.chapters.added.left_out import left_out_scores
from calibra.data.counting.signal_cells import LEAST, SignalCells
from calibra.data.frames.roles import MACHINE_PROB, STATED_PROB
from calibra.errors import InputError, what_came
from calibra.inference.declare.cells import CellModel
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.reading.checked import Checked
from calibra.reading.means import ALL_REPS, log_odds, logistic
from calibra.reading.rows import resting_table
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_ODDS

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

COMPARED = ((RANK, BASE), (STATED, BASE), (BOTH, BASE), (BOTH, STATED), (BOTH, RANK), (RANK, STATED))
"""Which ways of reading are held against which, where both are there."""


@dataclass(frozen=True, slots=True, eq=False)
class AddedFit:
    """The fitted ways of reading a judgment: cells, draws of each, and the tables read off them."""

    cells: SignalCells
    """Mature judgments and events per rep, rank, machine's score and stated probability."""
    layout: Layout
    """What is compared, and what the curves are made of."""
    declarations: Mapping[str, CellModel]
    """Way of reading to the model as the engines saw it."""
    posteriors: Mapping[str, Posterior]
    """Way of reading to its draws."""
    _scores: dict[str, tuple[Floats, Floats]] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"<AddedFit: {int(self.n.sum()):,} judgments of {len(self.reps)} reps, read {len(self.posteriors)} ways>"

    @property
    def diagnostics(self) -> Diagnostics:
        """How far to trust the fit that reads most."""
        return self.posteriors[self.layout.readings[-1]].diagnostics

    @property
    def within_days(self) -> int:
        """Horizon in days."""
        return self.cells.within_days

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels."""
        return self.cells.reps

    @property
    def n(self) -> Floats:
        """Judgments compared, (rep,)."""
        return self.cells.n.sum(axis=1).astype(float)

    @property
    def with_machine(self) -> bool:
        """Whether there is a machine's score to add to; else ranks and percentages add to what is known of the rep."""
        return self.layout.machine is not None

    @property
    def signals(self) -> tuple[str, ...]:
        """What may add: `rank`, `stated`, or both."""
        return tuple(name for name in (RANK, STATED) if name in self.posteriors)

    # what is added ----------------------------------------------------------------------------------------------------

    def gain(self, reading: str, against: str) -> tuple[Floats, Floats, Floats]:
        """Gain in log score of judgments left out, summed per rep, its variance and the judgments; (rep,) each."""
        one, other = self._left_out(reading), self._left_out(against)
        n, events = self.cells.n.astype(float), self.cells.events.astype(float)
        without, with_event = one[0] - other[0], one[1] - other[1]
        total = ((n - events) * without + events * with_event).sum(axis=1)
        squares = ((n - events) * without**2 + events * with_event**2).sum(axis=1)
        mean = total / np.maximum(self.n, 1.0)
        return total, squares - self.n * mean**2, self.n

    def _left_out(self, reading: str) -> tuple[Floats, Floats]:
        if reading not in self._scores:
            self._scores[reading] = left_out_scores(self.declarations[reading], self.posteriors[reading])
        return self._scores[reading]

    def gains(self, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """By how much does each way of reading predict judgments left out better than another?

        Parameters
        ----------
        interval_prob : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            `reading` and `against`: "base" reads the machine's score and who judges, "rank", "stated" and "both" read
            that as well. `gain`, mean difference of the log score (natural logarithm) of a judgment under the fit to
            all others, with `gain_lower`, `gain_upper` (normal, judgments as the unit); `prob` that it is above 0 in
            the long run; `total` over the `n` judgments.
        """
        rows = [(one, other, *self._gain_of_all(one, other, interval_prob)) for one, other in self._compared()]
        names = ("reading", "against", "gain", "gain_lower", "gain_upper", "prob", "total", "n")
        return self._table(dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True)), interval_prob)

    def _compared(self) -> list[tuple[str, str]]:
        return [(one, other) for one, other in COMPARED if one in self.posteriors and other in self.posteriors]

    def _gain_of_all(self, one: str, other: str, interval_prob: float) -> tuple[float, float, float, float, float, int]:
        from scipy.special import ndtr, ndtri

        total, _, n_by_rep = self.gain(one, other)
        n = n_by_rep.sum()
        squares = self._squares(one, other)
        variance = max(squares - total.sum() ** 2 / n, 0.0)
        mean, error = total.sum() / n, np.sqrt(variance) / n
        z = float(ndtri(0.5 + 0.5 * interval_prob))
        sure = float(ndtr(mean / error)) if error > 0 else 0.5
        return float(mean), float(mean - z * error), float(mean + z * error), sure, float(total.sum()), int(n)

    def _squares(self, one: str, other: str) -> float:
        total, variance, n = self.gain(one, other)
        return float((variance + total**2 / np.maximum(n, 1.0)).sum())

    # for whom ---------------------------------------------------------------------------------------------------------

    def contrast_draws(self, signal: str) -> Floats:
        """Draws of the log-odds between a good and a poor judgment at the same score, (draw, 1 + rep).

        A typical rep comes first. Good and poor are the best and the worst common rank, or a high and a low percentage.
        """
        draws, layout = self.posteriors[signal].draws, self.layout
        if signal == RANK:
            best, worst = layout.rank_ends
            typical = draws["rank"] @ (layout.contrasts[best] - layout.contrasts[worst])
            own = draws["rep_rank"] * (layout.steps[best] - layout.steps[worst])
        else:
            low, high = (_log_odds_of(np.array([at])) for at in layout.stated_ends)
            width = float(high[0] - low[0])
            typical = (
                draws["stated"][:, 0] * width
                + self._bend_draws(STATED, high)[:, 0]
                - self._bend_draws(STATED, low)[:, 0]
            )
            own = draws["rep_stated"] * width
        return np.asarray(np.concatenate([typical[:, None], typical[:, None] + own], axis=1))

    def by_rep(self, *, margin_odds: float = MARGIN_ODDS, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """Whose rank, whose percentage adds to the machine's score, and how much?

        Parameters
        ----------
        margin_odds : float
            Factor on the odds from which on a difference is worth talking about.
        interval_prob : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            All reps, then each, per `signal` ("rank" or "stated"): `odds` with `odds_lower`, `odds_upper`, factor on
            the odds from the worst to the best common rank, or from a low to a high percentage, at the same score (of
            all reps that of a typical one); `prob_adds`, that it is above the margin, `prob_reversed`, below 1 over
            the margin, `prob_hardly`, between the two; `gain` in log score of a judgment left out, with `gain_lower`
            and `gain_upper`; `n` judgments.
        """
        parts = [self._rows_of(signal, margin_odds, interval_prob) for signal in self.signals]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return self._table(columns, interval_prob, margin_odds=margin_odds)

    def _rows_of(self, signal: str, margin_odds: float, interval_prob: float) -> dict[str, Any]:
        from scipy.special import ndtri

        contrast, margin = self.contrast_draws(signal), np.log(margin_odds)
        found = equal_tailed(np.exp(contrast), interval_prob=interval_prob)
        total, variance, n = self.gain(signal, BASE)
        total, n = (np.concatenate([[values.sum()], values]) for values in (total, n))
        of_all = self._squares(signal, BASE) - total[0] ** 2 / max(n[0], 1.0)
        known = np.where(n > 0, n, np.nan)
        error = float(ndtri(0.5 + 0.5 * interval_prob)) * np.sqrt(np.maximum([of_all, *variance], 0.0)) / known
        return {
            "signal": np.full(len(n), signal, dtype=object),
            "rep": np.array([ALL_REPS, *self.reps], dtype=object),
            "odds": found.estimate,
            "odds_lower": found.lower,
            "odds_upper": found.upper,
            "prob_adds": (contrast > margin).mean(axis=0),
            "prob_reversed": (contrast < -margin).mean(axis=0),
            "prob_hardly": (np.abs(contrast) <= margin).mean(axis=0),
            "gain": total / known,
            "gain_lower": total / known - error,
            "gain_upper": total / known + error,
            "n": n.astype(int),
        }

    # where ------------------------------------------------------------------------------------------------------------

    def level_draws(self, signal: str, level: float, machine: ArrayLike) -> Floats:
        """Draws of P(event) of a typical rep at these scores, (draw, score); `level` is a rank's place, or a share.

        With signal "base" the level is not read.
        """
        draws = self.posteriors[signal].draws
        linpred = draws["intercept"] + np.zeros((1, np.size(machine)))
        if self.with_machine:
            at = _log_odds_of(np.atleast_1d(np.asarray(machine, dtype=float)))
            linpred = linpred + draws["machine"] * at + self._bend_draws(signal, at, MACHINE_PROB)
        if signal == RANK:
            linpred = linpred + (draws["rank"] @ self.layout.contrasts[int(level)])[:, None]
        if signal == STATED:
            at = _log_odds_of(np.array([level]))
            linpred = linpred + draws["stated"] * (at - self.layout.mean_stated) + self._bend_draws(signal, at)
        return logistic(linpred)

    def _bend_draws(self, reading: str, at: Floats, role: str = STATED_PROB) -> Floats:
        """How far the curve of a role lies above its line, in log-odds, (draw, place)."""
        by_role = {MACHINE_PROB: ("machine_departure", self.layout.machine)}
        name, bend = by_role.get(role, ("stated_departure", self.layout.stated))
        draws = self.posteriors[reading].draws
        if bend is None or name not in draws:
            return np.zeros((self.posteriors[reading].n_draws, len(at)))
        return np.asarray(draws[name] @ bend.design(at).T)

    def levels(self, signal: str) -> list[tuple[str, float]]:
        """What is shown of a signal: every rank that is used, or a low, a middle and a high percentage."""
        if signal == RANK:
            used = np.unique(self.cells.rank[self.cells.n > 0])
            return [(self.cells.ranks[k], float(k)) for k in used]
        low, high = self.layout.stated_ends
        middle = float(round(logistic(np.array(self.layout.mean_stated)).item(), 1)) or low
        return [(f"{at:.0%}", at) for at in sorted({low, middle, high}, reverse=True)]

    def predict(
        self, machine: ArrayLike = 0.5, *, signal: str = RANK, interval_prob: float = INTERVAL_PROB
    ) -> pd.DataFrame:
        """What comes at a machine's score, read alone and with each rank or percentage?

        Parameters
        ----------
        machine : float or array-like of float in [0, 1]
            Scores; without a machine's scores in the judgments they are not read.
        signal : {"rank", "stated"}
            What is read beside the score.
        interval_prob : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            Of a typical rep: `machine`, `level` (empty for the score alone, else the rank or the percentage),
            `estimate`, `lower`, `upper`.
        """
        asked = check_scores(machine)
        if signal not in self.signals:
            there = " or ".join(map(repr, self.signals))
            raise InputError(f"`signal` must be {there}; got {what_came(signal)}.")
        read = [("", self.level_draws(BASE, 0.0, asked))]
        read += [(label, self.level_draws(signal, level, asked)) for label, level in self.levels(signal)]
        found = [equal_tailed(draws, interval_prob=interval_prob) for _, draws in read]
        columns = {
            "machine": np.tile(asked, len(read)),
            "level": np.repeat(np.array([label for label, _ in read], dtype=object), asked.size),
            "estimate": np.concatenate([each.estimate for each in found]),
            "lower": np.concatenate([each.lower for each in found]),
            "upper": np.concatenate([each.upper for each in found]),
        }
        return self._table(columns, interval_prob)

    def checked(self) -> Checked:
        """What the checks read of it."""
        return checked_added(self)

    def _table(self, columns: Mapping[str, Any], interval_prob: float, **settings: Any) -> pd.DataFrame:
        """A table that says what it rests on."""
        of = {"within_days": self.within_days, "as_of": str(self.cells.as_of)}
        return resting_table(columns, self.diagnostics, interval_prob=interval_prob, **of, **settings)


def check_scores(machine: ArrayLike) -> Floats:
    """Scores as an array of one axis; refuses what is none."""
    try:
        asked = np.atleast_1d(np.asarray(machine, dtype=float))
    except (TypeError, ValueError) as error:
        raise InputError(f"`machine` must be numbers from 0 to 1; got {what_came(machine)}.") from error
    if asked.ndim != 1 or not np.all((asked >= 0.0) & (asked <= 1.0)):
        raise InputError(f"`machine` must be numbers from 0 to 1; got {what_came(machine)}. Write 70 % as 0.7.")
    return asked


def _log_odds_of(prob: Floats) -> Floats:
    return log_odds(np.clip(prob, LEAST, 1.0 - LEAST))
