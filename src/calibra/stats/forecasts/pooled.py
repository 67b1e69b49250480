"""Calibration lines of several groups of forecasts at once, each drawn towards the others: maximum likelihood.

    logit P(y = 1) = (α + a_g) + (γ + c_g) logit(prob),   (a_g, c_g) ~ Normal(0, Σ)

The likelihood is integrated over the groups' lines by Laplace's approximation, as lme4's `glmer` does; Σ is learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit, ndtri

from calibra.errors import FitError, InputError, what_came
from calibra.stats.forecasts.cells import Floats, ForecastCells, check_forecasts
from calibra.stats.intervals import INTERVAL_PROB, Interval, check_interval_prob
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

NEAREST = 0.01
"""Forecasts nearer to 0 or 1 count as this near: 0 has no log-odds."""
TOLD_APART = "No line is the most likely one: one forecast parts all events from all that did not come."
_STEPS, _CLOSE, _SMALL = 50, 1e-16, 1e-3

_PRECISE = {"ftol": 1e-14, "gtol": 1e-6, "finite_diff_rel_step": 1e-4, "maxls": 50}


@dataclass(frozen=True, slots=True, eq=False)
class PooledCalibration:
    """A line for each group on the log-odds, for a typical group, and for one not yet seen."""

    __repr__ = brief

    groups: tuple[str, ...]
    """Group labels, sorted."""
    n: NDArray[np.int64]
    """Forecasts of each group, (group,)."""
    line: Floats
    """Intercept and slope of a typical group, (2,): 0 and 1 where forecasts come as they say."""
    line_covariance: Floats
    """Their covariance, (2, 2)."""
    spread: Floats
    """Standard deviation of intercepts and slopes between groups, (2,)."""
    correlation: float
    """Correlation of the two; NaN where either spread is 0, and 0 where none was asked for."""
    group_lines: Floats
    """Intercept and slope of each group, (group, 2)."""
    group_covariance: Floats
    """Covariance of each group's line given the spread, (group, 2, 2)."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per group: group, n, intercept, slope, and the standard errors of the two."""
        error = np.sqrt(np.diagonal(self.group_covariance, axis1=1, axis2=2))
        return make_table(
            {
                "group": np.array(self.groups, dtype=object),
                "n": self.n,
                "intercept": self.group_lines[:, 0],
                "slope": self.group_lines[:, 1],
                "intercept_error": error[:, 0],
                "slope_error": error[:, 1],
            }
        )

    def curve(
        self, prob: ArrayLike, *, group: str | None = None, new: bool = False, interval_prob: float = INTERVAL_PROB
    ) -> Interval:
        """What does a forecast mean: of a typical group, of one of the groups, or of one not yet seen?

        Parameters
        ----------
        prob : array-like of float in [0, 1]
            Forecasts; nearer to 0 or 1 than .01 they count as .01 and .99.
        group : str, optional
            One of the groups; None is a typical one.
        new : bool
            Whether the interval is one in which the curve of a group not yet seen lies: a prediction interval.
        interval_prob : float
            Level of the interval. It takes the spread between groups as known, and so is too short where groups are
            few; `StatedModel` does not.
        """
        check_interval_prob(interval_prob)
        if group is not None and (new or group not in self.groups):
            raise InputError(f"`group` must be one of the groups, and alone; got {what_came(group)}.")
        asked = np.asarray(prob, dtype=float)
        if not np.all((asked >= 0.0) & (asked <= 1.0)):
            raise InputError("`prob` must be numbers from 0 to 1. Write 70 % as 0.7.")
        line, covariance = self.line, self.line_covariance
        if group is not None:
            place = self.groups.index(group)
            line, covariance = self.group_lines[place], self.group_covariance[place]
        if new:
            shared = np.nan_to_num(self.correlation) * self.spread.prod()
            covariance = covariance + np.array([[self.spread[0] ** 2, shared], [shared, self.spread[1] ** 2]])
        at = np.stack([np.ones(asked.shape), logit(np.clip(asked, NEAREST, 1.0 - NEAREST))], axis=-1)
        middle = at @ line
        half = float(ndtri(0.5 + 0.5 * interval_prob)) * np.sqrt(np.einsum("...i,ij,...j->...", at, covariance, at))
        return Interval(expit(middle), expit(middle - half), expit(middle + half))


class _Cells(NamedTuple):
    """Counts of every group, laid side by side, (group, cell); empty cells hold nothing."""

    x: Floats
    n: Floats
    events: Floats


class _Mode(NamedTuple):
    """Groups' deviations at their most likely, in units of the spread, and what goes with them."""

    own: Floats
    """(group, 2)."""
    information: Floats
    """Information of the counts on a group's line, (group, 2, 2)."""
    hessian: Floats
    """Of the deviations, (group, 2, 2)."""
    log_likelihood: float
    """Integrated over the deviations."""


def pooled_calibration(
    y: ArrayLike, prob: ArrayLike, groups: ArrayLike, *, correlated: bool = True
) -> PooledCalibration:
    """How are the forecasts of each group calibrated, with groups of few forecasts drawn towards the others?

    A line on the log-odds for each group, Cox's, with intercepts and slopes that vary normally between groups. By
    maximum likelihood, integrated by Laplace's approximation: the estimates of lme4's `glmer`. Not for curves that bend
    (look at `reliability_curve` of all), nor for a spread with few groups, which is then too small, often 0.

    Parameters
    ----------
    y : array-like of 0 and 1, shape (n,)
        Outcomes.
    prob : array-like of float in [0, 1], shape (n,)
        Forecasts; nearer to 0 or 1 than .01 they count as .01 and .99.
    groups : array-like, shape (n,)
        Who made each forecast; two groups or more.
    correlated : bool
        Whether intercepts and slopes may be correlated.

    Raises
    ------
    InputError
        Fewer than two groups; outcomes or forecasts that are none; lengths that differ.
    FitError
        No line has a most likely value: all outcomes are alike, one forecast alone is made, or one parts all events
        from all that did not come.

    References
    ----------
    Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika 45, 562–565.
    https://doi.org/10.1093/biomet/45.3-4.562
    Bates, D., Mächler, M., Bolker, B. and Walker, S. (2015). Fitting linear mixed-effects models using lme4. Journal of
    Statistical Software 67. https://doi.org/10.18637/jss.v067.i01

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> prob, group = rng.choice([0.2, 0.5, 0.8], 900), rng.choice(["Abe", "Ito", "Ueda"], 900)
    >>> y = rng.random(900) < np.where(group == "Abe", 0.5 * prob, prob)
    >>> found = pooled_calibration(y, prob, group)
    >>> bool(found.curve(0.8, group="Abe").upper < found.curve(0.8, group="Ito").lower)
    True
    """
    checked = check_forecasts(y, prob, groups=groups)
    if len(checked.groups) < 2:
        raise InputError("`groups` must hold two groups or more; it holds one. For one, use `calibration_line`.")
    cells = _lay_out(checked.cells())
    _check(cells)
    line, factor = _maximise(cells, correlated=correlated)
    mode = _find_mode(line, factor, cells)
    covariance = np.linalg.inv(_information(line, factor, cells))
    deviations = mode.own @ factor.T
    given = factor @ np.linalg.inv(mode.hessian) @ factor.T
    kept = np.eye(2) - given @ mode.information  # how far a group's own line follows the typical one
    spread = np.sqrt((factor**2).sum(axis=1))
    product = spread.prod()
    return PooledCalibration(
        groups=checked.groups,
        n=cells.n.sum(axis=1).astype(np.int64),
        line=line,
        line_covariance=covariance,
        spread=spread,
        correlation=float((factor @ factor.T)[0, 1] / product) if product > 0 else float("nan"),
        group_lines=line + deviations,
        group_covariance=given + kept @ covariance @ kept.transpose(0, 2, 1),
    )


def _lay_out(groups: list[ForecastCells]) -> _Cells:
    x, n, events = np.zeros((3, len(groups), max(len(found.prob) for found in groups)))
    for i, found in enumerate(groups):
        kept = slice(len(found.prob))
        x[i, kept] = logit(np.clip(found.prob, NEAREST, 1.0 - NEAREST))
        n[i, kept], events[i, kept] = found.weight, found.event_weight
    return _Cells(x, n, events)


def _check(cells: _Cells) -> None:
    if not 0 < cells.events.sum() < cells.n.sum():
        raise FitError("All outcomes are alike: no line is the most likely one.")
    if np.ptp(cells.x[cells.n > 0]) == 0.0:
        raise FitError("All forecasts are alike: no slope is the most likely one.")
    came, did_not = cells.x[cells.events > 0], cells.x[cells.n > cells.events]
    if did_not.max() <= came.min() or came.max() <= did_not.min():
        raise FitError(TOLD_APART)


def _maximise(cells: _Cells, *, correlated: bool) -> tuple[Floats, Floats]:
    """The most likely line of a typical group and Cholesky factor of the covariance between groups."""
    own = np.zeros((len(cells.n), 2))

    def loss(theta: Floats) -> float:
        mode = _find_mode(theta[:2], _factor(theta), cells, start=own)
        own[:] = mode.own
        return -mode.log_likelihood

    free = (None, None)
    bounds = [free, free, (0.0, None), free if correlated else (0.0, 0.0), (0.0, None)]
    ends = [
        minimize(loss, [*start, sd, 0.0, sd / 2.0], jac="3-point", bounds=bounds, options=_PRECISE)  # type: ignore[call-overload]
        for start, sd in (((0.0, 1.0), 0.5), ((0.0, 0.5), 0.1))
    ]
    best = min(ends, key=lambda end: end.fun)
    if not np.isfinite(best.fun):
        raise FitError(TOLD_APART)
    return np.asarray(best.x[:2]), _factor(best.x)


def _factor(theta: Floats) -> Floats:
    return np.array([[theta[2], 0.0], [theta[3], theta[4]]])


def _find_mode(line: Floats, factor: Floats, cells: _Cells, start: Floats | None = None) -> _Mode:
    """Newton's method for all groups at once; a step that does not rise is halved."""
    design = np.stack([np.ones_like(cells.x), cells.x], axis=-1)
    own = np.zeros((len(cells.n), 2)) if start is None else start.copy()

    def height(at: Floats) -> tuple[Floats, Floats]:
        linpred = np.einsum("gki,gi->gk", design, line + at @ factor.T)
        fits = cells.events * log_expit(linpred) + (cells.n - cells.events) * log_expit(-linpred)
        return fits.sum(axis=1) - 0.5 * (at**2).sum(axis=1), linpred

    now, linpred = height(own)
    for _ in range(_STEPS):
        prob = expit(linpred)
        information = np.einsum("gk,gki,gkj->gij", cells.n * prob * (1.0 - prob), design, design)
        hessian = np.eye(2) + factor.T @ information @ factor
        gradient = np.einsum("gk,gki->gi", cells.events - cells.n * prob, design) @ factor - own
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        if np.abs(gradient * step).max() < _CLOSE:
            break
        size = np.ones(len(own))
        for _ in range(30):
            then, linpred = height(own + size[:, None] * step)
            worse = then < now - 1e-12
            if not worse.any():
                break
            size[worse] /= 2.0
        own, now = own + size[:, None] * step, then
    integrated = now - 0.5 * np.linalg.slogdet(hessian)[1]
    return _Mode(own, information, hessian, float(integrated.sum()))


def _information(line: Floats, factor: Floats, cells: _Cells) -> Floats:
    """Information on the line of a typical group given the spread, by differences."""
    steps = _SMALL * np.eye(2)

    def at(move: Floats) -> float:
        return _find_mode(line + move, factor, cells).log_likelihood

    found = np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            corners = (
                at(steps[i] + steps[j]) - at(steps[i] - steps[j]) - at(steps[j] - steps[i]) + at(-steps[i] - steps[j])
            )
            found[i, j] = -corners / (4.0 * _SMALL**2)
    return found
