"""How the posterior of the stated model is read: lines, curves, what a percentage means, a rep not yet seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.chapters.stated.checked import checked_stated
from calibra.chapters.stated.lines import line_columns
from calibra.chapters.stated.shape import Shape
from calibra.data.counting.stated import NEAREST_TO_CERTAIN, PER_MILLE, StatedCells
from calibra.errors import InputError, what_came
from calibra.inference.declare.cells import CellModel
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.plotted import Plotted
from calibra.reading.checked import Checked
from calibra.reading.means import ALL_REPS, log_odds, logistic, rep_shares
from calibra.reading.rows import resting_table
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_ODDS
from calibra.words import quoted

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

NEW_REP = "(a rep not yet seen)"
"""Label of the row of a rep without any judgment."""
CURVE_AT = tuple(round(0.1 * i, 1) for i in range(1, 10))
"""Stated probabilities at which a curve is given unless others are asked for."""
CORRELATION = "rep_intercept_rep_slope_correlation"


@dataclass(frozen=True, slots=True, eq=False)
class StatedFit(Plotted):
    """The fitted stated model: cells, draws, and the tables read off them."""

    picture: ClassVar[str] = "plot_stated_curve"
    shown: ClassVar[str] = "lines"

    cells: StatedCells
    """Mature judgments and events per rep and stated probability."""
    shape: Shape
    """Where the curve may leave the line."""
    declaration: CellModel
    """The model as the engines saw it."""
    posterior: Posterior
    """The draws."""

    def __repr__(self) -> str:
        return f"<StatedFit: {int(self.n.sum()):,} judgments of {len(self.reps)} reps; {self.diagnostics}>"

    @property
    def diagnostics(self) -> Diagnostics:
        """How far to trust the fit."""
        return self.posterior.diagnostics

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
        """Mature judgments with a stated probability, (rep,)."""
        return self.cells.n.sum(axis=1).astype(float)

    @property
    def events(self) -> Floats:
        """Events among them, (rep,)."""
        return self.cells.events.sum(axis=1).astype(float)

    # draws ------------------------------------------------------------------------------------------------------------

    def line_draws(self, reps: slice = slice(None)) -> tuple[Floats, Floats]:
        """Draws of every rep's intercept and slope, or of some reps', each (draw, rep)."""
        draws = self.posterior.draws
        return draws["intercept"] + draws["rep_intercept"][:, reps], draws["slope"] + draws["rep_slope"][:, reps]

    def departure_draws(self, log_odds_stated: Floats) -> Floats:
        """Draws of how far the curve of all reps lies above the line, in log-odds, (draw, *shape of the argument)."""
        if "departure" not in self.posterior.draws:
            return np.zeros((self.posterior.n_draws, *np.shape(log_odds_stated)))
        design = self.shape.design(log_odds_stated)
        return np.asarray(np.tensordot(self.posterior["departure"], design, axes=(1, design.ndim - 1)))

    def cell_draws(self) -> Floats:
        """Draws of P(event) in every cell, (draw, rep, cell)."""
        intercept, slope = self.line_draws()
        stated = self.cells.log_odds
        linpred = intercept[..., None] + slope[..., None] * stated + self.departure_draws(stated)
        return logistic(linpred)

    def curve_draws(self, stated: ArrayLike, *, reps: slice = slice(None)) -> Floats:
        """Draws of P(event) of every rep, or of some reps, at these stated probabilities, (draw, rep, stated)."""
        at = _log_odds_of(check_stated(stated))
        intercept, slope = self.line_draws(reps)
        return logistic(intercept[..., None] + slope[..., None] * at + self.departure_draws(at)[:, None])

    def own_draws(self, rep: str, stated: ArrayLike) -> Floats:
        """Draws of P(event) of one rep at these stated probabilities, (draw, stated); no other rep is worked out."""
        row = self.reps.index(rep)
        return self.curve_draws(stated, reps=slice(row, row + 1))[:, 0]

    def all_reps_draws(self, stated: ArrayLike) -> Floats:
        """Draws of the mean over reps at these stated probabilities, weighted by their counts, (draw, stated)."""
        shares = rep_shares(self.n)
        return np.asarray(np.einsum("srk,r->sk", self.curve_draws(stated), shares))

    def new_rep_draws(self, stated: ArrayLike) -> Floats:
        """Draws of P(event) of a rep not yet seen, one such rep a draw, (draw, stated)."""
        at, draws = _log_odds_of(check_stated(stated)), self.posterior.draws
        rng = np.random.default_rng([self.diagnostics.seed, len(self.reps)])
        first, second = rng.standard_normal((2, self.posterior.n_draws))
        rho = draws[CORRELATION]
        intercept = draws["intercept"][:, 0] + draws["rep_intercept_scale"] * first
        slope = draws["slope"][:, 0] + draws["rep_slope_scale"] * (rho * first + np.sqrt(1.0 - rho**2) * second)
        return logistic(intercept[:, None] + slope[:, None] * at + self.departure_draws(at))

    # tables -----------------------------------------------------------------------------------------------------------

    def lines(self, *, margin_odds: float = MARGIN_ODDS, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How far do each rep's percentages lie from what comes, and are they too extreme or too timid?

        Parameters
        ----------
        margin_odds : float
            Factor on the odds from which on a difference is worth talking about. Of slopes it is asked at a stated
            90 %: as far from 1 as moves the odds there by this factor.
        interval_prob : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            All reps (the line of a typical rep), then each: `intercept` with `_lower`, `_upper`, the log-odds of an
            event where 50 % is stated; `slope`, likewise, below 1 for percentages that are too extreme; `stated`, mean
            of what was stated; `actual` with interval, mean probability at these statements; `gap_points` with
            interval, actual less stated; `error_points` with interval, mean distance of the two at each statement;
            `prob_too_high`, `prob_too_low`, `prob_too_extreme`, `prob_too_timid`, each beyond the margin (of slopes
            NaN where one percentage alone is stated; too timid is asked of what is stated between 1 % and 99 % as
            well, since nobody can state more than 100 %); `prob_calibrated`, that none of them holds; `n` mature
            judgments, `events`, `engine`.
        """
        return self._table(line_columns(self, margin_odds, interval_prob), interval_prob, margin_odds=margin_odds)

    def curves(self, stated: ArrayLike = CURVE_AT, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """What does each stated percentage mean, of all reps, of each, and of one not yet seen?

        Parameters
        ----------
        stated : array-like of float in [0, 1]
            Stated probabilities; below 1 % and above 99 % the curve is flat.
        interval_prob : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            `rep`, `stated`, `estimate`, `lower`, `upper`, `n` mature judgments of the rep at any percentage. For all
            reps the mean over them; of `(a rep not yet seen)` the interval is that in which such a rep's own curve
            lies, a prediction interval.
        """
        asked = check_stated(stated)
        every = np.concatenate(
            [
                self.all_reps_draws(asked)[:, None],
                self.curve_draws(asked),
                self.new_rep_draws(asked)[:, None],
            ],
            axis=1,
        )
        found = equal_tailed(every, interval_prob=interval_prob)
        labels = np.array([ALL_REPS, *self.reps, NEW_REP], dtype=object)
        n = np.array([self.n.sum(), *self.n, 0]).astype(int)
        columns = {
            "rep": np.repeat(labels, asked.size),
            "stated": np.tile(asked, len(labels)),
            "estimate": found.estimate.ravel(),
            "lower": found.lower.ravel(),
            "upper": found.upper.ravel(),
            "n": np.repeat(n, asked.size),
        }
        return self._table(columns, interval_prob)

    def predict(
        self, stated: ArrayLike, *, rep: str | Sequence[str] | None = None, interval_prob: float = INTERVAL_PROB
    ) -> "pd.DataFrame":
        """What does such a percentage mean, when this rep states it?

        With a rep for each percentage it adjusts a list of open prospects: what each is worth as a probability, as of
        the day it was stated.

        Parameters
        ----------
        stated : float or array-like of float in [0, 1]
            What is stated.
        rep : str or sequence of str, optional
            The rep, or one for each percentage; None, or one not among the reps, is a rep not yet seen, with a
            prediction interval.
        interval_prob : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            `rep`, `stated`, `estimate`, `lower`, `upper`, `known_rep`.
        """
        asked = check_stated(stated)
        names = _names_of(rep, asked.size)
        found = np.empty((3, asked.size))
        for name in dict.fromkeys(names):
            rows = np.flatnonzero(names == name)
            draws = self.own_draws(name, asked[rows]) if name in self.reps else self.new_rep_draws(asked[rows])
            found[:, rows] = equal_tailed(draws, interval_prob=interval_prob)
        columns = dict(zip(("rep", "stated", "estimate", "lower", "upper"), (names, asked, *found), strict=True))
        return self._table(columns | {"known_rep": np.isin(names, self.reps)}, interval_prob)

    def decomposition(
        self, *, margin_odds: float = MARGIN_ODDS, interval_prob: float = INTERVAL_PROB
    ) -> "pd.DataFrame":
        """How far from calibrated is each rep, and how well does each tell prospects apart?

        Parameters
        ----------
        margin_odds : float
            Factor on the odds within which a rep counts as calibrated.
        interval_prob : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            All reps as if they were one, then each, of the rep's own statements: `score`, the mean squared (Brier)
            score to be expected of them, which is `miscalibration` less `discrimination` plus `uncertainty`, each
            with interval and partially pooled; `corp_miscalibration` and `corp_discrimination`, the same of the
            counts alone by isotonic regression, whose miscalibration is above 0 by chance; `debiased`, squared
            calibration error freed of that, with the interval of `squared_calibration_error`; `delta` and `gamma`
            of the line, linear in log-odds, with intervals: 1 and 1 where percentages come as stated;
            `prob_calibrated` as in `lines`; `n` judgments.
        """
        from calibra.chapters.stated.decomposed import decomposed_columns

        columns = decomposed_columns(self, margin_odds, interval_prob)
        return self._table(columns, interval_prob, margin_odds=margin_odds)

    def checked(self) -> Checked:
        """What the checks read of it."""
        return checked_stated(self)

    def _table(self, columns: Mapping[str, Any], interval_prob: float, **settings: Any) -> "pd.DataFrame":
        """A table that says what it rests on."""
        of = {"within_days": self.within_days, "as_of": str(self.cells.as_of)}
        return resting_table(columns, self.diagnostics, interval_prob=interval_prob, **of, **settings)


def check_stated(stated: ArrayLike) -> Floats:
    """Stated probabilities as an array of one axis; refuses what is none."""
    try:
        asked = np.atleast_1d(np.asarray(stated, dtype=float))
    except (TypeError, ValueError) as error:
        raise InputError(f"`stated` must be numbers from 0 to 1; got {what_came(stated)}.") from error
    wrong = asked[~((asked >= 0.0) & (asked <= 1.0))]
    if asked.ndim != 1 or wrong.size:
        shown = ", ".join(quoted(f"{value:g}") for value in wrong[:3]) or f"an array of {asked.ndim} axes"
        raise InputError(f"`stated` must be numbers from 0 to 1; got {shown}. Write 70 % as 0.7.")
    return asked


def _names_of(rep: object, size: int) -> NDArray[Any]:
    """The rep of each percentage, as an array of text."""
    if rep is None or isinstance(rep, str):
        return np.full(size, NEW_REP if rep is None else rep, dtype=object)
    listed = None if not isinstance(rep, Iterable) else list(rep)
    if listed is None or not all(isinstance(name, str) for name in listed):
        raise InputError(
            f"`rep` must be the name of a rep, as text, one for each percentage, or None; got {what_came(rep)}."
        )
    if len(listed) != size:
        raise InputError(
            f"`rep` must name one rep, or one for each of the {size} percentages; got {len(listed)} names."
        )
    return np.array(listed, dtype=object)


def _log_odds_of(stated: Floats) -> Floats:
    least = NEAREST_TO_CERTAIN / PER_MILLE
    return log_odds(np.clip(stated, least, 1.0 - least))
